"""Definitions of custom fields: a noun that every service keeps for its own nouns."""

from typing import Any, Self

from crm.schema.v1 import field_definition_pb2
from google.protobuf import struct_pb2
from mongoengine import BooleanField, DictField, StringField

from chassis.document import Noun
from chassis.fields import memory
from chassis.fields.custom import DEFINE, FIELDS, CustomField
from chassis.fields.refusals import (
    FieldAlreadyDeprecated,
    FieldInUse,
    FieldIsInput,
    FieldNotDeprecated,
    FieldQuotaReached,
)
from chassis.fields.rules import faults, readers_fault, result_fault
from chassis.kinds import noun_called
from chassis.listing import INDEX
from chassis.mirror import Part, Parts
from chassis.plain import ListField
from chassis.principal import principal
from chassis.refusals import AlreadyExists, Invalid, NotFound, Violation

Subject = type[Noun]  # not within the class, where `type` is a field

ACTIVE, DEPRECATED = "ACTIVE", "DEPRECATED"
MOST_FIELDS, MOST_INDEXED = 100, 20  # of one noun of one tenant

# What lies in the records themselves or in their indexes, and so can change only while there are no values.
_LAID_DOWN = ("type", "refers_to", "index", "formula")


class FieldDefinition(Noun):
    """A field that a tenant gives to the records of a noun."""

    contract = field_definition_pb2.FieldDefinition
    meta = {"collection": memory.DEFINITIONS}
    searched = ("key", "label")
    indexed = (("noun", "key"),)

    noun = StringField()
    key = StringField()
    label = StringField()
    labels = DictField()
    description = StringField()
    type = StringField()
    options = Parts(field_definition_pb2.FieldDefinition.Option)
    refers_to = StringField()
    required = BooleanField(default=False)
    index = Part(field_definition_pb2.FieldDefinition.Index)
    default_value = Part(struct_pb2.Value)
    formula = StringField()
    read_roles = ListField(StringField())
    write_roles = ListField(StringField())
    state = StringField()

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """The definitions of the fields that the caller may see: those of others would tell of them."""
        query, whom = super().visible(action), principal()
        if whom.scope(DEFINE) is None:
            query["$or"] = [{"read_roles": None}, {"read_roles": {"$in": list(whom.roles)}}]
        return query

    @classmethod
    def of_noun(cls, noun: str, id: str, action: str = "write") -> Self:
        """The definition with this id, if it is one of the noun. Refused with NotFound."""
        found = cls.find(id, action)
        if found.noun != noun:
            raise cls.missing(id)
        found.guard()
        return found

    def home_service(self) -> str:
        """The service that keeps the noun."""
        return self._subject().about().service

    # ---------------------------------------------------------------- verbs

    def deprecate(self) -> None:
        """Take no new values; what is there stays."""
        if self.state == DEPRECATED:
            raise FieldAlreadyDeprecated(field=self.key)
        for each in self._siblings():
            if each.formula and self.key in each.formula.inputs:
                raise FieldIsInput(field=self.key, formula=each.key)
        self._move(DEPRECATED)

    def reactivate(self) -> None:
        """Take values again."""
        if self.state == ACTIVE:
            raise FieldNotDeprecated(field=self.key)
        self._move(ACTIVE)

    def remove(self) -> None:
        """Refuse to go while in use, or while a record holds a value."""
        if self.state != DEPRECATED:
            raise FieldNotDeprecated(field=self.key)
        if self._held({"$exists": True}):
            raise FieldInUse(field=self.key, what="the definition")
        super().remove()

    # ---------------------------------------------------------------- what a new one has, what follows

    def arrive(self) -> None:
        """A new field is active, and its key is its own; that of a deleted one stays taken while it can return."""
        self.state = ACTIVE
        if FieldDefinition.objects(noun=self.noun, key=self.key).first():
            raise AlreadyExists(noun="field", field="key")

    def settle(self) -> None:
        """Fit the rules of fields, the siblings, the quotas, and the values that records hold."""
        siblings, row = self._siblings(), self._stored()
        found = list(faults(row, siblings, self._subject().contract_fields()))
        if found:
            raise Invalid(Violation(f"field_definition.{field}", fault) for field, fault in found)
        self._spare_formulas(CustomField(row), siblings)
        self.stay_in_quota()
        if self._before is not None:
            self._spare_values()

    def stay_in_quota(self) -> None:
        """Refuse with FieldQuotaReached to be one too many beside the noun's other fields."""
        siblings = self._siblings()
        if len(siblings) >= MOST_FIELDS:
            raise FieldQuotaReached(noun=self.noun, most=MOST_FIELDS, what="fields")
        if CustomField(self._stored()).indexed and sum(each.indexed for each in siblings) >= MOST_INDEXED:
            raise FieldQuotaReached(noun=self.noun, most=MOST_INDEXED, what="indexed fields")

    def keep(self) -> bool:
        """Write it, and have every process learn of it."""
        memory.change(self.noun)
        return super().keep()

    def _move(self, state: str) -> None:
        self.state = state
        self.record_standard("Updated", changed_fields=["state"])

    def _subject(self) -> Subject:
        subject: Subject | None = noun_called(self.noun)
        if subject is None:
            raise NotFound(noun="noun", id=self.noun)
        return subject

    def _siblings(self) -> list[CustomField]:
        live = {"tenant_id": self.tenant_id, "noun": self.noun, "deleted_time": None, "_id": {"$ne": self.id}}
        return [CustomField(row) for row in self._get_collection().find(live)]

    def _spare_formulas(self, field: CustomField, siblings: list[CustomField]) -> None:
        for each in siblings:
            if not each.formula or self.key not in each.formula.inputs:
                continue
            if fault := readers_fault(each, field):
                raise Invalid.field("field_definition.read_roles", fault)
            others = {other.key: other for other in (*siblings, field)}
            if fault := result_fault(each, others, self._subject().contract_fields()):
                raise Invalid.field("field_definition.type", f"custom_fields.{each.key} is computed from it: {fault}")

    def _spare_values(self) -> None:
        before: dict[str, Any] = self._before or {}
        changed = [name for name in _LAID_DOWN if (getattr(self, name) or None) != (before.get(name) or None)]
        if changed and self._held({"$exists": True}):
            raise FieldInUse(field=self.key, what=", ".join(changed))
        kept = {each["value"] for each in self.options}
        for option in before.get("options", ()):
            if option["value"] not in kept and self._held(option["value"]):
                raise FieldInUse(field=self.key, what=f"the option {option['value']}")

    def _held(self, value: Any) -> bool:
        # Reads the tenant's records one by one where the field is not indexed: a rare question, with five seconds to answer.
        with self._subject().of_kind(self.noun) as subject:
            query: dict[str, Any] = subject.all_records()
        if CustomField(self._before or self._stored()).indexed:
            query[INDEX] = {"$elemMatch": {"k": self.key} if isinstance(value, dict) else {"k": self.key, "v": value}}
        else:
            query[f"{FIELDS}.{self.key}"] = value
        return self._subject()._get_collection().find_one(query, {"_id": 1}, max_time_ms=5000) is not None
