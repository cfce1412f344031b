"""Telephone numbers: what somebody typed, read into E.164. Pure.

The numbering plans are those of libphonenumber. A number is kept when its plan knows its length; whether it is assigned, and
to whom, only a call tells.
"""

from functools import lru_cache
from typing import NamedTuple

import phonenumbers

from chassis import Invalid, telephone
from services.contacts.channels import Entry, with_one_primary


class Telephone(NamedTuple):
    """A number in E.164 with the region of the numbering plans that it belongs to, and the digits to dial once connected."""

    number: str
    region: str
    extension: str


class Unreadable(ValueError):
    """What was typed is no telephone number; the sentence says why."""


def read(typed: str, region: str = "") -> Telephone:
    """The number that somebody typed in the national form of `region`, or in the international one. Raises Unreadable."""
    return _read(typed, "" if telephone(typed) else region)  # in the international form all regions read the same


@lru_cache(maxsize=4096)  # parsing costs as much as the rest of a contact
def _read(typed: str, region: str) -> Telephone:
    number = telephone(typed) or _national(typed, region)
    if not phonenumbers.is_possible_number(number):
        raise Unreadable("is no telephone number: its country knows none of this length")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    plan = phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )
    return Telephone(e164, plan, number.extension or "")


def _national(typed: str, region: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(typed, region or None)
    except phonenumbers.NumberParseException as fault:
        unsaid = fault.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not region
        raise Unreadable("has neither a country code nor a region" if unsaid else "is no telephone number") from None


def settled(phones: list[Entry], path: str, country: str) -> list[Entry]:
    """The entries with number, region and extension, one of them primary. `country` is whose form is typed in by default.

    Refused with Invalid for what cannot be read, says two different numbers, or is primary beside another.
    """
    return with_one_primary([_settled(each, f"{path}[{place}]", country) for place, each in enumerate(phones)], path)


def typed_number(typed: str, region: str, path: str, number: str = "") -> Telephone:
    """The telephone that was typed, which is `number` where that is given. Refused with Invalid at `path`."""
    try:
        found = read(typed, region)
    except Unreadable as fault:
        raise Invalid.field(path, str(fault)) from None
    if number and found.number != number:
        raise Invalid.field(path, f"is another number than {number}: it is {found.number}")
    return found


def _settled(entry: Entry, path: str, country: str) -> Entry:
    number, typed, region = (entry.get(name) or "" for name in ("number", "raw", "region"))
    if region and region not in phonenumbers.SUPPORTED_REGIONS and region != "001":
        raise Invalid.field(f"{path}.region", "must be a region of the numbering plans, such as CI")
    extension = entry.get("extension") or ""
    if extension and not (extension.isascii() and extension.isdigit()):
        raise Invalid.field(f"{path}.extension", "must be digits")
    if not (number or typed):
        raise Invalid.field(f"{path}.number", "is required where there is no raw")
    own = typed_number(number, "", f"{path}.number").region if number else ""
    # That of what was typed is kept, so that it reads the same when the record comes back with another address.
    region = (region or country or own) if typed else own
    found = typed_number(typed or number, region, f"{path}.raw", number)
    told = {
        "number": found.number,
        "region": region or found.region,
        "extension": extension or found.extension,
    }
    return entry | {name: value for name, value in told.items() if value}
