"""The FEBRL data sets of persons with planted doubles, as contacts; and how many of the doubles are found.

Typing errors, swapped fields and missing values were planted by Christen's generator; which records are the same person stands
in the record's id, which nobody compares. The invented number of social security is left out: contacts have no field for it,
and it would make the task easy.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

from services.contacts.blocking import keys
from services.contacts.likeness import compare
from services.contacts.portrait import of_person

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "febrl-dedupe"

Pair = frozenset[str]


def people(dataset: int) -> dict[str, dict[str, Any]]:
    """The contacts of a data set by their ids, as clients would send them."""
    with (DATA / f"dataset{dataset}.csv").open(newline="", encoding="utf-8") as file:
        rows = [{name.strip(): value.strip() for name, value in row.items()} for row in csv.DictReader(file)]
    return {row["rec_id"]: _contact(row) for row in rows}


def doubles(ids: Iterable[str]) -> set[Pair]:
    """The pairs of records that are the same person."""
    same: dict[str, list[str]] = defaultdict(list)
    for id in ids:
        same[id.split("-")[1]].append(id)
    return {frozenset(pair) for group in same.values() for pair in combinations(group, 2)}


@dataclass(frozen=True)
class Measure:
    """What is found at one score; `compared` is how many pairs share a key, of all that there are."""

    dataset: int
    score: float
    precision: float
    recall: float
    compared: int
    pairs: int


def measure(dataset: int, scores: Iterable[float]) -> list[Measure]:
    """Precision and recall over all pairs of a data set, by the kernel that serves requests."""
    rows = people(dataset)
    portraits = {id: of_person(row) for id, row in rows.items()}
    sharing: dict[str, list[str]] = defaultdict(list)
    for id, portrait in portraits.items():
        for key in keys(portrait):
            sharing[key].append(id)
    candidates = {frozenset(pair) for ids in sharing.values() for pair in combinations(ids, 2)}
    likeness = {pair: compare(*(portraits[id] for id in pair)).score for pair in candidates}
    true, all_pairs = doubles(rows), len(rows) * (len(rows) - 1) // 2
    measures = []
    for score in scores:
        found = {pair for pair, alike in likeness.items() if alike >= score}
        right = len(found & true)
        measures.append(Measure(dataset, score, right / len(found), right / len(true), len(candidates), all_pairs))
    return measures


def _contact(row: dict[str, str]) -> dict[str, Any]:
    lines = [f"{row['street_number']} {row['address_1']}".strip(), row["address_2"]]
    address = {
        "lines": [line for line in lines if line], "locality": row["suburb"], "region": row["state"],
        "postal_code": row["postcode"], "country_code": "AU",
    }  # fmt: skip
    contact = {
        "given_name": row["given_name"], "family_name": row["surname"], "birth_date": _day(row["date_of_birth"]),
        "addresses": [{name: value for name, value in address.items() if value}],
    }  # fmt: skip
    return {name: value for name, value in contact.items() if value}


def _day(text: str) -> str:
    """A day, empty where the planted errors left none."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        return ""
