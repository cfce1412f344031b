"""Teams: groups of users who share records, in a tree without cycles."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from crm.identity.v1 import team_pb2

from chassis import Invalid, Noun, StringField, principal, take_turns


class Team(Noun):
    """A group of users. Its members also see what its sub-teams own."""

    contract = team_pb2.Team
    meta = {"collection": "teams"}
    searched = ("name",)
    unique = ("name",)
    indexed = (("parent_id",),)

    name = StringField()
    parent_id = StringField()

    def settle(self) -> None:
        """Refuse a parent that is not there, or that is the team itself or one of its sub-teams."""
        super().settle()
        if not self.parent_id or (self._before or {}).get("parent_id") == self.parent_id:
            return
        # Two moves that are fine alone can close a ring together, so a tenant's moves take turns.
        take_turns("team-tree")
        parents = Team.parents()
        if self.parent_id not in parents:
            raise Invalid.field("team.parent_id", "there is no such team")
        if self.parent_id in reach([self.id], parents):
            raise Invalid.field("team.parent_id", "is the team itself or one of its sub-teams")

    @classmethod
    def parents(cls) -> dict[str, str | None]:
        """The parent of every team of the tenant, by the team's id. A team that was deleted counts for nothing."""
        living = {"tenant_id": principal().tenant_id, "deleted_time": None}
        return {row["_id"]: row.get("parent_id") for row in cls._get_collection().find(living, {"parent_id": 1})}


def reach(team_ids: Iterable[str], parents: Mapping[str, str | None]) -> list[str]:
    """The teams `team_ids`, in their order, then all of their sub-teams; those that `parents` does not know are left out.

    Ends with any `parents`, also with rings.
    """
    children = defaultdict(list)
    for team, parent in parents.items():
        children[parent].append(team)
    reached = dict.fromkeys(team for team in team_ids if team in parents)
    waiting = list(reached)
    while waiting:
        found = [child for child in children[waiting.pop()] if child not in reached]
        reached.update(dict.fromkeys(found))
        waiting += found
    return list(reached)
