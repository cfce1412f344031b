"""What is compared of a record: its names, days, places and keys, each in one written form.

A portrait is made of stored values, so that what is compared here and what is found by an index come from the same place.
Text is in small Latin letters without accents whatever script it was written in (`Шишкин` → `shishkin`), for a customer who
is typed in twice is seldom typed in the same way.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from anyascii import anyascii

from chassis import fold
from services.contacts.channels import company_domain, mailbox, normal_domain

# Legal forms say what a company is before the law, not which one it is. ISO 20275 has some 3,000; these are the common ones.
_LEGAL_FORMS = frozenset(
    {
        "ab", "ag", "as", "asa", "bv", "bvba", "co", "company", "corp", "corporation", "eirl", "eood", "ev", "gbr", "gmbh",
        "inc", "incorporated", "kft", "kg", "kk", "lda", "limited", "llc", "llp", "lp", "ltd", "ltda", "mbh", "nv", "oao",
        "ohg", "ooo", "oy", "oyj", "plc", "pty", "pvt", "sa", "sarl", "sas", "se", "sl", "sp", "spa", "spz", "srl", "sro",
        "the", "ug", "zoo",
    }
)  # fmt: skip
_BETWEEN = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Place:
    """A postal address; empty where a part is not known."""

    street: str = ""
    locality: str = ""
    region: str = ""
    postal_code: str = ""


@dataclass(frozen=True)
class Portrait:
    """What is compared of a contact, a lead or an account; empty where it is not known."""

    given_name: str = ""
    family_name: str = ""
    organisation: str = ""
    birth_date: str = ""  # yyyymmdd
    places: tuple[Place, ...] = ()
    mailboxes: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    domain: str = ""
    external_ids: frozenset[tuple[str, str]] = frozenset()


def of_person(row: Mapping[str, Any]) -> Portrait:
    """The portrait of the stored values of a contact or a lead."""
    emails = [each["address"] for each in row.get("emails") or ()] or _one(row.get("email"))
    phones = [each["number"] for each in row.get("phones") or ()] or _one(row.get("phone"))
    return Portrait(
        given_name=plain(row.get("given_name")),
        family_name=plain(row.get("family_name")),
        organisation=plain_company(row.get("company_name")),
        birth_date=(row.get("birth_date") or "").replace("-", ""),
        places=_places(row),
        mailboxes=frozenset(map(mailbox, emails)),
        phones=frozenset(phones),
        external_ids=_external_ids(row),
    )


def of_company(row: Mapping[str, Any]) -> Portrait:
    """The portrait of the stored values of an account. Free mail and the pages of its providers are no company's domain."""
    domain = row.get("domain")
    return Portrait(
        organisation=plain_company(row.get("name")),
        places=_places(row),
        phones=frozenset(each["number"] for each in row.get("phones") or ()),
        domain=company_domain(f"@{normal_domain(domain)}") if domain else "",
        external_ids=_external_ids(row),
    )


@lru_cache(maxsize=65536)
def plain(text: str | None) -> str:
    """Words in small Latin letters and digits: `Łódź-Widzew` → `lodz widzew`."""
    if not text:
        return ""
    return " ".join(_BETWEEN.split(fold(anyascii(fold(text))))).strip()


def plain_company(name: str | None) -> str:
    """A company's name without its legal form, unless nothing else is left: `Vale Gardens Ltd.` → `vale gardens`."""
    words = plain((name or "").replace(".", "")).split()
    return " ".join([word for word in words if word not in _LEGAL_FORMS] or words)


def _one(value: str | None) -> list[str]:
    return [value] if value else []


def _places(row: Mapping[str, Any]) -> tuple[Place, ...]:
    return tuple(_place(each) for each in row.get("addresses") or ())


def _place(address: Mapping[str, Any]) -> Place:
    lines: Iterable[str] = address.get("lines") or ()
    return Place(
        street=plain(" ".join(lines)),
        locality=plain(address.get("locality")),
        region=plain(address.get("region")),
        postal_code=plain(address.get("postal_code")).replace(" ", ""),
    )


def _external_ids(row: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    return frozenset((each["system"], each["id"]) for each in row.get("external_ids") or ())
