"""The fields of a noun by which it can be listed, read from its contract: wire path, stored path, kind.

Paths are dotted and lead into nested messages and lists, as clients write them. Fields that are INPUT_ONLY are not
stored and so not here; maps and free structures can be answered with, but not compared. What a tenant adds to a noun stands
below `custom_fields`; `chassis.fields` makes the catalogue of the one caller who asks.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from crm.options.v1 import options_pb2
from google.protobuf import struct_pb2, timestamp_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis import declared
from chassis.validation import MAX_LENGTH

INDEX = "custom_index"  # the stored list of `{k, v}` of a record's indexed custom fields

DEEPEST = 6  # levels of nested messages; also what ends a type that contains itself


class Kind(enum.Enum):
    """What the values of a field are, and so how they compare."""

    STRING = "text"
    ID = "an id"
    DATE = "a date, such as 2026-11-22"
    ENUM = "the name of a value"
    INTEGER = "a whole number"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    INSTANT = "an instant, such as 2026-11-22T09:30:00Z"
    DECIMAL = "a decimal number"
    MESSAGE = "a structure"
    OPAQUE = "a free structure"
    CUSTOM = "the tenant's own fields"


# Kinds of which the stored text "" means that there is no value.
TEXTUAL = frozenset({Kind.STRING, Kind.ID, Kind.DATE, Kind.ENUM})


@dataclass(frozen=True)
class Step:
    """A part of a stored path: the key, and whether a list stands there."""

    key: str
    is_list: bool


@dataclass(frozen=True)
class Field:
    """A field that a noun can be listed by."""

    path: str
    steps: tuple[Step, ...]
    kind: Kind
    max_length: int = MAX_LENGTH
    # Reads a missing value: 0 or False where the wire shows that; None where the wire shows nothing.
    default: int | float | bool | None = None
    # Enum names; the first is the one that says nothing.
    names: tuple[str, ...] = field(default=())
    # Its key among the entries of `custom_index`; empty where it has none.
    entry: str = ""

    @property
    def stored(self) -> str:
        """Its path in MongoDB: `_id` for `id`, `revision` for `etag`, else as on the wire."""
        return ".".join(step.key for step in self.steps)

    @property
    def single(self) -> bool:
        """Whether a record has at most one value of it."""
        return not any(step.is_list for step in self.steps)


class Catalogue(dict[str, Field]):
    """Fields by wire path. `hidden` are the stored paths that the caller may not see, and that so are not among them."""

    def __init__(self, fields: dict[str, Field], hidden: tuple[str, ...] = ()) -> None:
        super().__init__(fields)
        self.hidden = hidden


@cache
def catalogue(descriptor: Any) -> Catalogue:
    """The fields of the noun with this descriptor, by wire path. `etag` is not among them: it only answers."""
    return Catalogue({each.path: each for each in _fields(descriptor, "", (), 1) if each.path != "etag"})


def _fields(descriptor: Any, prefix: str, above: tuple[Step, ...], depth: int) -> Iterator[Field]:
    for each in descriptor.fields:
        if declared.INPUT_ONLY in declared.behaviors(each):
            continue
        path = f"{prefix}{each.name}"
        steps = (*above, Step("_id" if path == "id" else each.name, each.is_repeated))
        found = _field(each, path, steps)
        yield found
        if found.kind is Kind.MESSAGE and depth < DEEPEST:
            yield from _fields(each.message_type, f"{path}.", steps, depth + 1)


def _field(of: Any, path: str, steps: tuple[Step, ...]) -> Field:
    kind, rules = _kind(of, path), declared.rules(of)
    always_there = kind in (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN) and not of.is_repeated and not of.has_presence
    return Field(
        path=path,
        steps=steps,
        kind=kind,
        max_length=rules.max_length or MAX_LENGTH,
        default=of.default_value if always_there else None,
        names=tuple(value.name for value in of.enum_type.values) if kind is Kind.ENUM else (),
    )


def _kind(of: Any, path: str) -> Kind:
    if path == "custom_fields":
        return Kind.CUSTOM
    if of.message_type is not None:
        return _message_kind(of.message_type)
    if of.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        rules = declared.rules(of)
        if path == "id" or rules.id_prefix:
            return Kind.ID
        return Kind.DATE if rules.format == options_pb2.FORMAT_DATE else Kind.STRING
    return {
        FieldDescriptor.CPPTYPE_ENUM: Kind.ENUM,
        FieldDescriptor.CPPTYPE_BOOL: Kind.BOOLEAN,
        FieldDescriptor.CPPTYPE_DOUBLE: Kind.NUMBER,
        FieldDescriptor.CPPTYPE_FLOAT: Kind.NUMBER,
    }.get(of.cpp_type, Kind.INTEGER)


def _message_kind(message: Any) -> Kind:
    if message.full_name == timestamp_pb2.Timestamp.DESCRIPTOR.full_name:
        return Kind.INSTANT
    free = (struct_pb2.Struct, struct_pb2.Value, struct_pb2.ListValue)
    if message.GetOptions().map_entry or message.full_name in {each.DESCRIPTOR.full_name for each in free}:
        return Kind.OPAQUE
    return Kind.MESSAGE
