"""Numbers under which registers know a company. Pure."""

import re

from chassis import Invalid, Violation
from services.contacts.channels import Entry

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")


def settled(entries: list[Entry], path: str) -> list[Entry]:
    """The entries; refused with Invalid where one is given twice or has wrong check digits."""
    faults, seen = [], set[tuple[str, ...]]()
    for place, entry in enumerate(entries):
        pair = entry["kind"], entry.get("country_code") or "", entry["number"]
        if pair in seen:
            faults.append(Violation(f"{path}[{place}].number", "is given twice"))
        if entry["kind"] == "lei" and not is_lei(entry["number"]):
            faults.append(Violation(f"{path}[{place}].number", "is no LEI: its check digits are wrong"))
        seen.add(pair)
    if faults:
        raise Invalid(faults)
    return entries


def is_lei(number: str) -> bool:
    """Whether a Legal Entity Identifier has right check digits (ISO 17442, ISO 7064 MOD 97-10)."""
    return bool(_LEI.fullmatch(number)) and int("".join(str(int(sign, 36)) for sign in number)) % 97 == 1
