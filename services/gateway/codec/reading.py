"""JSON values into protobuf messages; every fault is noted with its JSON pointer, not only the first."""

from functools import cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from services.gateway.codec.scalars import Read, Unsupported, read_text, reader
from services.gateway.codec.wellknown import FILLS, Fill
from services.gateway.contract import type_name
from services.gateway.faults import Faults, escaped

__all__ = ["Fill", "filler"]


@cache
def filler(descriptor: Any) -> Fill:
    """What fills a message of this type: `fill(message, value, pointer, faults)`."""
    if descriptor.full_name in FILLS:
        return FILLS[descriptor.full_name]
    if descriptor.full_name.startswith("google.protobuf."):
        raise Unsupported(f"{descriptor.full_name} has no form in our JSON")
    return _MessageFill(descriptor)


class _MessageFill:
    """Fills messages of one type from JSON objects."""

    def __init__(self, descriptor: Any) -> None:
        self._descriptor = descriptor
        self._fields: dict[str, tuple[str, Fill, bool]] | None = None

    def __call__(self, message: Any, value: Any, at: str, faults: Faults) -> None:
        if not isinstance(value, dict):
            return faults.at(at, "an object is expected")
        fields = self._fields or self._compile()
        for name, each in value.items():
            if name not in fields:
                faults.at(at + escaped(name), faults.unknown(name, fields, "field"))
            else:
                step, fill, nullable = fields[name]
                if each is not None or nullable:  # else null means: not given
                    fill(message, each, at + step, faults)
        return None

    def _compile(self) -> dict[str, tuple[str, Fill, bool]]:
        # At first use, because messages may hold themselves.
        self._fields = {f.name: (f"/{f.name}", _field(f), _nullable(f)) for f in self._descriptor.fields}
        return self._fields


def _nullable(field: Any) -> bool:
    """Whether null is a value of the field, as it is of `google.protobuf.Value` alone."""
    return type_name(field) == "google.protobuf.Value" and not field.is_repeated


def _field(field: Any) -> Fill:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _map(field)
    if field.message_type:
        fill = filler(field.message_type)
        return _messages(field.name, fill) if field.is_repeated else _message(field, fill)
    read = reader(field)
    return _values(field.name, read) if field.is_repeated else _value(field, read)


def _value(field: Any, read: Read) -> Fill:
    name, group = field.name, _group(field)

    def fill(message: Any, value: Any, at: str, faults: Faults) -> None:
        if group and message.WhichOneof(group):
            return faults.at(at, f"only one of {group} can be given")
        try:
            setattr(message, name, read(value))
        except ValueError as fault:
            faults.at(at, str(fault))
        return None

    return fill


def _message(field: Any, fill_one: Fill) -> Fill:
    name, group = field.name, _group(field)

    def fill(message: Any, value: Any, at: str, faults: Faults) -> None:
        if group and message.WhichOneof(group):
            return faults.at(at, f"only one of {group} can be given")
        target = getattr(message, name)
        target.SetInParent()
        return fill_one(target, value, at, faults)

    return fill


def _values(name: str, read: Read) -> Fill:
    def fill(message: Any, value: Any, at: str, faults: Faults) -> None:
        if not isinstance(value, list):
            return faults.at(at, "a list is expected")
        entries = getattr(message, name)
        for index, each in enumerate(value):
            try:
                entries.append(read(each))
            except ValueError as fault:
                faults.at(f"{at}/{index}", str(fault))
        return None

    return fill


def _messages(name: str, fill_one: Fill) -> Fill:
    def fill(message: Any, value: Any, at: str, faults: Faults) -> None:
        if not isinstance(value, list):
            return faults.at(at, "a list is expected")
        entries = getattr(message, name)
        for index, each in enumerate(value):
            fill_one(entries.add(), each, f"{at}/{index}", faults)
        return None

    return fill


def _map(field: Any) -> Fill:
    entry, name = field.message_type.fields_by_name, field.name
    if entry["key"].type != FieldDescriptor.TYPE_STRING or entry["value"].message_type:
        raise Unsupported(f"{field.full_name}: a map takes text as keys and single values")
    read = reader(entry["value"])

    def fill(message: Any, value: Any, at: str, faults: Faults) -> None:
        if not isinstance(value, dict):
            return faults.at(at, "an object is expected")
        entries = getattr(message, name)
        for key, each in value.items():
            try:
                entries[read_text(key)] = read(each)
            except ValueError as fault:
                faults.at(at + escaped(key), str(fault))
        return None

    return fill


def _group(field: Any) -> str:
    # `optional` makes a oneof of its own field, which is no choice.
    group = field.containing_oneof
    return group.name if group and len(group.fields) > 1 else ""
