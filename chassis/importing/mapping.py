"""Rows to messages: columns and their targets, compiled once per import."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from crm.common.v1 import money_pb2
from crm.options.v1 import options_pb2
from google.protobuf import json_format, timestamp_pb2
from google.protobuf.message import Message

from chassis.declared import OUTPUT_ONLY, REQUIRED, behaviors, rules
from chassis.fields import FIELDS, CustomField
from chassis.importing.cells import Customs, Numeral, Read, amount, custom_reader, instant, phone, reader
from chassis.importing.links import Link
from chassis.importing.paths import at, stem
from chassis.importing.row import Row
from chassis.tables import Broken
from chassis.tables.sinks import FORMULA

_TARGET = re.compile(r"(?P<field>[a-z_0-9]+)(?:\[(?P<label>[^\]]{1,40})\])?(?:\.(?P<part>[a-z_0-9]+))?\Z")
_MANY = re.compile(r"\s*[;,]\s*")
_JOINED = " ::: "  # Google's exports: several values of one kind in a cell
_MONEY, _TIMESTAMP = money_pb2.Money.DESCRIPTOR.full_name, timestamp_pb2.Timestamp.DESCRIPTOR.full_name
_FULL_NAME = "name"

Put = Callable[[Row, str], None]


class TargetUnknown(ValueError):
    """A column's target is no field of the noun."""


class Mapping:
    """What becomes of the cells of a file. Raises TargetUnknown with the column's place for a target that is none."""

    def __init__(
        self,
        contract: type[Message],
        columns: Sequence[dict[str, Any]],
        customs: Customs,
        links: Iterable[Link],
        own: dict[str, CustomField],
    ) -> None:
        self._contract, self._links, self._own = contract, {link.name: link for link in links}, own
        self._puts: list[tuple[int, str, Put, str]] = []
        self._targets = [str(column.get("target", "")) for column in columns]
        for place, column in enumerate(columns):
            if target := column.get("target"):
                written = replace(customs, date_order=column.get("date_order") or customs.date_order)
                whole = target if target in contract.DESCRIPTOR.fields_by_name else ""
                self._puts.append((place, column["header"], self.put(target, written), whole))
        # Telephones last: they are read as at home, and that is where the row's address is.
        self._puts.sort(key=lambda each: "phone" in self._targets[each[0]])

    def row(self, number: int, cells: Sequence[Any] | Broken) -> Row:
        """The message of a row, and the faults of its cells."""
        if isinstance(cells, Broken):
            return Row(number, self._contract(), faults=[("", "", cells.reason)])
        row = Row(number, self._contract(), cells)
        for place, header, put, whole in self._puts:
            cell = cells[place]
            if cell == "" or cell is None:
                continue
            try:
                if type(cell) is str:
                    put(
                        row, cell[1:] if cell[0] == "'" and cell[1:].startswith(FORMULA) else cell
                    )  # as exports write it
                elif whole and whole != FIELDS and isinstance(cell, list | dict):
                    _put_json(whole, row, _plain(cell))
                else:
                    put(row, _plain(cell))
            except (ValueError, TypeError, json_format.ParseError) as fault:
                row.faults.append((header, str(cell)[:200], _said(fault)))
        for (name, label), entry in row.entries.items():
            if not label.isdigit() and "type" in entry.DESCRIPTOR.fields_by_name and not entry.type:
                entry.type = label.rstrip("0123456789 ")
            if _is_nothing(entry):
                getattr(row.message, name).remove(entry)
        return row

    def origin(self, row: Row, path: str) -> tuple[str, str]:
        """The header and the cell that a part of a row's message comes from: no cell where none told it, nothing where no
        column is for it.
        """
        value, alone = at(row.message, path), re.sub(r"\[\d+\]", "[0]", path)
        found = [each for each in self._puts if stem(self._targets[each[0]]) == stem(path)]
        for place, header, put, _ in found if value else ():
            try:
                put(single := Row(row.number, self._contract()), str(row.cells[place]))
            except ValueError:
                continue
            if at(single.message, alone) == value:
                return header, str(row.cells[place])[:200]
        return (found[0][1] if found else ""), ""

    def put(self, target: str, customs: Customs) -> Put:
        """What puts a cell where `target` says. Raises TargetUnknown."""
        found = _TARGET.match(target)
        if not found:
            raise TargetUnknown(target)
        name, label, part = found["field"], found["label"] or "", found["part"] or ""
        if name in self._links and part in self._links[name].by:
            return partial(_put_link, name, part)
        known = self._contract.DESCRIPTOR.fields_by_name.get(name)
        if target == _FULL_NAME and known is None and "family_name" in self._contract.DESCRIPTOR.fields_by_name:
            return _put_full_name
        if target == "id":
            return _put_one("id", str.strip)  # says which record is meant, and is never kept
        if known is None or OUTPUT_ONLY in behaviors(known):
            raise TargetUnknown(target)
        if name == FIELDS:
            return self._put_own(part, customs)
        return _put(known, label, part, customs, target)

    def takes_many(self, target: str) -> bool:
        """Whether several columns may go to one target: each adds to a list, as lines to an address."""
        found = _TARGET.match(target)
        known = self._contract.DESCRIPTOR.fields_by_name.get(found["field"]) if found else None
        if known is None or not found or known.message_type is None:
            return known is not None and known.is_repeated
        inner = known.message_type.fields_by_name.get(found["part"] or "")
        return inner is not None and inner.is_repeated

    def _put_own(self, key: str, customs: Customs) -> Put:
        """A cell of a tenant's own field; of all of them, as JSON, where no key is named."""
        if not key:
            return self._put_all_own
        if key not in self._own or self._own[key].formula:
            raise TargetUnknown(f"{FIELDS}.{key}")
        read = custom_reader(self._own[key], customs)
        return lambda row, text: row.message.custom_fields.update({key: read(text)})

    def _put_all_own(self, row: Row, text: str) -> None:
        _put_json(FIELDS, row, text)
        for key in self._own.keys() & row.message.custom_fields.fields.keys():
            if self._own[key].formula:  # it is in what went out, and is computed anew
                del row.message.custom_fields.fields[key]


