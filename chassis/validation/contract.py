"""A message type's rules, compiled once: what each field that is set must be, and which fields must be set."""

import enum
import re
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from crm.common.v1 import money_pb2
from crm.options.v1 import options_pb2
from google.protobuf import field_mask_pb2, struct_pb2, timestamp_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from chassis import declared
from chassis.validation import values
from chassis.validation.values import Check, Fault

# Descriptors are `Any` here: protobuf's own type stubs do not know that every implementation has the same ones.

_MASK = "update_mask"
_MASKED_RPC = re.compile(r"(Batch)?Update[A-Z]")
_PARTIAL_RPC = re.compile(r"(Batch)?Upsert[A-Z]")

# Types of which every value is checked as a whole, and not field by field.
_WHOLE_VALUES: dict[str, Check] = {
    timestamp_pb2.Timestamp.DESCRIPTOR.full_name: values.timestamp_check,
    struct_pb2.Struct.DESCRIPTOR.full_name: values.struct_check,
    struct_pb2.Value.DESCRIPTOR.full_name: values.struct_check,
    struct_pb2.ListValue.DESCRIPTOR.full_name: values.struct_check,
}


class Nouns(enum.Enum):
    """How much of a noun (a message with `crm.options.v1.resource`) a request must hold."""

    WHOLE = "every REQUIRED field"
    MASKED = "the REQUIRED fields that the update_mask beside it names; every one when it names none"
    PARTIAL = "whatever it has"

    @classmethod
    def of(cls, rpc: str) -> "Nouns":
        """What the method called `rpc` demands: `UpdateContact`, `BatchUpsertContacts`, `CreateContact`."""
        if _MASKED_RPC.match(rpc):
            return cls.MASKED
        return cls.PARTIAL if _PARTIAL_RPC.match(rpc) else cls.WHOLE


class Contract:
    """The check of one message type. Calling it with a message gives the faults."""

    def __init__(self, descriptor: Any, nouns: Nouns) -> None:
        _begun[descriptor.full_name, nouns] = self  # before its fields, for types that contain themselves
        self.checks: dict[str, Check] = {}
        self.required: list[str] = []
        partial = nouns is Nouns.PARTIAL and declared.is_noun(descriptor)
        for field in descriptor.fields:
            behaviors = declared.behaviors(field)
            if declared.OUTPUT_ONLY in behaviors:
                continue
            required = declared.REQUIRED in behaviors
            if required and not partial and _can_be_missing(field):
                self.required.append(field.name)
            if check := _field_check(field, nouns, required):
                self.checks[field.name] = check

    def __call__(self, message: Any) -> list[Fault]:
        fields = message.ListFields()
        faults: list[Fault] = []
        for field, value in fields:
            name = field.name
            if (check := self.checks.get(name)) and (found := check(value)):
                faults += [(f".{name}{path}", text) for path, text in found]
        if self.required:
            faults += missing(self.required, fields)
        return faults


class MoneyContract(Contract):
    """Money has a rule that no single field can state."""

    def __call__(self, message: Any) -> list[Fault]:
        return super().__call__(message) or list(values.money_check(message))


class MaskedContract(Contract):
    """A message with a noun and an `update_mask` beside it, in an update."""

    def __init__(self, descriptor: Any, noun: Any) -> None:
        super().__init__(descriptor, Nouns.MASKED)
        self._noun = noun.name
        self._whole = contract_of(noun.message_type, Nouns.WHOLE)
        self._partial = contract_of(noun.message_type, Nouns.PARTIAL)
        del self.checks[self._noun]  # it depends on the mask

    def __call__(self, message: Any) -> list[Fault]:
        faults = super().__call__(message)
        if not message.HasField(self._noun):
            return faults
        noun, paths = getattr(message, self._noun), list(message.update_mask.paths)
        found = self._masked(noun, paths) if paths else self._whole(noun)
        return [(f".{self._noun}{path}", text) for path, text in found] + faults + self._unknown(noun.DESCRIPTOR, paths)

    def _masked(self, noun: Message, paths: Iterable[str]) -> list[Fault]:
        named = {path.partition(".")[0] for path in paths}
        return self._partial(noun) + missing(
            [name for name in self._whole.required if name in named], noun.ListFields()
        )

    def _unknown(self, descriptor: Any, paths: Iterable[str]) -> list[Fault]:
        return [
            (f".{_MASK}", f"names {path[:80]!r}, which is no field of {descriptor.name}")
            for path in paths
            if not _leads_to_field(descriptor, path)
        ]


