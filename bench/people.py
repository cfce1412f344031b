"""People of our own making, so many that a search is hard: names as unevenly spread as real ones, in several scripts.

The most usual given name has about 2 % of the people and the most usual family name 0.5 %, as in censuses; one in ten has a
name in Cyrillic, Greek, Arabic or Han. Rows are made as `Contact` keeps them; the same seed makes the same people.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from typing import Any

from chassis.listing import TOKENS, catalogue, search_tokens, values
from services.contacts.contact import Contact
from services.contacts.names import Name

USERS, TEAMS, ACCOUNTS, TERRITORIES = 100, 20, 50_000, 50
BUSY = 5  # users that own a tenth of all contacts between them; the others share the rest evenly

_SYLLABLES = (
    "an", "be", "cor", "da", "el", "fi", "gro", "ha", "is", "jo", "ka", "lu", "ma", "ne", "or", "pe", "qui", "ro", "sa", "ti",
    "ul", "vo", "wi", "xa", "yl", "zo", "schw", "tr", "br", "st", "mann", "berg",
)  # fmt: skip
_OTHERS = (
    (("Анна", "Сергей", "Мария", "Игорь", "Ольга"), ("Иванова", "Петров", "Кузнецов", "Смирнова", "Соколов", "Чехов")),
    (("Γεώργιος", "Μαρία", "Ελένη", "Νίκος"), ("Παπαδόπουλος", "Οικονόμου", "Γεωργίου", "Αθανασίου")),
    (("محمد", "فاطمة", "أحمد", "مريم"), ("العلي", "الحسن", "المصري", "حداد")),
    (("太郎", "花子", "美咲", "偉", "芳"), ("田中", "佐藤", "鈴木", "王", "李", "高橋")),
)
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


@cache
def _names(count: int, seed: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    # So many names of two to four syllables, and the sums of their weights: one over the rank, from the thirtieth on.
    dice, found = random.Random(seed), dict[str, None]()
    while len(found) < count:
        found["".join(dice.choices(_SYLLABLES, k=dice.choice((2, 2, 3, 3, 4)))).capitalize()] = None
    flat = 8 if count < 10_000 else 20
    return tuple(found), tuple(accumulate(1 / (rank + flat) for rank in range(count)))


def rows(tenant_id: str, numbers: range, seed: int = 1) -> Iterator[dict[str, Any]]:
    """The stored rows of the contacts with these numbers."""
    fields = catalogue(Contact.contract.DESCRIPTOR)
    for number in numbers:
        row = _row(tenant_id, number, random.Random(seed * 10**9 + number))
        row[TOKENS] = search_tokens(text for path in Contact.searched for text in values(row, fields[path]) if text)
        yield row


def _row(tenant_id: str, number: int, dice: random.Random) -> dict[str, Any]:
    given, family, latin = _name(dice)
    owner = dice.randrange(BUSY) if dice.random() < 0.1 else dice.randrange(BUSY, USERS)
    emails = [{"address": f"{latin.lower()}{number}@{_domain(dice)}", "type": "work", "primary": True}]
    at = _BEGIN + timedelta(seconds=number)
    return {
        "_id": f"con_{number:026x}", "tenant_id": tenant_id, "revision": 1, "create_time": at, "update_time": at,
        "given_name": given, "family_name": family, "display_name": Name(given=given, family=family).shown,
        "emails": emails,
        "phones": [{"number": f"+49151{10_000_000 + number * 7919 % 90_000_000}", "type": "mobile", "primary": True}],
        "addresses": [{"lines": [f"Hauptstr. {number % 200}"], "locality": "Husum", "country_code": "DE"}],
        "account_id": f"acc_{dice.randrange(ACCOUNTS):026x}", "job_title": dice.choice(("Buyer", "Owner", "Engineer")),
        "owner_id": f"usr_{owner}", "team_id": f"team_{owner % TEAMS}",
        "territory_id": f"ter_{dice.randrange(TERRITORIES):026x}",
        "tags": [dice.choice(("customer", "prospect"))],
        "external_ids": [{"system": "import", "id": str(number)}],
        "purchases": {"order_count": 1, "last_order_date": f"{2020 + number % 6}-{number % 12 + 1:02}-{number % 28 + 1:02}"},
    }  # fmt: skip


def _name(dice: random.Random) -> tuple[str, str, str]:
    # Given name, family name, and how the address has them.
    given, family = (_one_of(_names(2_000, 1), dice), _one_of(_names(40_000, 2), dice))
    if dice.random() < 0.9:
        return given, family, f"{given}.{family}"
    names = dice.choice(_OTHERS)
    return dice.choice(names[0]), dice.choice(names[1]), f"{given}.{family}"


def _domain(dice: random.Random) -> str:
    return "gmail.com" if dice.random() < 0.3 else f"{_one_of(_names(2_000, 3), dice).lower()}.example"


def _one_of(names: tuple[tuple[str, ...], tuple[float, ...]], dice: random.Random) -> str:
    return dice.choices(names[0], cum_weights=names[1])[0]
