"""What sales remembers of users and teams: names for reports, and the team of an owner's opportunities."""

from chassis import Projection, StringField


class User(Projection):
    """A user, as far as sales needs it."""

    meta = {"collection": "known_users"}
    name = StringField()
    team_id = StringField()


class Team(Projection):
    """A team, as far as sales needs it."""

    meta = {"collection": "known_teams"}
    name = StringField()
