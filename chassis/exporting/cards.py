"""A stored record of a person as the lines of a vCard 3.0: each a name with its parameters, and its parts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Line = tuple[str, Sequence[str]]

_DEVICES = {"mobile": "CELL", "fax": "FAX", "pager": "PAGER", "home": "HOME", "work": "WORK"}


def lines_of(row: Mapping[str, Any]) -> list[Line]:
    """The lines of a card, in the order of RFC 2426."""
    return list(_lines(row))


def _lines(row: Mapping[str, Any]) -> Iterator[Line]:
    def text(name: str) -> str:
        return str(row.get(name) or "")

    given, family = text("given_name"), text("family_name")
    yield "UID", [text("_id")]
    yield "FN", [text("display_name") or f"{given} {family}".strip()]
    yield "N", [family, given, text("middle_name"), text("honorific"), text("suffix")]
    yield "NICKNAME", [text("nickname")]
    for email in row.get("emails", ()):
        yield f"EMAIL{_types(email)}", [email.get("address", "")]
    for phone in row.get("phones", ()):
        yield f"TEL{_types(phone)}", [phone.get("number", "")]
    for address in row.get("addresses", ()):
        street = "\n".join(address.get("lines", ()))
        parts = [address.get(name, "") for name in ("locality", "region", "postal_code", "country_code")]
        yield f"ADR{_types(address)}", ["", "", street, *parts]
    for website in row.get("websites", ()):
        yield f"URL{_types(website)}", [website.get("url", "")]
    yield "ORG", [text("account.name"), text("department")]
    yield "TITLE", [text("job_title")]
    yield "BDAY", [text("birth_date")]
    yield "NOTE", [text("description")]


def _types(entry: Mapping[str, Any]) -> str:
    words = [_DEVICES[word] for word in str(entry.get("type") or "").split() if word in _DEVICES]
    if entry.get("primary"):
        words.append("PREF")
    return "".join(f";TYPE={word}" for word in words)
