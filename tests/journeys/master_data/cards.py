"""Cards of telephones and mail programs, in vCard 2.1, 3.0 and 4.0, brought in as files."""

import re
from pathlib import Path

from tests.journeys.imports import groups
from tests.journeys.master_data.files import bring_in
from tests.journeys.master_data.verdicts import Verdicts
from tests.rest import Client

_COUNTRY = "US"  # where most of the cards are from; it is for numbers without a country
_FILES = {
    "Android": "John_Doe_ANDROID", "iPhone": "John_Doe_IPHONE", "macOS": "John_Doe_MAC_ADDRESS_BOOK",
    "Outlook 2007": "outlook-2007", "Gmail": "John_Doe_GMAIL", "gmail-single": "gmail-single", "Outlook": "John_Doe_MS_OUTLOOK",
    "gmail-list": "gmail-list", "rfc2426": "rfc2426-example", "rfc6350": "rfc6350-example",
}  # fmt: skip


def cards(client: Client, folder: Path) -> Verdicts:
    """Every card is a contact with all its telephones, or is refused for a telephone that none can be."""
    verdicts, readme = Verdicts(), (folder.parent / "README.md").read_text(encoding="utf-8")
    [known] = groups(r"\*\*vcards\*\*: 18 cards, phones per file: (.*?)\.", readme)
    phones = {name: int(count) for name, count in re.findall(r"([\w .-]+?) (\d+)(?:, |$)", known)}
    for name, stem in _FILES.items():
        brought = bring_in(client, folder / f"{stem}.vcf", country_code=_COUNTRY)
        for _ in brought.contacts:
            verdicts.judge(stem, taken=True, agrees=True)
        for row, reasons in brought.faults.items():
            verdicts.judge(f"{stem} card {row}", taken=False, agrees=False, reason="; ".join(reasons))
        told = sum(len(contact["phones"]) for contact in brought.contacts)
        lost = "telephones of cards that are refused" if brought.faults else ""
        verdicts.hold(f"{stem}: {told} telephones of {phones[name]}", told == phones[name], lost)
    return verdicts
