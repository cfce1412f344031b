"""Associations: how accounts, contacts and leads belong together, by labels of the tenant's own, from when until when."""

from collections.abc import Iterable
from typing import Any, Self

from crm.contacts.v1 import association_pb2, events_pb2
from google.protobuf.message import Message

from chassis import Invalid, ListField, Noun, StringField, principal, refer, take_turns
from services.contacts.account import Account
from services.contacts.association_label import AssociationLabel
from services.contacts.contact import Contact
from services.contacts.lead import Lead
from services.contacts.periods import Period, most_at_once
from services.contacts.refusals import AssociationAlreadyEnded, AssociationAlreadyThere, AssociationLimitReached

ENDS: dict[str, type[Noun]] = {"account": Account, "contact": Contact, "lead": Lead}


class Association(Noun):
    """Two records that belong together, and how."""

    contract = association_pb2.Association
    meta = {"collection": "associations"}
    indexed = (("record_ids", "label"), ("label",))

    label = StringField()
    from_id = StringField()
    to_id = StringField()
    record_ids = ListField(StringField())
    since_date = StringField()
    until_date = StringField()
    note = StringField()

    @property
    def period(self) -> Period:
        """When it holds."""
        return Period.of(self.since_date, self.until_date)

    # ---------------------------------------------------------------- reading: an end that is not there hides it

    @classmethod
    def get(cls, request: Any) -> Any:
        """The message of an association of which the caller sees both ends. Refused with NotFound."""
        found = super().get(_with_ends(request))
        if not _seen([found]):
            raise cls.missing(request.id)
        return found

    @classmethod
    def get_all(cls, request: Any) -> dict[str, Any]:
        """The messages of those asked for of which the caller sees both ends, by id."""
        return {each.id: each for each in _seen(super().get_all(_with_ends(request)).values())}

    @classmethod
    def page(cls, request: Any, response: type[Message], within: dict[str, Any] | None = None) -> Any:
        """A page without those of which the caller does not see both ends; so it may hold fewer than were asked for."""
        answer: Any = super().page(_with_ends(request), response, within)
        seen = _seen(answer.associations)
        del answer.associations[:]
        answer.associations.extend(seen)
        return answer

    @classmethod
    def find(cls, id: str, action: str = "read") -> Self:
        """The association with this id, if the caller sees both ends. Refused with NotFound, Forbidden."""
        found = super().find(id, action)
        if not _seen([found]):
            raise cls.missing(id)
        return found

    # ---------------------------------------------------------------- writing

    def end(self, until: str) -> None:
        """Hold no more from the day `until` on."""
        if self.until_date and self.until_date <= until:
            raise AssociationAlreadyEnded(association=self.id, until=self.until_date)
        self.until_date = until
        self._demand_a_day()
        self.record(events_pb2.AssociationEnded(association=self.message()))

    @classmethod
    def restore(cls, id: str) -> Self:
        """Bring a deleted one back where it still fits. Refused with NotFound, NotDeleted and as a new one."""
        back = super().restore(id)
        if label := AssociationLabel.named(back.label):
            back._fit(label)
        return back

    def settle(self) -> None:
        """Two records that are there, a label for their nouns, and room for one more of them."""
        label = AssociationLabel.named(self.label)
        before = self._before or {}
        if not before:
            if label is None:
                raise Invalid.field("association.label", f"there is no label {self.label}")
            self._join(label)
        self._demand_a_day()
        if label and (not before or self.period != Period.of(before.get("since_date"), before.get("until_date"))):
            self._fit(label)

    def _join(self, label: AssociationLabel) -> None:
        refer(self, "from_id", ENDS[label.from_noun])
        refer(self, "to_id", ENDS[label.to_noun])
        if self.from_id == self.to_id:
            raise Invalid.field("association.to_id", "is the same record")
        if label.without_direction:  # one written form, so that it is there once
            self.from_id, self.to_id = sorted((self.from_id, self.to_id))
        self.record_ids = [self.from_id, self.to_id]

    def _demand_a_day(self) -> None:
        if self.period.empty:
            raise Invalid.field("association.until_date", "is not after since_date")

    def _fit(self, label: AssociationLabel) -> None:
        """Refuse what is there already, and more than the label's limits at a time."""
        either = label.without_direction
        for field, limit in (("from_id", label.from_limit), ("to_id", label.from_limit if either else label.to_limit)):
            if not limit and field == "to_id":
                continue  # an account may have very many people
            id = getattr(self, field)
            take_turns(f"associations/{id}")  # two could pass a limit together
            others = self._others(field, id, either)
            if twin := next((each for each in others if set(each["record_ids"]) == set(self.record_ids)), None):
                raise AssociationAlreadyThere(association=twin["_id"], label=label.key)
            periods = (Period.of(each.get("since_date"), each.get("until_date")) for each in others)
            if limit and most_at_once(periods, self.period) >= limit:
                raise AssociationLimitReached(record=id, label=label.key, limit=limit)

    def _others(self, field: str, id: str, either: bool) -> list[dict[str, Any]]:
        """Those with the label that this end has on the same side, or on either, while this one holds."""
        here = {"tenant_id": self.tenant_id, "record_ids": id, "label": self.label, "deleted_time": None}
        side = {} if either else {field: id}
        found = self._get_collection().find({**here, **side, "_id": {"$ne": self.id}})
        return [each for each in found if Period.of(each.get("since_date"), each.get("until_date")).meets(self.period)]


def _with_ends(request: Any) -> Any:
    """The request, which asks for both ends beside whatever it asks for."""
    asked = type(request)()
    asked.CopyFrom(request)
    if asked.fields:
        asked.fields.extend(name for name in ("from_id", "to_id") if name not in asked.fields)
    return asked


def _seen(associations: Iterable[Any]) -> list[Any]:
    """Those of which the caller sees both ends."""
    held, seen = list(associations), set[str]()
    ids = {id for each in held for id in (each.from_id, each.to_id)}
    for noun in ENDS.values():
        about = noun.about()
        own = [id for id in ids if id.startswith(f"{about.prefix}_")]
        if own and principal().scope(about.permission("read")) is not None:
            there = {"_id": {"$in": own}, "deleted_time": None, **noun.visible()}
            seen |= {row["_id"] for row in noun._get_collection().find(there, {"_id": 1})}
    return [each for each in held if {each.from_id, each.to_id} <= seen]
