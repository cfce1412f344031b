"""Whose values a merged record has, and what becomes of them when it is parted again. Pure: rows in, values out.

Lists are united, without what says the same twice. Of the other fields the survivor's value stays; where it has none, the first
of the merged that has one gives it. So it goes with each of the tenant's own fields, too, for a row is taken apart before
(`opened`) and put together behind (`closed`). A caller may say otherwise field by field. Owner, team and parent say where a
record stands, not what is known of it, so they stay the survivor's unless it is said.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crm.options.v1 import options_pb2
from google.protobuf.message import Message

from chassis import Invalid, Violation, merging
from services.contacts.channels import mailbox
from services.contacts.refusals import MergeTooBig

Row = Mapping[str, Any]

CUSTOM = "custom_fields"
PLACED = frozenset({"owner_id", "team_id", "parent_id"})

# What of a list's entry says that two are the same.
_SAME: dict[str, Callable[[Any], Any]] = {
    "emails": lambda entry: mailbox(entry["address"]),
    "phones": lambda entry: entry["number"],
    "websites": lambda entry: entry["url"],
    "external_ids": lambda entry: (entry["system"], entry["id"]),
}


def opened(row: Row) -> dict[str, Any]:
    """The row with the values of the tenant's own fields beside the others, each by its path: `custom_fields.tier`."""
    others = {name: value for name, value in row.items() if name != CUSTOM}
    return others | {f"{CUSTOM}.{key}": value for key, value in (row.get(CUSTOM) or {}).items()}


def closed(values: Row) -> dict[str, Any]:
    """Values of fields with those of the tenant's own back in one."""
    custom = {name: value for name, value in values.items() if name.startswith(f"{CUSTOM}.")}
    given = {name.removeprefix(f"{CUSTOM}."): value for name, value in custom.items() if value is not None}
    return {name: value for name, value in values.items() if name not in custom} | {CUSTOM: given or None}


def paths(fields: Iterable[str], rows: Iterable[Row], computed: Iterable[str]) -> frozenset[str]:
    """`fields` with those of the tenant's own that the opened `rows` hold, but for the `computed` ones, in the place of all."""
    held = {name for row in rows for name in row if name.startswith(f"{CUSTOM}.")}
    return frozenset(fields) - {CUSTOM} | (held - set(computed))


def join(
    contract: type[Message],
    fields: Iterable[str],
    survivor: Row,
    merged: Sequence[Row],
    winners: Mapping[str, str],
    hidden: Iterable[str] = (),
) -> tuple[dict[str, Any], dict[str, str]]:
    """The survivor's values of `fields`, and the ids of those whose values won over the survivor's, by field.

    Of the `hidden` ones the caller knows nothing, so it cannot choose.
    Refused with Invalid for winners that name no field or no record of the merge, with MergeTooBig for a list too long.
    """
    fields, rows = frozenset(fields), {row["_id"]: row for row in (survivor, *merged)}
    _demand_sensible(winners, fields - set(hidden), rows)
    values, won = {}, {}
    for name in sorted(fields):
        held = [row for row in rows.values() if row.get(name) not in (None, "", [])]
        if name in winners:
            values[name], won[name] = rows[winners[name]].get(name), winners[name]
        elif any(isinstance(row[name], list) for row in held):
            values[name] = _united(contract, name, [row[name] for row in held])
        elif name in PLACED or not held or held[0] is survivor:
            values[name] = survivor.get(name)
        else:
            values[name], won[name] = held[0][name], held[0]["_id"]
    return values, won


def part(fields: Iterable[str], before: Row, after: Row, now: Row) -> tuple[dict[str, Any], list[str]]:
    """The survivor's values of `fields` when it is parted, and the fields that stay as they were changed since."""
    values, conflicts = {}, []
    for name in sorted(fields):
        try:
            values[name] = merging.parted(before.get(name), after.get(name), now.get(name))
        except ValueError:
            values[name] = now.get(name)
            conflicts.append(name)
    return values, conflicts


def _united(contract: type[Message], name: str, lists: Sequence[list[Any]]) -> list[Any]:
    same = _SAME.get(name, repr)
    united: dict[Any, Any] = {}
    for place, entries in enumerate(lists):
        for entry in entries:
            # There is one primary entry, and the first list has it.
            shown = {**entry, "primary": False} if place and isinstance(entry, dict) and "primary" in entry else entry
            united.setdefault(same(entry), shown)
    most = _most(contract, name)
    if len(united) > most:
        raise MergeTooBig(field=name, count=len(united), most=most)
    return list(united.values())


def _most(contract: type[Message], name: str) -> int:
    if name.startswith(f"{CUSTOM}."):  # its definition has no more values to choose from
        return sys.maxsize
    options: Any = contract.DESCRIPTOR.fields_by_name[name].GetOptions()
    return options.Extensions[options_pb2.rules].max_items or 100


def _demand_sensible(winners: Mapping[str, str], fields: frozenset[str], rows: Mapping[str, Row]) -> None:
    faults = [Violation(f"winners.{name}", "is no field that can be chosen") for name in winners if name not in fields]
    faults += [
        Violation(f"winners.{name}", f"{id} is none of the records that are merged")
        for name, id in winners.items()
        if name in fields and id not in rows
    ]
    if faults:
        raise Invalid(faults)
