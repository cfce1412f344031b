"""Paths into a message, `emails[0].address`, as validation and refusals name them."""

import re
from typing import Any

from google.protobuf import struct_pb2

from chassis.fields import FIELDS

_STEPS = re.compile(r"([a-z_0-9]+)(?:\[(\d+)\])?")


def stem(path: str) -> str:
    """The field that a path leads to or into, which may be a tenant's own: `emails` of `emails[0].address`."""
    first = path.partition(".")[0].partition("[")[0]
    return path if first == FIELDS else first


def at(message: Any, path: str) -> Any:
    """What stands there; None where nothing does."""
    value: Any = message
    for name, place in _STEPS.findall(path):
        value = value.fields.get(name) if isinstance(value, struct_pb2.Struct) else getattr(value, name, None)
        if place:
            value = value[int(place)] if value and int(place) < len(value) else None
    return value
