"""The order of a list: which fields, in which direction, always ended by the id, so that no two records tie."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chassis.listing.catalogue import Catalogue, Field, Kind
from chassis.refusals import Invalid, Violation
from chassis.validation import MAX_LENGTH

MOST_KEYS = 3


@dataclass(frozen=True)
class Key:
    """A field to sort by. Records without a value come first upwards and last downwards, as MongoDB has it."""

    field: Field
    descending: bool


Order = tuple[Key, ...]


def order(order_by: Sequence[str], catalogue: Catalogue) -> Order:
    """The order that a client wrote, `["-amount.units", "name"]`; newest first when empty.

    Refused with Invalid when a name is unknown, comes twice, may have several values in a record or has no order, and
    beyond three names.
    """
    violations: list[Violation] = []
    keys: list[Key] = []
    for index, written in enumerate(order_by):
        field = catalogue.get(written.removeprefix("-"))
        if fault := _fault(index, field, keys):
            violations.append(Violation(f"order_by[{index}]", fault))
        elif field is not None:
            keys.append(Key(field, written.startswith("-")))
    if violations:
        raise Invalid(violations)
    # The ids go the way of the last key, so that one index serves the order and its reverse.
    return _until_id([*keys, Key(catalogue["id"], keys[-1].descending if keys else True)])


def _fault(index: int, field: Field | None, keys: Iterable[Key]) -> str:
    if index >= MOST_KEYS:
        return f"is beyond the {MOST_KEYS} fields that a list can be sorted by"
    if field is None:
        return "is no field to sort by"
    return _unfit(field) or ("comes twice" if any(key.field is field for key in keys) else "")


def _unfit(field: Field) -> str:
    if not field.single or field.kind in (Kind.MESSAGE, Kind.OPAQUE, Kind.CUSTOM):
        return "has no single value to sort by"
    return (
        "is too long to sort by" if field.max_length > MAX_LENGTH else ""
    )  # a page token holds the values of the last row


def sortable(field: Field | None) -> bool:
    """Whether lists can be sorted by it; not by what is no field."""
    return field is not None and not _unfit(field)


def _until_id(keys: Sequence[Key]) -> Order:
    # Ids are unique: what would come after one decides nothing.
    last = next(place for place, key in enumerate(keys) if key.field.path == "id")
    return tuple(keys[: last + 1])


def sorting(order: Order) -> list[tuple[str, int]]:
    """The order as MongoDB's `sort` takes it."""
    return [(key.field.stored, -1 if key.descending else 1) for key in order]
