"""Lists: some contacts, accounts or leads, put together by hand or found by a filter."""

from typing import Any

from crm.common.v1 import listing_pb2
from crm.contacts.v1 import events_pb2, list_pb2

from chassis import Invalid, StringField, Violation, listing
from services.contacts.refusals import ListHasMembers, ListIsDynamic
from services.contacts.sharing import Shared

MEMBER_OF = "list_ids"  # where records keep it


class List(Shared):
    """Some contacts, accounts or leads."""

    contract = list_pb2.List
    meta = {"collection": "lists"}
    searched = ("name",)
    indexed = (("owner_id",), ("shared_with.user_ids",), ("shared_with.team_ids",))

    description = StringField()

    @property
    def dynamic(self) -> bool:
        """Whether a filter says who is on it."""
        return bool(self.filter)

    def settle(self) -> None:
        """Fit the noun, and get a filter only where nobody was added."""
        super().settle()
        if self.dynamic and self._before and not self._before.get("filter"):
            with self.subject() as noun:
                if noun._get_collection().find_one({"tenant_id": self.tenant_id, MEMBER_OF: self.id}, {"_id": 1}):
                    raise ListHasMembers(list=self.id)

    def add(self, ids: list[str]) -> int:
        """Put records on it that the caller may see; how many were not on it. Refused with ListIsDynamic, Invalid."""
        with self._by_hand() as noun:
            seen = noun.seen_ids(self.noun, ids)
            if missing := [place for place, id in enumerate(ids) if id not in seen]:
                raise Invalid(
                    Violation(f"member_ids[{place}]", f"there is no {self.noun} {ids[place]}") for place in missing
                )
            return self._note("added_ids", ids, {"$ne": self.id}, {"$addToSet": {MEMBER_OF: self.id}})

    def take_off(self, ids: list[str]) -> int:
        """Take records off it; how many were on it. Refused with ListIsDynamic."""
        with self._by_hand():
            return self._note("removed_ids", ids, self.id, {"$pull": {MEMBER_OF: self.id}})

    def members(self, request: Any) -> Any:
        """A page of those on it whom the caller may see, as a request for members asks. Refused with Forbidden, Invalid."""
        with self.subject() as noun:
            within: dict[str, Any] = dict(noun.visible())
            if self.dynamic:
                found = listing.query(
                    listing.condition(listing_pb2.Filter(**self.filter), noun.caller_fields(), "list.filter")
                )
                within["$and"] = [*within.get("$and", ()), found]
            else:
                within[MEMBER_OF] = self.id
            return noun.page(request, list_pb2.SearchListMembersResponse, within)

    def _by_hand(self) -> Any:
        if self.dynamic:
            raise ListIsDynamic(list=self.id)
        return self.subject()

    def _note(self, told: str, ids: list[str], before: Any, change: dict[str, Any]) -> int:
        with self.subject() as noun:
            records = noun._get_collection()
            those = {"_id": {"$in": ids}, "tenant_id": self.tenant_id, MEMBER_OF: before}
            changed = sorted(row["_id"] for row in records.find(those, {"_id": 1}))
            records.update_many({"_id": {"$in": changed}, "tenant_id": self.tenant_id}, change)
        if changed:
            self.record(events_pb2.ListMembersChanged(list=self.message(), **{told: changed}))
        return len(changed)
