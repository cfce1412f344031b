"""What a cell says, as the value of a field: dates in the order of their column, decimal commas, national telephone numbers.

A reader takes a cell's text, never empty, and gives the value; it raises ValueError with the sentence that the row is told.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import phonenumbers
import pycountry
from babel import Locale
from crm.options.v1 import options_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis import declared
from chassis.fields import CustomField

Read = Callable[[str], Any]


class Numeral(str):
    """What a number of the file itself, not a text, is told as: no custom of writing numbers is about it."""


_DATE_PARTS = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})(?:[T ]00:00(?::00)?)?\Z")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_AMOUNT = re.compile(r"[-+]?[0-9.,'\u2019\u00a0\u202f ]+\Z")
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₪": "ILS",
    "₫": "VND",
    "$": "USD",
}
_YES, _NO = (
    frozenset({"1", "true", "yes", "y", "x", "on", "ja", "oui", "si", "sí"}),
    frozenset({"0", "false", "no", "n", "off", "nein", "non"}),
)
_LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sk", "hu", "ro", "hr", "sv", "da", "nb", "fi", "et", "el", "tr", "ru",
    "uk", "bg", "ar", "he", "fa", "hi", "zh", "zh_Hant", "ja", "ko", "vi", "th", "id",
)  # fmt: skip
_PARTS = {"uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "holland": "NL"}
_CENTURY = 69  # POSIX: two digits from here on are of the 20th century

_INTEGERS = (
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
)
_NUMBERS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)


@dataclass(frozen=True)
class Customs:
    """How the people who made a file write."""

    decimal_mark: str = "."
    date_order: str = "YMD"
    country_code: str = ""  # of telephone numbers that are written as at home


def reader(field: Any, customs: Customs) -> Read:
    """What reads the cells of a field that holds no message."""
    if field.enum_type is not None:
        return option_of([(value.name, value.number) for value in field.enum_type.values if value.number])
    if field.cpp_type in _INTEGERS:
        return lambda text: _whole(number(text, customs.decimal_mark))
    if field.cpp_type in _NUMBERS:
        return lambda text: float(number(text, customs.decimal_mark))
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return yes_or_no
    return _text_reader(declared.rules(field).format, customs)


def _text_reader(format: int, customs: Customs) -> Read:
    if format == options_pb2.FORMAT_DATE:
        return lambda text: day(text, customs.date_order)
    if format == options_pb2.FORMAT_PHONE:
        return lambda text: phone(text, customs.country_code)
    return _TEXTS.get(format, str.strip)


def custom_reader(field: CustomField, customs: Customs) -> Callable[[str], Any]:
    """What reads the cells of a tenant's own field: as JSON, which the field's type then reads as it reads a request."""
    readers: dict[str, Callable[[str], Any]] = {
        "INTEGER": lambda text: str(_whole(number(text, customs.decimal_mark))),
        "DECIMAL": lambda text: format(number(text, customs.decimal_mark), "f"),
        "BOOLEAN": yes_or_no,
        "DATE": lambda text: day(text, customs.date_order),
        "INSTANT": lambda text: instant(text).isoformat(),
        "PHONE": lambda text: phone(text, customs.country_code),
        "EMAIL": _email,
        "URL": _url,
        "SELECT": field.option_named,
        "MULTI_SELECT": lambda text: [field.option_named(each) for each in text.split(";") if each.strip()],
        "MONEY": lambda text: {part: _exact(found) for part, found in amount(text, customs).items()},
    }
    return readers.get(field.type_name, str.strip)


def _exact(part: Any) -> str:
    return str(part)  # JSON's numbers have too few digits for amounts


def day(text: str, order: str) -> str:
    """A date in ISO 8601, from day, month and year in the column's order. Two digits of a year are of 1969 to 2068."""
    text = text.strip()
    found = _DATE_PARTS.match(text) or (_COMPACT_DATE.match(text) if order == "YMD" else None)
    if not found:
        raise ValueError(f"is no date in the order {order}")
    # Whoever writes the year first, in four digits, means it: workbooks and other programs write dates so.
    parts = dict(zip("YMD" if len(found[1]) == 4 else order, found.groups(), strict=True))
    year = int(parts["Y"])
    if len(parts["Y"]) <= 2:
        year += 1900 if year >= _CENTURY else 2000
    try:
        return date(year, int(parts["M"]), int(parts["D"])).isoformat()
    except ValueError:
        raise ValueError(f"is no date in the order {order}") from None


