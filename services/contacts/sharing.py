"""What users keep for themselves and share: views and lists, by the fields of a noun that they name."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

from crm.common.v1 import listing_pb2
from crm.contacts.v1 import view_pb2

from chassis import (
    Invalid,
    ListField,
    NotFound,
    Noun,
    Part,
    Scope,
    StringField,
    Violation,
    hidden_fields,
    listing,
    noun_called,
    principal,
)
from services.contacts.object_definition import ObjectDefinition

NOUNS = ("contact", "account", "lead")


class Shared(Noun):
    """A noun of the user who made it, seen by those whom it is shared with as far as they see the fields that it names."""

    meta = {"abstract": True}

    of_objects: ClassVar[bool] = False  # whether it may be about records of custom objects, too

    owner_id = StringField()
    shared_with = Part(view_pb2.SharedWith)
    noun = StringField()
    name = StringField()
    filter = Part(listing_pb2.Filter)
    fields_used = ListField(StringField())

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """One's own, and to read what is shared with one; for whoever reaches all also to write what everyone sees."""
        whom = principal()
        scope = whom.demand(cls.about().permission(action))
        if action == "purge":  # time does it, whoever keeps it
            return {"tenant_id": whom.tenant_id}
        ways: list[dict[str, Any]] = [{"owner_id": whom.user_id}]
        if action == "read" or scope is Scope.ALL:
            ways.append({"shared_with.everyone": True})
        if action == "read":
            ways += [{"shared_with.user_ids": whom.user_id}, {"shared_with.team_ids": {"$in": list(whom.team_ids)}}]
        return {"tenant_id": whom.tenant_id, "$or": ways, **_seen_through()}

    @contextmanager
    def subject(self) -> Iterator[type[Noun]]:
        """The noun whose records it is about. Refused with Invalid when there is none."""
        noun = (
            noun_called(self.noun)
            if self.noun in NOUNS or (self.of_objects and self.noun.startswith("objects."))
            else None
        )
        if noun is None:
            raise Invalid.field(f"{self.about().noun}.noun", f"must be one of {', '.join(NOUNS)}")
        with ExitStack() as stack:
            try:
                subject = stack.enter_context(noun.of_kind(self.noun))
            except NotFound as missing:
                raise Invalid.field(f"{self.about().noun}.noun", missing.detail) from None
            yield subject

    def arrive(self) -> None:
        """Belong to the caller."""
        self.owner_id = principal().user_id

    def settle(self) -> None:
        """Name fields that the noun has and the caller sees."""
        with self.subject() as noun:
            noun.visible()
            fields = noun.caller_fields()
            if self.filter:
                listing.condition(listing_pb2.Filter(**self.filter), fields, f"{self.about().noun}.filter")
            if faults := list(self.faults(fields)):
                raise Invalid(faults)
        self.fields_used = sorted({*self.named(), *_named(self.filter or {})})

    def faults(self, fields: listing.Catalogue) -> Iterator[Violation]:  # noqa: ARG002  views have more than a filter
        """What else does not fit the fields of the noun."""
        return iter(())

    def named(self) -> list[str]:
        """The fields that it names beside the filter."""
        return []


def _named(stored: dict[str, Any]) -> Iterator[str]:
    if field := stored.get("field"):
        yield field
    for part in (*stored.get("all", ()), *stored.get("any", ()), *([stored["not"]] if "not" in stored else ())):
        yield from _named(part)


def _seen_through() -> dict[str, Any]:
    # What names a field that the caller may not see would tell of it, whoever wrote it.
    kinds = [*NOUNS, *(f"objects.{key}" for key in ObjectDefinition.objects(deleted_time=None).scalar("key"))]
    hidden = [
        {"noun": kind, "fields_used": {"$regex": f"^({'|'.join(map(re.escape, paths))})(\\.|$)"}}
        for kind in kinds
        if (paths := hidden_fields(kind))
    ]
    return {"$nor": hidden} if hidden else {}
