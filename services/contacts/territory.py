"""Territories: rules that say whose a record is by what it is, and who works there from when until when."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crm.common.v1 import listing_pb2
from crm.contacts.v1 import territory_pb2

from chassis import (
    IntField,
    Invalid,
    Noun,
    Part,
    Parts,
    StringField,
    Violation,
    acting_as,
    listing,
    noun_called,
    of_service,
    principal,
    remembered,
    today,
)
from services.contacts.periods import Period

NEW, NEW_AND_CHANGED = "NEW_RECORDS", "NEW_AND_CHANGED_RECORDS"


@dataclass(frozen=True)
class Rule:
    """A territory's filter, as records are held against it."""

    holds: Callable[[Mapping[str, Any]], bool]
    fault: str = ""  # why it takes nothing


class Territory(Noun):
    """Which records of a noun belong together, and who gets them."""

    contract = territory_pb2.Territory
    meta = {"collection": "territories"}
    searched = ("name",)
    indexed = (("noun", "priority"), ("members.user_id",), ("assign_owner_id",), ("assign_team_id",))

    name = StringField()
    description = StringField()
    noun = StringField()
    filter = Part(listing_pb2.Filter)
    priority = IntField(default=0)
    assign_owner_id = StringField()
    assign_team_id = StringField()
    automatic = StringField()
    members = Parts(territory_pb2.Territory.Member)

    _rule: Rule | None = None  # read when the first record is held against it

    @classmethod
    def of(cls, noun: str) -> list["Territory"]:
        """The live territories of a noun in the order in which they are asked; read once per transaction."""
        read = lambda: list(cls.objects(noun=noun, deleted_time=None).order_by("priority", "id"))  # noqa: E731
        return remembered((cls, principal().tenant_id, noun), read)

    @property
    def assigned(self) -> dict[str, str | None]:
        """Whose its records are."""
        return {"owner_id": self.assign_owner_id, "team_id": self.assign_team_id, "territory_id": self.id}

    def fits(self, record: Mapping[str, Any]) -> bool:
        """Whether a record of its noun, in its stored shape, belongs to it."""
        return self.rule.holds(record)

    @property
    def rule(self) -> Rule:
        """Its filter, read once."""
        if self._rule is None:
            self._rule = _rule_of(self.noun, self.filter)
        return self._rule

    def members_on(self, day: str) -> list[dict[str, Any]]:
        """Who works there on a day."""
        return [each for each in self.members if period_of(each).holds(day)]

    def settle(self) -> None:
        """A rule that can be read, somebody who gets the records, and a past that stays."""
        if not (self.assign_owner_id or self.assign_team_id):
            raise Invalid.field("territory.assign_owner_id", "is required where there is no assign_team_id")
        if self.filter:
            _condition(self.noun, self.filter)
        if faults := [*_misfits(self.members), *self._rewritten()]:
            raise Invalid(faults)

    def _rewritten(self) -> Iterator[Violation]:
        """What was so before today and would not have been so any more."""
        past = [_past(each) for each in self.members]
        for each in (self._before or {}).get("members", ()):
            if each["since_date"] < today() and _past(each) not in past:
                since = f"{each['user_id']} was a member from {each['since_date']} on"
                yield Violation("territory.members", f"{since}, which stays: end it instead")


def first_that_fits(record: Mapping[str, Any], territories: list[Territory]) -> Territory | None:
    """The territory that wins a record in its stored shape."""
    return next((each for each in territories if each.fits(record)), None)


def period_of(member: Mapping[str, Any]) -> Period:
    """When a member works there."""
    return Period.of(member["since_date"], member.get("until_date"))


def _rule_of(noun: str, stored: dict[str, Any] | None) -> Rule:
    if not stored:
        return Rule(lambda record: True)  # noqa: ARG005  every one
    try:
        # Whoever writes a record need not see the fields that decide whose it is.
        with acting_as(of_service("contacts", principal().tenant_id)):
            return Rule(listing.predicate(_condition(noun, stored)))
    except Invalid as gone:  # it was read when it was written: the tenant has taken a field away since
        return Rule(lambda record: False, "; ".join(f"{each.field} {each.description}" for each in gone.violations))  # noqa: ARG005


def _condition(noun: str, stored: dict[str, Any]) -> listing.Condition:
    return listing.condition(listing_pb2.Filter(**stored), noun_called(noun).caller_fields(), "territory.filter")


def _past(member: Mapping[str, Any]) -> tuple[str, str, str]:
    return member["user_id"], member["since_date"], min(member.get("until_date") or today(), today())


def _misfits(members: list[dict[str, Any]]) -> Iterator[Violation]:
    for place, each in enumerate(members):
        if period_of(each).empty:
            yield Violation(f"territory.members[{place}].until_date", "is not after since_date")
        same = (other for other in members[:place] if other["user_id"] == each["user_id"])
        if any(period_of(other).meets(period_of(each)) for other in same):
            yield Violation(f"territory.members[{place}].user_id", "is a member at that time already")