def _put(known: Any, label: str, part: str, customs: Customs, target: str) -> Put:
    nested = known.message_type
    if nested is None and known.is_repeated:
        return _put_many(known, reader(known, customs))
    if nested is None and _is_phone(known):
        return partial(_put_number, known.name, customs.country_code)
    if nested is None:
        return _put_one(known.name, reader(known, customs))
    if nested.GetOptions().map_entry:
        return _put_key(known, part, customs)
    if nested.full_name == _TIMESTAMP:
        return lambda row, text: getattr(row.message, known.name).FromDatetime(instant(text))
    if nested.full_name == _MONEY and not part:
        return partial(_put_money, known.name, customs)
    if known.is_repeated and not part and not label:
        return partial(_put_json, known.name)
    inner = nested.fields_by_name.get(part or _main(nested))
    if inner is None or inner.message_type is not None:
        raise TargetUnknown(target)
    if not known.is_repeated:
        name, put_part = known.name, _put_part(inner, customs)
        return lambda row, text: put_part(row, getattr(row.message, name), text)
    return _put_entry(known, label or "1", inner, customs)


def _put_one(name: str, read: Read) -> Put:
    return lambda row, text: setattr(row.message, name, read(text))


def _put_number(name: str, country_code: str, row: Row, text: str) -> None:
    setattr(row.message, name, phone(text, country_code or _home(row.message)))


