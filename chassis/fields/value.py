"""Values of custom fields: read from the wire by the type of their field, kept, and shown again.

Kept are: texts as texts, numbers as integers and decimals, instants as instants, amounts as `{currency_code, units, nanos}`.
All but decimals, instants and amounts have one shape in MongoDB and on the wire.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bson.decimal128 import Decimal128

from chassis import clock
from chassis.ids import is_id
from chassis.listing.catalogue import Kind
from chassis.listing.operand import Unfit, instant
from chassis.validation import text_fault
from chassis.validation.formats import currencies, is_date, is_email, is_phone, is_url

MOST_DIGITS, MOST_PLACES = 28, 9  # of a decimal
EXACT = 1 << 53  # beyond, JSON numbers lose digits

_DECIMAL = re.compile(r"-?[0-9]{1,28}(?:\.[0-9]{1,28})?\Z")
_WHOLE = re.compile(r"-?[0-9]{1,17}\Z")
_MOST_UNITS = 9_000_000_000_000_000
_LONG = 10_000


@dataclass(frozen=True)
class Choice:
    """The values that a field chooses from: all of them, and those that are not retired."""

    known: frozenset[str] = frozenset()
    offered: frozenset[str] = frozenset()


Read = Callable[[Any, Choice], Any]


@dataclass(frozen=True)
class Type:
    """What a type of field is: how it compares, how a value is read, whether it may lie in an index."""

    kind: Kind
    read: Read
    longest: int = 255
    several: bool = False
    indexable: bool = True
    words: bool = False  # its values are texts in which words can be found


def read(type_name: str, given: Any, choice: Choice = Choice()) -> Any:
    """The kept value of `given`, a JSON value; None when it is none (null, an empty text or list). Raises Unfit."""
    if given is None or given == "" or given == []:
        return None
    return TYPES[type_name].read(given, choice)


def shown(value: Any) -> Any:
    """A kept value as JSON shows it."""
    if isinstance(value, Decimal128):
        return format(value.to_decimal(), "f")
    if isinstance(value, datetime):
        return clock.told(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, dict):
        return {**value, "units": str(value["units"])}
    return value


def computed(type_name: str, result: Any) -> Any:
    """The kept value of what a formula gives; None when it is no value of the type."""
    try:
        if isinstance(result, Decimal):
            places = 0 if type_name == "INTEGER" else MOST_PLACES
            written = format(result.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")
            return read(type_name, written.rstrip("0").rstrip(".") if places else written)
        if isinstance(result, datetime):
            return read(type_name, shown(result))
        return read(type_name, result.isoformat() if isinstance(result, date) else result)
    except (Unfit, ArithmeticError):
        return None


def entry_key(value: Any) -> str:
    """A kept value as a text that no other value of its field has."""
    return "\t".join(str(part) for part in value.values()) if isinstance(value, dict) else str(shown(value))


# ---------------------------------------------------------------- readers


def _text_of(longest: int) -> Read:
    def check(given: Any, _choice: Choice) -> str:
        if not isinstance(given, str):
            raise Unfit("must be a text")
        if fault := text_fault(given, longest):
            raise Unfit(fault)
        return given

    return check


def _held_to(test: Callable[[str], bool], sentence: str, longest: int = 255) -> Read:
    text = _text_of(longest)

    def check(given: Any, choice: Choice) -> str:
        found: str = text(given, choice)
        if not test(found):
            raise Unfit(sentence)
        return found

    return check


def _integer(given: Any, _choice: Choice) -> int:
    written = isinstance(given, str) and _WHOLE.match(given)
    counted = isinstance(given, int | float) and not isinstance(given, bool) and given == given // 1
    if not written and not counted:
        raise Unfit("must be a whole number")
    if abs(number := int(given)) > EXACT:
        raise Unfit("must be from -2^53 to 2^53")
    return number


def _decimal(given: Any, _choice: Choice) -> Decimal128:
    # A JSON number is taken by its shortest digits, which are those that were written; as text it keeps all 28.
    text = given if isinstance(given, str) else format(Decimal(repr(given)), "f") if _is_number(given) else ""
    if not _DECIMAL.match(text):
        raise Unfit('must be a decimal number, such as "12.50"')
    number = Decimal(text)
    trimmed = format(number, "f").rstrip("0") if "." in text else format(number, "f")
    digits = trimmed.lstrip("-").replace(".", "").lstrip("0")
    if len(digits) > MOST_DIGITS or len(trimmed.partition(".")[2]) > MOST_PLACES:
        raise Unfit(f"must have at most {MOST_DIGITS} digits, {MOST_PLACES} of them after the point")
    return Decimal128(Decimal(trimmed.rstrip(".")) + 0)  # no negative zero


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _boolean(given: Any, _choice: Choice) -> bool:
    if not isinstance(given, bool):
        raise Unfit("must be true or false")
    return given


def _instant(given: Any, _choice: Choice) -> datetime:
    if not isinstance(given, str):
        raise Unfit(f"must be {Kind.INSTANT.value}")
    return instant(given)


def _option(given: Any, choice: Choice) -> str:
    if not isinstance(given, str) or given not in choice.known:
        raise Unfit(_choices(choice.offered))
    return given


def _some(given: Any, choice: Choice) -> list[str]:
    if not isinstance(given, list):
        raise Unfit("must be a list")
    found = [_option(each, choice) for each in given]
    return list(dict.fromkeys(found))


def _choices(offered: Collection[str]) -> str:
    some = sorted(offered)
    return f"must be one of {', '.join(some[:20])}{', …' if len(some) > 20 else ''}"


def _email(given: Any, choice: Choice) -> str:
    local, at, domain = _held_to(is_email, "must be an e-mail address")(given, choice).rpartition("@")
    return f"{local}{at}{domain.lower()}"


def _money(given: Any, _choice: Choice) -> dict[str, Any]:
    if not isinstance(given, dict) or not {"currency_code"} <= given.keys() <= {"currency_code", "units", "nanos"}:
        raise Unfit("must be an amount, {currency_code, units, nanos}")
    if given["currency_code"] not in currencies():
        raise Unfit("must have an ISO 4217 currency code, such as EUR")
    try:
        units, nanos = (_integer(given.get(part) or 0, Choice()) for part in ("units", "nanos"))
    except Unfit:
        raise Unfit("must have whole units and nanos") from None
    if abs(units) > _MOST_UNITS or abs(nanos) > 999_999_999 or units * nanos < 0:
        raise Unfit("must have at most 9 * 10^15 units, and nanos of the same sign")
    return {"currency_code": given["currency_code"], "units": units, "nanos": nanos}


TYPES: dict[str, Type] = {
    "TEXT": Type(Kind.STRING, _text_of(255), words=True),
    "LONG_TEXT": Type(Kind.STRING, _text_of(_LONG), longest=_LONG, indexable=False, words=True),
    "INTEGER": Type(Kind.INTEGER, _integer),
    "DECIMAL": Type(Kind.DECIMAL, _decimal),
    "BOOLEAN": Type(Kind.BOOLEAN, _boolean),
    "DATE": Type(Kind.DATE, _held_to(is_date, "must be a date, such as 2026-11-22")),
    "INSTANT": Type(Kind.INSTANT, _instant),
    "SELECT": Type(Kind.STRING, _option),
    "MULTI_SELECT": Type(Kind.STRING, _some, several=True),
    "REFERENCE": Type(Kind.ID, _held_to(is_id, "must be an id")),
    "EMAIL": Type(Kind.STRING, _email, words=True),
    "PHONE": Type(
        Kind.STRING, _held_to(is_phone, "must be a telephone number in E.164, such as +4915123456789"), words=True
    ),
    "URL": Type(Kind.STRING, _held_to(is_url, "must be an absolute http or https URL", 2000), longest=2000),
    "MONEY": Type(Kind.MESSAGE, _money),
}
