"""Single values: the forms of protobuf's scalar types in JSON. Readers raise ValueError with a sentence."""

import base64
import math
import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

Read = Callable[[Any], Any]
Show = Callable[[Any], Any]

_DIGITS = re.compile(r"-?[0-9]{1,20}\Z")
_INT32 = (-(1 << 31), (1 << 31) - 1)
_INT64 = (-(1 << 63), (1 << 63) - 1)
_UINT32 = (0, (1 << 32) - 1)
_UINT64 = (0, (1 << 64) - 1)
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: _INT32,
    FieldDescriptor.CPPTYPE_INT64: _INT64,
    FieldDescriptor.CPPTYPE_UINT32: _UINT32,
    FieldDescriptor.CPPTYPE_UINT64: _UINT64,
}


class Unsupported(Exception):
    """A field of the contract has a type that the codec has no form for; the gateway does not start."""


def read_text(value: Any) -> str:
    """A string; U+0000 is refused, no store and no terminal takes it well."""
    if not isinstance(value, str):
        raise ValueError("a string is expected")
    if "\x00" in value:
        raise ValueError("U+0000 is not allowed in text")
    return value


def read_flag(value: Any) -> bool:
    """A boolean."""
    if not isinstance(value, bool):
        raise ValueError("true or false is expected")
    return value


def read_double(value: Any) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a number is expected")
    return float(value)


def read_bytes(value: Any) -> bytes:
    """Base64 with padding, standard or URL-safe alphabet."""
    text = read_text(value).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("base64 is expected") from None


def _whole(low: int, high: int) -> Read:
    def read(value: Any) -> int:
        if (isinstance(value, str) and _DIGITS.match(value)) or (isinstance(value, float) and value.is_integer()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("a whole number is expected")
        if not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high} is expected")
        return value

    return read


def _named(enum: EnumDescriptor) -> Read:
    numbers = {value.name: value.number for value in enum.values}
    known = ", ".join(name for name, number in numbers.items() if number)

    def read(value: Any) -> int:
        if not isinstance(value, str) or value not in numbers:
            raise ValueError(f"one of {known} is expected")
        return numbers[value]

    return read


def reader(field: Any) -> Read:
    """What turns a JSON value into a value of `field`."""
    if field.cpp_type in _RANGES:
        return _whole(*_RANGES[field.cpp_type])
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return _named(field.enum_type)
    readers = {
        FieldDescriptor.TYPE_STRING: read_text,
        FieldDescriptor.TYPE_BYTES: read_bytes,
        FieldDescriptor.TYPE_BOOL: read_flag,
        FieldDescriptor.TYPE_DOUBLE: read_double,
    }
    if field.type not in readers:
        raise Unsupported(f"{field.full_name} has a type without a form in our JSON")
    return readers[field.type]


def _show_double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _show_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def shower(field: Any) -> Show | None:
    """What turns a value of `field` into a JSON value; None where it already is one."""
    if field.cpp_type in (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64):
        return str
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        names = {value.number: value.name for value in field.enum_type.values}
        return lambda number: names.get(number, number)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _show_bytes
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return _show_double
    if field.type == FieldDescriptor.TYPE_FLOAT:
        raise Unsupported(f"{field.full_name} has a type without a form in our JSON")
    return None
