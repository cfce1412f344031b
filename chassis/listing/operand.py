"""What a field is compared with: a value from the wire as the field's kind reads it.

An operand is a text, number, boolean or instant and nothing else, so that nothing in it can act as an operator.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chassis.listing.catalogue import Field, Kind
from chassis.listing.folding import pattern
from chassis.validation import text_fault
from chassis.validation.formats import is_date

Scalar = str | int | float | bool | datetime | Decimal | None
Operand = Scalar | tuple[Scalar, ...]

MOST_CHOICES = 200
_LONGEST = 10_000
_LONGEST_SOUGHT = 100  # keeps a pattern under MongoDB's 32,764 bytes
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,19}\Z", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,28}(\.\d{1,9})?\Z", re.ASCII)


class Unfit(Exception):
    """A value that its field cannot be compared with; `path` is the place below the value."""

    def __init__(self, text: str, path: str = "") -> None:
        super().__init__(text)
        self.path = path


def operand(field: Field, given: Any) -> Scalar:
    """The value (a `google.protobuf.Value`) as `field` reads it; None for a text that is no value. Raises Unfit.

    Numbers may come as text too: that is how JSON writes an int64, and what a query parameter is.
    """
    return _READERS[field.kind](field, given)


def ordered(field: Field, given: Any) -> Scalar:
    """The value as `field` reads it, which must be one: nothing comes before or after no value. Raises Unfit."""
    found = operand(field, given)
    if found is None:
        raise Unfit("must not be empty")
    return found


def sought(field: Field, given: Any) -> str:
    """The text to find in a text. Raises Unfit."""
    text = str(ordered(field, given))
    if len(text) > _LONGEST_SOUGHT:
        raise Unfit(f"must be at most {_LONGEST_SOUGHT} characters long")
    if not pattern(text):
        raise Unfit("must hold more than accents")
    return text


def operands(field: Field, given: Any, exactly: int = 0) -> tuple[Scalar, ...]:
    """The entries of a list value, 1 to 200; or `exactly` so many, which have an order. Raises Unfit."""
    if given.WhichOneof("kind") != "list_value":
        raise Unfit("must be a list")
    entries = given.list_value.values
    if exactly and len(entries) != exactly:
        raise Unfit(f"must have {exactly} entries")
    if not 1 <= len(entries) <= MOST_CHOICES:
        raise Unfit(f"must have 1 to {MOST_CHOICES} entries")
    read = ordered if exactly else operand
    found = []
    for index, entry in enumerate(entries):
        try:
            found.append(read(field, entry))
        except Unfit as unfit:
            raise Unfit(str(unfit), f"[{index}]") from None
    return tuple(found)


def _text(_field: Field, given: Any) -> str | None:
    if given.WhichOneof("kind") != "string_value":
        raise Unfit("must be a text")
    if fault := text_fault(given.string_value, _LONGEST):
        raise Unfit(fault)
    return given.string_value or None


def _date(field: Field, given: Any) -> str | None:
    text = _text(field, given)
    if text and not is_date(text):
        raise Unfit(f"must be {Kind.DATE.value}")
    return text


def _name(field: Field, given: Any) -> str | None:
    text = _text(field, given)
    if text and text not in field.names:
        raise Unfit(f"must be one of {', '.join(field.names[1:])}")
    return None if text == field.names[0] else text


def _integer(_field: Field, given: Any) -> int:
    number = _number(_field, given)
    if number != int(number):
        raise Unfit(f"must be {Kind.INTEGER.value}")
    # Read from the text, a number keeps the digits that a double has no room for.
    whole = int(given.string_value) if _WHOLE.match(given.string_value) else int(number)
    if not -(2**63) <= whole < 2**63:
        raise Unfit("must be a number of 64 bits")
    return whole


def _number(field: Field, given: Any) -> float:
    kind = given.WhichOneof("kind")
    try:
        number = float(given.string_value) if kind == "string_value" else given.number_value
    except ValueError:
        number = math.nan
    if kind not in ("string_value", "number_value") or not math.isfinite(number):
        raise Unfit(f"must be {field.kind.value}")
    return number


def _decimal(_field: Field, given: Any) -> Decimal:
    text = given.string_value or format(Decimal(repr(_number(_field, given))), "f")
    if not _DECIMAL.match(text):
        raise Unfit(f"must be {Kind.DECIMAL.value} of at most 28 digits, 9 of them after the point")
    return Decimal(text)


def _boolean(_field: Field, given: Any) -> bool:
    if given.WhichOneof("kind") == "bool_value":
        return given.bool_value
    if given.string_value not in ("true", "false"):
        raise Unfit(f"must be {Kind.BOOLEAN.value}")
    return given.string_value == "true"


def _instant(_field: Field, given: Any) -> datetime:
    return instant(given.string_value)


def instant(text: str) -> datetime:
    """The instant that an RFC 3339 text names, in UTC to the millisecond. Raises Unfit."""
    if not _INSTANT.match(text):
        raise Unfit(f"must be {Kind.INSTANT.value}")
    try:
        found = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit("must be an instant from year 0001 to 9999") from None
    # Records keep whole milliseconds; finer digits are cut off, as they were when the record was kept.
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


_READERS: dict[Kind, Callable[[Field, Any], Any]] = {
    Kind.STRING: _text,
    Kind.ID: _text,
    Kind.DATE: _date,
    Kind.ENUM: _name,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.DECIMAL: _decimal,
    Kind.BOOLEAN: _boolean,
    Kind.INSTANT: _instant,
}