def instant(text: str) -> datetime:
    """An instant in ISO 8601; in UTC where it names no zone."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("is no instant such as 2026-11-22T09:30:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def number(text: str, mark: str) -> Decimal:
    """A number with `mark` before its decimals, and any of the usual marks between its thousands; a Numeral as it is."""
    if isinstance(text, Numeral) and math.isfinite(float(text)):
        return Decimal(text)
    bare = text.strip()
    if not _AMOUNT.match(bare):
        raise ValueError("is no number")
    whole, _, decimals = bare.partition(mark)
    whole = re.sub(r"[.,'\u2019\u00a0\u202f ]", "", whole)
    try:
        return Decimal(f"{whole or '0'}.{decimals or '0'}")
    except InvalidOperation:
        raise ValueError(f"is no number with `{mark}` before its decimals") from None


def _whole(value: Decimal) -> int:
    if value != value.to_integral_value():
        raise ValueError("is no whole number")
    return int(value)


def amount(text: str, customs: Customs) -> dict[str, Any]:
    """Money: a number with or without the code or the sign of its currency, before it or behind."""
    bare, code = (text, "") if isinstance(text, Numeral) else _currency(text.strip())
    value = number(bare, customs.decimal_mark)
    units = int(value)
    nanos = int((value - units) * 1_000_000_000)
    return {"units": units, "nanos": nanos} | ({"currency_code": code} if code else {})


def _currency(text: str) -> tuple[str, str]:
    """An amount without its currency, and the currency's code; empty where it names none."""
    code = ""
    for sign, known in _SIGNS.items():
        if sign in text:
            text, code = text.replace(sign, "").strip(), known
            break
    if found := re.search(r"\b([A-Z]{3})\b", text):
        text, code = text.replace(found[1], "").strip(), found[1]
    return text, code


def option_of(options: Sequence[tuple[str, int]]) -> Read:
    """One of named values, by its name in any case or by its number."""
    known = {name.casefold().replace("_", " "): value for name, value in options} | {
        str(value): value for _, value in options
    }

    def read(text: str) -> int:
        try:
            return known[text.strip().casefold().replace("_", " ")]
        except KeyError:
            raise ValueError(f"is none of {', '.join(name for name, _ in options)}") from None

    return read


def yes_or_no(text: str) -> bool:
    """Yes or no, as people write it."""
    word = text.strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError("is neither yes nor no")


@lru_cache(maxsize=4096)
def phone(text: str, country_code: str) -> str:
    """A telephone number in E.164, read as dialled in `country_code` where it names no country."""
    bare = text.strip()
    if _E164.match(bare):
        return bare
    try:
        parsed = phonenumbers.parse(bare, country_code or None)
    except phonenumbers.NumberParseException:
        hint = "" if country_code else "; say the import's country_code for numbers without +"
        raise ValueError(f"is no telephone number{hint}") from None
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError("has a length that no telephone number there has")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=1024)
def country(text: str) -> str:
    """The ISO 3166 code of a country, by code or by name in many languages: `U.S.A.`, `Österreich`."""
    name = text.strip().replace(".", "")
    try:
        return str(pycountry.countries.lookup(name).alpha_2)
    except LookupError:
        if code := _PARTS.get(name.casefold()) or _country_names().get(name.casefold()):
            return code
    raise ValueError("is no country that ISO 3166 knows") from None


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    """The names of countries as the Unicode CLDR has them; where two languages share a name, that of the first one."""
    names: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and pycountry.countries.get(alpha_2=code):
                names.setdefault(name.casefold(), code)
    return names


def _domain(text: str) -> str:
    return _SCHEME.sub("", text.strip()).partition("/")[0].rpartition("@")[2]


def _url(text: str) -> str:
    bare = text.strip()
    return bare if _SCHEME.match(bare) else f"https://{bare}"


def _email(text: str) -> str:
    return text.strip().removeprefix("mailto:")


_TEXTS: dict[int, Read] = {
    options_pb2.FORMAT_COUNTRY: country, options_pb2.FORMAT_DOMAIN: _domain, options_pb2.FORMAT_URL: _url,
    options_pb2.FORMAT_EMAIL: _email, options_pb2.FORMAT_CURRENCY: lambda text: text.strip().upper(),
    options_pb2.FORMAT_KEY: lambda text: text.strip().lower(),
}  # fmt: skip
