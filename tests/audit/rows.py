"""Rows of any noun, made from its contract: every field has values of its kind, so many that indexes tell them apart."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.ids import new_id
from chassis.kinds import OF_MANY_KINDS, noun_called
from chassis.listing import TOKENS, Field, Kind, catalogue, search_tokens, values
from chassis.principal import principal

USERS = [f"usr_{number}" for number in range(20)]
TEAMS = [f"team_{number}" for number in range(5)]
WORDS = ["anna", "kowalska", "miller", "tanaka", "oak", "river", "stone", "harbour", "north", "lane", "mill", "bridge"]


def a_kind(noun: Any) -> str:
    """The kind of records that `noun.of_kind` takes; of custom objects one that is defined for the caller's tenant."""
    if noun.about().noun not in OF_MANY_KINDS.values():
        return str(noun.kind_name())
    home = noun_called("object_definition")
    if not home.objects(key="machine").first():
        home._get_collection().insert_one(
            {"_id": new_id("obj"), "tenant_id": principal().tenant_id, "revision": 1, "key": "machine"}
        )
    return "objects.machine"


def rows_of(noun: Any, tenant_id: str, count: int) -> list[dict[str, Any]]:
    """`count` stored rows of a noun and of the kind that is worked with, always the same but for their ids."""
    dice, fields = random.Random(noun.__name__), catalogue(noun.contract.DESCRIPTOR)
    indexes = noun._get_collection().index_information().values()
    alone = {name for index in indexes if index.get("unique") for name, _ in index["key"]}
    leaves = [
        each
        for each in fields.values()
        if each.kind not in (Kind.MESSAGE, Kind.OPAQUE, Kind.CUSTOM) and each.path not in ("id", "deleted_time")
    ]
    return [_row(noun, tenant_id, leaves, alone, dice, number) for number in range(count)]


def _row(
    noun: Any, tenant_id: str, leaves: list[Field], alone: set[str], dice: random.Random, number: int
) -> dict[str, Any]:
    row: dict[str, Any] = {"_id": new_id(noun.about().prefix), "tenant_id": tenant_id, "revision": 1}
    for field in leaves:
        _put(row, field, f"{field.path} {number}" if field.stored in alone else a_value(field, dice))
    if noun.about().owned:
        row |= {"owner_id": USERS[number % len(USERS)], "team_id": TEAMS[number % len(TEAMS)]}
    row |= noun.all_records()
    fields = catalogue(noun.contract.DESCRIPTOR)
    row[TOKENS] = search_tokens(text for path in noun.searched for text in values(row, fields[path]) if text)
    return row


def a_value(field: Field, dice: random.Random) -> Any:
    """A value of the field's kind, one of twenty or so."""
    number = dice.randrange(20)
    match field.kind:
        case Kind.INTEGER | Kind.NUMBER:
            return number
        case Kind.BOOLEAN:
            return number < 10
        case Kind.ENUM:
            return dice.choice(field.names[1:])
        case Kind.DATE:
            return f"2026-05-{number + 1:02}"
        case Kind.INSTANT:
            return datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=number)
        case Kind.ID:
            return f"{field.path}_{number}"
    if "number" in field.path:
        return f"+4915112345{number:02}"
    return f"{dice.choice(WORDS)}@example.com" if "address" in field.path else " ".join(dice.choices(WORDS, k=2))


def _put(row: dict[str, Any], field: Field, value: Any) -> None:
    within: Any = row
    for step in field.steps[:-1]:
        within = within.setdefault(step.key, [{}] if step.is_list else {})
        within = within[0] if step.is_list else within
    last = field.steps[-1]
    within[last.key] = [value] if last.is_list else value
