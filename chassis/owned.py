"""Nouns whose records belong to somebody."""

from typing import Any

from mongoengine import StringField

from chassis.document import Noun
from chassis.principal import Principal, Scope, principal
from chassis.refusals import Forbidden


class Owned(Noun):
    """A noun whose records belong to a user and are shared with a team."""

    meta = {"abstract": True}
    owner_id = StringField()
    team_id = StringField()

    @classmethod
    def scoped(cls, whom: Principal, scope: Scope) -> dict[str, Any]:
        """One's own records, or those of one's teams beside them, or all."""
        if scope is Scope.ALL:
            return {}
        if scope is Scope.OWN:
            return {"owner_id": whom.user_id}
        return {"$or": [{"owner_id": whom.user_id}, {"team_id": {"$in": list(whom.team_ids)}}]}

    def arrive(self) -> None:
        """Belong to the caller and the caller's team, unless told otherwise."""
        whom = principal()
        self.owner_id = self.owner_id or whom.user_id
        if not self.team_id and self.owner_id == whom.user_id and whom.team_ids:
            self.team_id = whom.team_ids[0]

    def stay_in_scope(self) -> None:
        """Refuse with Forbidden to hand a record to where the caller may not write."""
        whom, permission = principal(), self.about().permission("write")
        scope = whom.demand(permission)
        shared = scope is Scope.TEAM and self.team_id in whom.team_ids
        if scope is not Scope.ALL and self.owner_id != whom.user_id and not shared:
            raise Forbidden(permission=f"{permission} for other owners")
