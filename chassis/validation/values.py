"""The checks of single values: a field's rules become one closure that takes the value.

A check gives the faults it finds as pairs of the path below the value (`[0].address`) and a sentence; none when sound.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from crm.options.v1 import options_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis.ids import is_id
from chassis.validation.formats import FORMATS
from chassis.validation.text import MAX_LENGTH, text_fault

Fault = tuple[str, str]
Check = Callable[[Any], Sequence[Fault]]

MAX_ITEMS = 100  # of a list or a map whose rules name no max_items
STRUCT_DEPTH, STRUCT_NODES, STRUCT_TEXT = 8, 1000, 10_000  # of a google.protobuf.Value or Struct

# 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, what RFC 3339 can write.
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
_NUMBERS = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64, FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT,
    }
)  # fmt: skip


def scalar_check(field: Any, rules: options_pb2.Rules, required: bool) -> Check | None:
    """The check of one value of a field that holds no message; None where every value is sound."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING and field.type == FieldDescriptor.TYPE_STRING:
        return _string_check(rules, required)
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return _enum_check(frozenset(field.enum_type.values_by_number))
    if field.cpp_type in _NUMBERS:
        return _number_check(rules)
    return None


def _string_check(rules: options_pb2.Rules, required: bool) -> Check:
    longest, shortest = rules.max_length or MAX_LENGTH, rules.min_length
    tests = _string_tests(rules)

    def check(text: str) -> Sequence[Fault]:
        if fault := text_fault(text, longest):
            return (("", fault),)
        if len(text) < shortest and text:
            return (("", f"must be at least {shortest} characters long"),)
        for holds, fault in tests:
            if not holds(text):
                return (("", fault),)
        if required and text.isspace():
            return (("", "must not be blank"),)
        return ()

    return check


def _string_tests(rules: options_pb2.Rules) -> list[tuple[Callable[[str], bool], str]]:
    tests = [FORMATS[rules.format]] if rules.format else []
    if prefix := rules.id_prefix:
        tests.append((lambda text: is_id(text, prefix), f"must be an id, {prefix}_…"))
    if rules.one_of:
        known = frozenset(rules.one_of)
        tests.append((known.__contains__, f"must be one of {', '.join(rules.one_of)}"))
    return tests


def _enum_check(known: frozenset[int]) -> Check:
    faults = (("", "must be a value of the contract"),)
    return lambda number: () if number in known else faults


def _number_check(rules: options_pb2.Rules) -> Check:
    least = rules.minimum if rules.HasField("minimum") else -math.inf
    greatest = rules.maximum if rules.HasField("maximum") else math.inf

    def check(number: float) -> Sequence[Fault]:
        if not math.isfinite(number):
            return (("", "must be a finite number"),)
        if number < least:
            return (("", f"must be at least {least}"),)
        if number > greatest:
            return (("", f"must be at most {greatest}"),)
        return ()

    return check


def timestamp_check(instant: Any) -> Sequence[Fault]:
    """The check of a google.protobuf.Timestamp: from year 1 to 9999, nanos from 0 to 999,999,999."""
    if _FIRST_SECOND <= instant.seconds <= _LAST_SECOND and 0 <= instant.nanos <= 999_999_999:
        return ()
    return (("", "must be an instant from year 0001 to 9999"),)


def money_check(money: Any) -> Sequence[Fault]:
    """The rule of Money that no single field can state: units and nanos have the same sign."""
    if money.units * money.nanos < 0:
        return ((".nanos", "must have the sign of units"),)
    return ()


def struct_check(value: Any) -> Sequence[Fault]:
    """The check of a google.protobuf.Value, ListValue or Struct: depth 8, 1,000 values, finite numbers, sound texts."""
    fault = _tree_fault(value)
    if not fault:
        return ()
    entries = value.fields.items() if value.DESCRIPTOR.name == "Struct" else ()
    at_fault = (key for key, each in entries if key.isidentifier() and _tree_fault(each) == fault)
    return ((f".{key}" if (key := next(at_fault, "")) else "", fault),)


def _tree_fault(value: Any) -> str:
    level, nodes = [value], 0
    for _ in range(STRUCT_DEPTH):
        nodes += len(level)
        if nodes > STRUCT_NODES:
            return f"must hold at most {STRUCT_NODES} values"
        below: list[Any] = []
        for each in level:
            keys, parts = _parts(each)
            below.extend(parts)
            if fault := _struct_fault(each, keys):
                return fault
        if not below:
            return ""
        level = below
    return f"must be nested at most {STRUCT_DEPTH} deep"


def _parts(value: Any) -> tuple[Iterable[str], Iterable[Any]]:
    match value.DESCRIPTOR.name:
        case "Struct":
            return value.fields.keys(), value.fields.values()
        case "ListValue":
            return (), value.values
    match value.WhichOneof("kind"):
        case "struct_value":
            return _parts(value.struct_value)
        case "list_value":
            return _parts(value.list_value)
    return (), ()


def _struct_fault(value: Any, keys: Iterable[str]) -> str:
    for key in keys:
        if fault := text_fault(key):
            return f"has a key that {fault}"
    if value.DESCRIPTOR.name == "Value":
        # Reading a member of a kind that the value is not gives its default, which is sound.
        if not math.isfinite(value.number_value):
            return "must hold finite numbers"
        return text_fault(value.string_value, STRUCT_TEXT)
    return ""
