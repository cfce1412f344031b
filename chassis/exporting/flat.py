"""A record as the cells of a row: the way back of `importing.mapping`, column by column, in the same words."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from crm.common.v1 import money_pb2
from google.protobuf import timestamp_pb2

from chassis import clock
from chassis.declared import INPUT_ONLY
from chassis.declared import behaviors as declared
from chassis.fields import FIELDS
from chassis.fields.value import shown
from chassis.importing.links import Link

Cell = str | int | float | bool | None
Record = Mapping[str, Any]  # a stored row

_TARGET = re.compile(r"(?P<field>[a-z_0-9]+)(?:\[(?P<label>[^\]]{1,40})\])?(?:\.(?P<part>[a-z_0-9]+))?\Z")
_MONEY, _TIMESTAMP = money_pb2.Money.DESCRIPTOR.full_name, timestamp_pb2.Timestamp.DESCRIPTOR.full_name
_NOT_SHOWN = frozenset({"etag", "external_ids", "deleted_time"})
_ENTRIES = 3  # of a list, among the usual columns


class ColumnUnknown(ValueError):
    """A column is no field of the noun."""


def usual(contract: Any, links: Iterable[Link], own: Iterable[str]) -> list[str]:
    """The columns of a noun where nobody says which: its id, its fields, the first entries of its lists, the tenant's `own`."""
    columns: list[str] = []
    for field in contract.DESCRIPTOR.fields:
        if field.name not in _NOT_SHOWN and INPUT_ONLY not in declared(field):
            columns += _usual(field)
    return columns + [f"{FIELDS}.{key}" for key in own] + [f"{link.name}.{link.by[0]}" for link in links]


def _usual(field: Any) -> list[str]:
    nested = field.message_type
    if nested is None or nested.full_name == _TIMESTAMP:
        return [field.name]
    if nested.GetOptions().map_entry or nested.full_name.startswith("google."):
        return []
    if nested.full_name == _MONEY:
        return [field.name, f"{field.name}.currency_code"]
    parts = [each.name for each in nested.fields if each.message_type is None and each.name != "primary"]
    if not field.is_repeated:
        return [f"{field.name}.{part}" for part in parts]
    return [f"{field.name}[{number}].{part}" for number in range(1, _ENTRIES + 1) for part in parts]


def cell_of(contract: Any, column: str, links: Iterable[Link], own: Collection[str]) -> Callable[[Record], Cell]:
    """What reads a column of a stored row; `own` are the keys of the tenant's fields that may go out. Raises ColumnUnknown."""
    found = _TARGET.match(column)
    if not found:
        raise ColumnUnknown(column)
    name, label, part = found["field"], found["label"] or "", found["part"] or ""
    for link in links:
        if link.name == name and part in link.by:
            return lambda row: row.get(f"{name}.{part}")
    field = contract.DESCRIPTOR.fields_by_name.get(name)
    if field is None or INPUT_ONLY in declared(field):
        raise ColumnUnknown(column)
    if name == FIELDS:
        if part not in own:
            raise ColumnUnknown(column)
        return lambda row: _own((row.get(FIELDS) or {}).get(part))
    return _reader("_id" if name == "id" else name, field, label, part, column)


def _reader(key: str, field: Any, label: str, part: str, column: str) -> Callable[[Record], Cell]:
    nested = field.message_type
    if nested is None:
        return (lambda row: ";".join(map(str, row.get(key) or ()))) if field.is_repeated else lambda row: row.get(key)
    if nested.full_name == _TIMESTAMP:
        return lambda row: clock.told(at) if (at := row.get(key)) else None
    if nested.full_name == _MONEY and not part:
        return lambda row: amount(money) if (money := row.get(key)) else None
    if nested.GetOptions().map_entry or nested.full_name.startswith("google."):
        return lambda row: (row.get(key) or {}).get(part)
    if part not in nested.fields_by_name:
        raise ColumnUnknown(column)
    if not field.is_repeated:
        return lambda row: _told((row.get(key) or {}).get(part))
    return lambda row: _told((_entry(row.get(key) or (), label) or {}).get(part))


def _own(value: Any) -> Cell:
    if isinstance(value, dict):
        return f"{amount(value)} {value['currency_code']}"
    told = shown(value)
    return ";".join(told) if isinstance(told, list) else told


def _entry(entries: Any, label: str) -> Any:
    """The entry of a list that a label means: by its place, or by its type or system."""
    if label.isdigit() or not label:
        place = int(label or 1) - 1
        return entries[place] if 0 <= place < len(entries) else None
    return next((each for each in entries if label in (each.get("type"), each.get("system"))), None)


def _told(value: Any) -> Cell:
    return "\n".join(value) if isinstance(value, list) else value


def amount(money: Mapping[str, Any]) -> str:
    """The number of an amount, exact: `1234.5`."""
    units, nanos = int(money.get("units", 0)), int(money.get("nanos", 0))
    sign = "-" if units < 0 or nanos < 0 else ""
    decimals = f"{abs(nanos):09d}".rstrip("0")
    return f"{sign}{abs(units)}{'.' if decimals else ''}{decimals}"
