"""How many of a tenant's records have words, told by what leads to them in the index of words."""

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from pymongo import ASCENDING, DESCENDING

from chassis.listing import counts, sample
from chassis.listing.counts import Keys, Row, Rows
from chassis.listing.sample import Sample
from chassis.listing.words import TOKENS, Term, Way, Ways

WORDS: Keys = [("tenant_id", ASCENDING), (TOKENS, ASCENDING), ("_id", DESCENDING)]

_RARE = 500  # entries; of words with fewer it does not matter which is the rarest


class Leads(NamedTuple):
    """The terms by which ways are read from the index, and how many entries they have together."""

    terms: Sequence[Term]
    entries: int


class Frequencies:
    """How frequent words are among the records of a tenant."""

    def __init__(self, rows: Rows, tenant_id: Any) -> None:
        self._rows, self._tenant_id = rows, tenant_id

    def rarest(self, way: Way) -> Term:
        """The term with the fewest entries, or one with few enough."""
        if len(way) == 1:
            return way[0]
        rare = next((term for term in way if self.count(term, _RARE) < _RARE), None)
        return rare or min(way, key=self.about)

    def few(self, ways: Ways, most: int) -> Leads | None:
        """Terms that lead to all the records of `ways` by so few entries; None where there are more. Never out of date."""
        terms, entries = list[Term](), 0
        for way in ways:
            lead, least = way[0], most - entries + 1
            for term in leading(way):
                count = self._now(term, least)
                lead, least = (term, count) if count < least else (lead, least)
                if least <= min(_RARE, most - entries):
                    break
            if least > most - entries:
                return None
            terms, entries = [*terms, lead], entries + least
        return Leads(terms, entries)

    def count(self, term: Term, most: int = 0) -> int:
        """How many entries a term has, at most `MOST_COUNTED`; if it is frequent, how many records, about."""
        newest = self._sample()
        if newest and newest.is_frequent(found := newest.having(term)):
            return max(int(newest.share(found) * counts.every(self._rows)), most or counts.MOST_COUNTED)
        return counts.entries(self._rows, self._query(term), WORDS, most)

    def about(self, term: Term) -> float:
        """How many records it finds, about: counted only where nothing else tells."""
        newest = self._sample()
        if newest is None:
            return max(self.count(term), 1)
        having = newest.having(term)
        about = newest.share(having) * counts.every(self._rows)
        found, of = counts.last(self._rows, self._query(term)) or (0, 0)
        if found < of:
            return max(found, 1)  # these are all
        return about if newest.is_frequent(having) else max(about, found)

    def share(self, way: Way) -> float:
        """How much of the tenant's records have all the terms, were they independent."""
        return max(prod(map(self.part, way)), 1e-6)

    def part(self, term: Term) -> float:
        """How much of the tenant's records a term finds, about."""
        return self.about(term) / counts.every(self._rows)

    def _now(self, term: Term, most: int) -> int:
        # What was many may be taken for many; what was few may have become many since.
        newest, query = self._sample(), self._query(term)
        if newest and newest.is_frequent(newest.having(term)):
            return most
        if (counts.known(self._rows, query, most) or 0) >= most:
            return most
        return counts.now(self._rows, query, WORDS, most)

    def _sample(self) -> Sample | None:
        return sample.newest(self._rows, self._tenant_id)

    def _query(self, term: Term) -> Row:
        return {"tenant_id": self._tenant_id, **term.leading}


def leading(way: Way) -> Way:
    """The terms that may lead: where a pair is one, it says about as much as all of them."""
    return way[:1] if way[0].is_pair else way
