"""Query parameters as conditions of the common filter grammar: `?owner_id=usr_1&emails.address=a@b.example`.

Every field of the noun that an rpc is about is a parameter, dotted into nested messages and lists; a parameter that is
given several times means any of its values.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from crm.common.v1 import listing_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis.declared import INPUT_ONLY, behaviors
from services.gateway.codec.scalars import read_text, reader
from services.gateway.codec.wellknown import timestamp

Read = Callable[[str], Any]

_DEPTH = 3
_FLAGS = {"true": True, "false": False}
_WHOLE = (
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
)


@cache
def filterable(noun: Any) -> dict[str, Any]:
    """The fields of a noun that conditions can name, by dotted path."""
    return dict(_paths(noun, "", _DEPTH))


def _paths(message: Any, prefix: str, depth: int) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for field in message.fields:
        if INPUT_ONLY in behaviors(field) or field.name == "etag":
            continue
        if not field.message_type or field.message_type.full_name == "google.protobuf.Timestamp":
            found.append((prefix + field.name, field))
        elif depth > 1 and not (field.message_type.full_name.startswith("google.") or _is_map(field)):
            found += _paths(field.message_type, f"{prefix}{field.name}.", depth - 1)
    return found


def _is_map(field: Any) -> bool:
    return bool(field.message_type.GetOptions().map_entry)


def read_value(field: Any, text: str) -> Any:
    """The JSON value of a parameter, of the field's type. Raises ValueError with a sentence."""
    if field.message_type:
        timestamp(text)
        return text
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        reader(field)(text)
        return text
    return read_single(field, text)


def read_single(field: Any, text: str) -> Any:
    """The value that protobuf takes for a parameter of a field without parts. Raises ValueError with a sentence."""
    if field.type == FieldDescriptor.TYPE_BOOL:
        if text not in _FLAGS:
            raise ValueError("true or false is expected")
        return _FLAGS[text]
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        try:
            return reader(field)(float(text))
        except ValueError:
            raise ValueError("a number is expected") from None
    return reader(field)(text) if field.cpp_type in _WHOLE or field.enum_type else read_text(text)


def condition(name: str, values: list[Any]) -> listing_pb2.Filter:
    """Equality with one value, or with any of several."""
    if len(values) == 1:
        made = listing_pb2.Filter(field=name, op="eq")
        _assign(made.value, values[0])
        return made
    made = listing_pb2.Filter(field=name, op="in")
    for value in values:
        _assign(made.value.list_value.values.add(), value)
    return made


def _assign(target: Any, value: Any) -> None:
    if isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, int) and abs(value) > 1 << 53:
        target.string_value = str(value)  # a JSON number would lose digits
    else:
        target.number_value = value
