"""Accounts of our own making, the same ones for the suite and for the baseline: made-up words, every field of use filled."""

import random
from typing import Any

_SYLLABLES = (
    "ba",
    "dor",
    "fen",
    "gil",
    "har",
    "kel",
    "lum",
    "mor",
    "nis",
    "pol",
    "quo",
    "ras",
    "sil",
    "tav",
    "ven",
    "wyk",
)
WORDS = tuple(sorted(f"{one}{two}{three}" for one in _SYLLABLES for two in _SYLLABLES for three in _SYLLABLES[:2]))


def account(number: int, dice: random.Random) -> dict[str, Any]:
    """The account of this number, as a client sends it; its name has three of the 512 words."""
    words = dice.sample(WORDS, 3)
    return {
        "name": f"{' '.join(words).title()} {number}",
        "domain": f"{words[0]}{number}.example.com",
        "industry": dice.choice(("Retail", "Research", "Transport", "Publishing")),
        "employee_count": dice.randrange(1, 5000),
        "annual_revenue": {"currency_code": "EUR", "units": str(dice.randrange(10**5, 10**9))},
        "founded_year": dice.randrange(1900, 2026),
        "region": dice.choice(("Europe", "Americas", "Nordics")),
        "phones": [{"number": f"+44163296{dice.randrange(10000):04d}", "type": "work", "primary": True}],
        "addresses": [
            {"type": "visit", "lines": [f"Pier {number % 90 + 1}"], "locality": "Husum", "postal_code": "25813",
             "country_code": "DE"}
        ],
        "description": f"Met at the fair; wants {words[1]} before the winter.",
        "tags": ["bench", dice.choice(("customer", "prospect"))],
    }  # fmt: skip


def accounts(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """So many accounts; the same for the same seed."""
    dice = random.Random(seed)
    return [account(number, dice) for number in range(count)]