def _put_part(inner: Any, customs: Customs) -> Callable[[Row, Any, str], None]:
    """What puts a cell into a part of an entry; a telephone number beside how it was written."""
    name, fields = inner.name, inner.containing_type.fields_by_name
    if _is_phone(inner) and {"raw", "region"}.issubset(fields):
        return partial(_put_phone, name, customs.country_code)
    read = reader(inner, customs)
    return lambda row, entry, text: setattr(entry, name, read(text))  # noqa: ARG005  all have one signature


def _put_phone(name: str, country_code: str, row: Row, entry: Any, text: str) -> None:
    number = phone(text, country_code or _home(row.message))
    setattr(entry, name, number)
    if text.strip() != number:
        entry.raw = text.strip()
        entry.region = "" if entry.raw.startswith("+") else country_code or _home(row.message)


def _is_phone(field: Any) -> bool:
    return rules(field).format == options_pb2.FORMAT_PHONE


def _home(message: Any) -> str:
    """The country of the first address that a row tells of."""
    addresses = getattr(message, "addresses", None) or [getattr(message, "address", None)]
    return next((str(each.country_code) for each in addresses if each is not None and each.country_code), "")


def _put_many(known: Any, read: Read) -> Put:
    name = known.name

    def put(row: Row, text: str) -> None:
        getattr(row.message, name).extend(read(each) for each in _MANY.split(text.strip()) if each)

    return put


def _put_key(known: Any, key: str, customs: Customs) -> Put:
    if not key:
        raise TargetUnknown(known.name)
    value = known.message_type.fields_by_name["value"]
    if value.message_type is not None:  # a google.protobuf.Value: the noun knows of which type it must be
        return lambda row, text: setattr(getattr(row.message, known.name)[key], "string_value", text)
    read = reader(value, customs)
    return lambda row, text: getattr(row.message, known.name).__setitem__(key, read(text))


def _put_entry(known: Any, label: str, inner: Any, customs: Customs) -> Put:
    name, part = known.name, inner.name
    put_part = None if inner.is_repeated else _put_part(inner, customs)
    key = (name, label)
    system = "system" in known.message_type.fields_by_name and part == "id"

    def put(row: Row, text: str) -> None:
        entry = row.entries.get(key)
        if entry is None:
            entry = row.entries[key] = getattr(row.message, name).add()
            if system:
                entry.system = label
        if put_part is None:
            getattr(entry, part).extend(line for line in text.splitlines() if line.strip())
            return
        first, *others = text.split(_JOINED) if _JOINED in text else (text,)
        put_part(row, entry, first)
        for other in others:
            put_part(row, getattr(row.message, name).add(), other)

    return put


def _put_link(name: str, part: str, row: Row, text: str) -> None:
    row.links.setdefault(name, {})[part] = text.strip()


def _put_full_name(row: Row, text: str) -> None:
    given, _, family = text.strip().rpartition(" ")
    row.message.given_name, row.message.family_name = given, family


def _put_money(name: str, customs: Customs, row: Row, text: str) -> None:
    for part, value in amount(text, customs).items():
        setattr(getattr(row.message, name), part, value)


def _put_json(name: str, row: Row, text: str) -> None:
    json_format.Parse(f'{{"{name}": {text}}}', row.message)


def _main(nested: Any) -> str:
    """What an entry is about: its first required part."""
    return next((each.name for each in nested.fields if REQUIRED in behaviors(each) and each.name != "system"), "")


def _is_nothing(entry: Any) -> bool:
    """Whether an entry has a type and nothing of that type."""
    return all(each.name in ("type", "primary") for each, _ in entry.ListFields())


def _plain(cell: Any) -> str:
    if isinstance(cell, list | dict):
        return orjson.dumps(cell).decode()
    return str(cell).lower() if isinstance(cell, bool) else Numeral(cell)


def _said(fault: Exception) -> str:
    if isinstance(fault, UnicodeEncodeError):
        return "holds bytes that are no text in the file's encoding"
    return str(fault).splitlines()[0][:200] if str(fault) else "cannot be read"
