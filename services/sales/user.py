"""What sales remembers of users and teams: names for reports, and the team of an owner's opportunities."""

from chassis import Projection, StringField, lookup


class User(Projection):
    """A user, as far as sales needs it."""

    meta = {"collection": "known_users"}
    name = StringField()
    team_id = StringField()

    @classmethod
    def team_of(cls, id: str) -> str | None:
        """The team that shares what the user owns; None where there is none, or while the user is unknown."""
        team_id: str | None = lookup(cls, [id]).get(id, {}).get("team_id")
        return team_id


class Team(Projection):
    """A team, as far as sales needs it."""

    meta = {"collection": "known_teams"}
    name = StringField()
