"""How alike two records are: the probability that they are the same person or company, with the reasons.

The model is that of Fellegi and Sunter (A Theory for Record Linkage, JASA 64, 1969). Each feature is at one of a few levels of
agreement. A level has two probabilities: `m`, that two records of the same person are at it, and `u`, that two records of
different people are. The level weighs log2(m / u) bits, weights of features add up, and a feature that one of the records
lacks weighs nothing. With the odds before anything is known, the sum gives the probability.

The probabilities are stated, not fitted: each `u` is how often the value of two strangers agrees (50 years of birthdays, some
hundreds of common names), each `m` is how often people and typists keep a value as it was.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import token_sort_ratio

from services.contacts.portrait import Place, Portrait

# Of the pairs of a tenant with 10,000 records of which each tenth is a double, one in 50,000 is a pair of the same.
PRIOR = math.log2(1 / 50_000)
LIKELY = 0.5  # from this score on two records are more likely the same than not
SAME, CLOSE, DIFFERENT = "same", "close", "different"
SWAPPED = 0.05  # how often given and family name of a person stand in each other's field


@dataclass(frozen=True)
class Level:
    """A level of agreement of one feature."""

    name: str
    m: float
    u: float

    @property
    def weight(self) -> float:
        """Bits of evidence that two records are the same; below 0 that they are not."""
        return math.log2(self.m / self.u)


def _levels(*levels: tuple[str, float, float]) -> dict[str, Level]:
    return {level[0]: Level(*level) for level in levels}


MODEL: dict[str, dict[str, Level]] = {
    "given_name": _levels((SAME, 0.75, 0.01), (CLOSE, 0.17, 0.01), (DIFFERENT, 0.08, 0.98)),
    "family_name": _levels((SAME, 0.80, 0.003), (CLOSE, 0.14, 0.005), (DIFFERENT, 0.06, 0.992)),
    "organisation": _levels((SAME, 0.80, 0.0001), (CLOSE, 0.15, 0.001), (DIFFERENT, 0.05, 0.9989)),
    # One day of 50 years; a date with one digit wrong or two swapped can be any of about a hundred.
    "birth_date": _levels((SAME, 0.85, 0.00006), (CLOSE, 0.10, 0.005), (DIFFERENT, 0.05, 0.99494)),
    # People move, and share their house with others.
    "street": _levels((SAME, 0.60, 0.0005), (CLOSE, 0.20, 0.005), (DIFFERENT, 0.20, 0.9945)),
    "locality": _levels((SAME, 0.70, 0.02), (CLOSE, 0.10, 0.01), (DIFFERENT, 0.20, 0.97)),
    "postal_code": _levels((SAME, 0.70, 0.005), (CLOSE, 0.10, 0.02), (DIFFERENT, 0.20, 0.975)),
    # A family or a desk shares a mailbox or a telephone; many people have several.
    "email": _levels((SAME, 0.60, 0.00005), (DIFFERENT, 0.40, 0.99995)),
    "phone": _levels((SAME, 0.50, 0.0002), (DIFFERENT, 0.50, 0.9998)),
    "domain": _levels((SAME, 0.85, 0.0001), (DIFFERENT, 0.15, 0.9999)),
    "external_id": _levels((SAME, 0.98, 0.000001), (DIFFERENT, 0.02, 0.999999)),
}
# What a household or an office has in common agrees together: street, town and telephone. It weighs at most what tells one
# from all others, so that those who live or work together are not taken for each other.
_MOST_OF_HOUSE = 11.0
_CLOSE_NAME, _CLOSE_TEXT = 0.88, 80.0


@dataclass(frozen=True)
class Likeness:
    """The probability that two records are the same, and the levels that speak for it, as `email:same`, the weightiest first."""

    score: float
    weight: float
    reasons: tuple[str, ...]


Found = tuple[str, Level, float]  # a feature, its level, what it weighs here


def compare(one: Portrait, other: Portrait) -> Likeness:
    """How alike two portraits are; in either order the same."""
    found = [*_person(one, other), *_features(one, other), *_house(one, other)]
    weight = sum(bits for _, _, bits in found)
    speaking = sorted((each for each in found if each[2] > 0), key=lambda each: (-each[2], each[0]))
    return Likeness(probability(weight), weight, tuple(f"{name}:{level.name}" for name, level, _ in speaking))


def probability(weight: float) -> float:
    """The probability of the same person after `weight` bits of evidence."""
    return 1 / (1 + 2 ** -(weight + PRIOR))


def _person(one: Portrait, other: Portrait) -> list[Found]:
    straight = [
        *_texts("given_name", one.given_name, other.given_name, _close_name),
        *_texts("family_name", one.family_name, other.family_name, _close_name),
    ]
    crossed = [
        *_texts("given_name", one.given_name, other.family_name, _close_name),
        *_texts("family_name", one.family_name, other.given_name, _close_name),
    ]
    # The weights are of the names, not of the fields they stand in: of the two crossings, each has the lower weight.
    if len(crossed) == 2:
        again = [
            *_texts("given_name", other.given_name, one.family_name, _close_name),
            *_texts("family_name", other.family_name, one.given_name, _close_name),
        ]
        crossed = min(crossed, again, key=_sum)
        unusual = math.log2(SWAPPED) / 2
        crossed = [(name, Level("swapped", level.m, level.u), bits + unusual) for name, level, bits in crossed]
        return max(straight, crossed, key=_sum)
    return straight


def _features(one: Portrait, other: Portrait) -> Iterator[Found]:
    yield from _texts("organisation", one.organisation, other.organisation, _close_text)
    yield from _texts("birth_date", one.birth_date, other.birth_date, slip)
    yield from _texts("domain", one.domain, other.domain)
    yield from _sets("email", one.mailboxes, other.mailboxes)
    systems = {system for system, _ in one.external_ids} & {system for system, _ in other.external_ids}
    if systems:  # names in different systems say nothing about each other
        yield from _sets("external_id", one.external_ids, other.external_ids)


def _house(one: Portrait, other: Portrait) -> list[Found]:
    pairs = [list(_place(mine, theirs)) for mine, theirs in product(one.places, other.places)]
    found = [*max(pairs, key=_sum, default=[]), *_sets("phone", one.phones, other.phones)]
    total = _sum(found)
    part = min(1.0, _MOST_OF_HOUSE / total) if total > 0 else 1.0
    return [(name, level, bits * part) for name, level, bits in found]


def _place(one: Place, other: Place) -> Iterator[Found]:
    yield from _texts("street", one.street, other.street, _close_text)
    yield from _texts("locality", one.locality, other.locality, _close_name)
    yield from _texts("postal_code", one.postal_code, other.postal_code, slip)


def _texts(name: str, one: str, other: str, close: Callable[[str, str], bool] | None = None) -> Iterator[Found]:
    if one and other:
        level = SAME if one == other else CLOSE if close and close(one, other) else DIFFERENT
        yield name, MODEL[name][level], MODEL[name][level].weight


def _sets(name: str, one: frozenset[Any], other: frozenset[Any]) -> Iterator[Found]:
    if one and other:
        level = MODEL[name][SAME if one & other else DIFFERENT]
        yield name, level, level.weight


def _close_name(one: str, other: str) -> bool:
    """Written alike, or one the beginning of the other (`j`, `jon` and `jonathan`)."""
    return one.startswith(other) or other.startswith(one) or JaroWinkler.similarity(one, other) >= _CLOSE_NAME


def _close_text(one: str, other: str) -> bool:
    return token_sort_ratio(one, other) >= _CLOSE_TEXT


def slip(one: str, other: str) -> bool:
    """One slip of the finger apart: a digit wrong, missing or added, two neighbours swapped; or day and month swapped."""
    if OSA.distance(one, other, score_cutoff=1) <= 1:
        return True
    return len(one) == len(other) == 8 and one[:4] == other[:4] and one[4:6] == other[6:] and one[6:] == other[4:6]


def _sum(found: list[Found]) -> float:
    return sum(bits for _, _, bits in found)