def missing(required: Iterable[str], fields: Iterable[tuple[Any, Any]]) -> list[Fault]:
    """The faults of the `required` names that are not among the set `fields`."""
    given = {field.name for field, _ in fields}
    return [(f".{name}", "must be given") for name in required if name not in given]


# What is begun is seen by the thread that compiles only: half a contract would let through what the whole refuses.
_contracts: dict[tuple[str, Nouns], Contract] = {}
_begun: dict[tuple[str, Nouns], Contract] = {}
_compiling = threading.RLock()


def contract_of(descriptor: Any, nouns: Nouns) -> Contract:
    """The check of the messages of this type, compiled at the first call, with those of all types within."""
    key = (descriptor.full_name, nouns)
    if contract := _contracts.get(key):
        return contract
    with _compiling:
        if contract := _begun.get(key) or _contracts.get(key):
            return contract
        outermost = not _begun
        try:
            contract = _compiled(descriptor, nouns)
            if outermost:
                _contracts.update(_begun)
        finally:
            if outermost:
                _begun.clear()
        return contract


def _compiled(descriptor: Any, nouns: Nouns) -> Contract:
    if nouns is Nouns.MASKED and (noun := _noun_beside_mask(descriptor)):
        return MaskedContract(descriptor, noun)
    return (MoneyContract if descriptor is money_pb2.Money.DESCRIPTOR else Contract)(descriptor, nouns)


def _noun_beside_mask(descriptor: Any) -> Any:
    mask = descriptor.fields_by_name.get(_MASK)
    if mask is None or mask.message_type is not field_mask_pb2.FieldMask.DESCRIPTOR:
        return None
    return next(
        (field for field in descriptor.fields if field.message_type and declared.is_noun(field.message_type)), None
    )


def _leads_to_field(descriptor: Any, path: str) -> bool:
    for name in path.split("."):
        field = descriptor.fields_by_name.get(name) if descriptor else None
        if field is None:
            return False
        descriptor = None if field.is_repeated else field.message_type
    return True


def _can_be_missing(field: Any) -> bool:
    # A number or a boolean without presence is always there: 0 and false are values.
    kinds = (FieldDescriptor.CPPTYPE_STRING, FieldDescriptor.CPPTYPE_ENUM)
    return field.is_repeated or field.has_presence or field.cpp_type in kinds


def _field_check(field: Any, nouns: Nouns, required: bool) -> Check | None:
    rules = declared.rules(field)
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _map_check(field.message_type, nouns, rules)
    check = _value_check(field, nouns, rules, required)
    return _list_check(check, rules.max_items or values.MAX_ITEMS) if field.is_repeated else check


def _value_check(field: Any, nouns: Nouns, rules: options_pb2.Rules, required: bool) -> Check | None:
    if field.message_type is None:
        return values.scalar_check(field, rules, required)
    return _WHOLE_VALUES.get(field.message_type.full_name) or contract_of(field.message_type, nouns)


def _list_check(check: Check | None, most: int) -> Check:
    too_many: Sequence[Fault] = (("", f"must have at most {most} entries"),)

    def check_list(entries: Any) -> Sequence[Fault]:
        if len(entries) > most:
            return too_many
        if check is None:
            return ()
        faults: list[Fault] = []
        for index, entry in enumerate(entries):
            if found := check(entry):
                faults += [(f"[{index}]{path}", text) for path, text in found]
        return faults

    return check_list


def _map_check(entry: Any, nouns: Nouns, rules: options_pb2.Rules) -> Check:
    of_key = _value_check(entry.fields_by_name["key"], nouns, options_pb2.Rules(), required=True)
    of_value = _value_check(entry.fields_by_name["value"], nouns, rules, required=False)
    most = rules.max_items or values.MAX_ITEMS

    def check_map(entries: Any) -> Sequence[Fault]:
        if len(entries) > most:
            return (("", f"must have at most {most} entries"),)
        faults: list[Fault] = []
        for key, value in entries.items():
            found = [*(of_key(key) if of_key else ()), *(of_value(value) if of_value else ())]
            faults += [(f"[{str(key)[:40]!r}]{path}", text) for path, text in found]
        return faults

    return check_map
