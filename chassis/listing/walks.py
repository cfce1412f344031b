"""The indexes by which records with known values can be read, and what each costs.

A walk reads the entries of one index that begin with some of the values. It is in order where the entries that follow stand in
the order of the list: then it ends with the page. It is covered where the entries tell all the other values, too: then only the
records of the page are read, which counts most, for a record that is not in the cache costs a hundred entries.
"""

from collections.abc import Mapping, Sequence
from math import inf, prod
from typing import Any, NamedTuple

from chassis.listing import counts, sample
from chassis.listing.counts import Keys, Row, Rows

# µs: an entry of an index; a record, read one after another, or in the order of an index; one from anywhere
ENTRY, STEP, STRIDE, RECORD = 1.0, 5.0, 8.0, 20.0
_UNKNOWN = 0.1  # how many records have a value that no index counts
_ALL = ("tenant_id", "_id")  # the index in which records stand as they are kept
_MOST_RANGES = 50  # values of which an index can be read in one order


class Walk(NamedTuple):
    """Reading the records of a lane by one index."""

    keys: Keys
    lead: Row  # the values that its entries begin with
    within: Row  # those that they tell besides
    lane: Row  # the value that makes the lane, where the list has several
    entries: float  # with these values
    ordered: bool
    covered: bool
    share: float  # how much of what it meets is in the list

    def met(self, limit: int) -> float:
        """How many entries are met until so many records are found."""
        return min(self.entries, limit / self.share) if self.ordered else self.entries

    def cost(self, limit: int) -> float:
        """In microseconds, until so many records are found."""
        met = self.met(limit)
        if self.covered:
            return met * ENTRY + limit * RECORD
        return met * (STRIDE if len(self.keys) > len(_ALL) else STEP)


class Walks:
    """The walks through the records that have the values `facts`, one of those of each lane, and what else is asked."""

    def __init__(self, rows: Rows, facts: Row, lanes: Sequence[Row], sort: Keys, told: bool) -> None:
        self._rows, self._facts, self._lanes, self._sort = rows, facts, list(lanes), sort
        self._told = told  # whether facts and lanes are all that is asked

    def best(self, limit: int, share: float = 1.0, ordered: bool = False) -> list[Walk]:
        """The walks, one for each lane or one for all, that find so many records for the least; none where there are none.

        `share` of the records have what else is sought, which no entry tells.
        """
        if share == 1.0 and self._told and all(best := [self._perfect(lane) for lane in self._lanes or [Row()]]):
            return [walk for walk in best if walk]  # nothing has to be counted
        ways = [[Row()], self._lanes] if self._lanes else [[Row()]]
        found = [[self._cheapest(lane, limit, share, ordered) for lane in lanes] for lanes in ways]
        whole = [[walk for walk in walks if walk] for walks in found if all(walks)]
        return min(whole, key=lambda walks: sum(walk.cost(limit) for walk in walks), default=[])

    def share(self) -> float:
        """How much of the tenant's records is in the list, as far as indexes can tell."""
        lanes = sum(self._known(lane) for lane in self._lanes) if self._lanes else 1.0
        return min(1.0, lanes) * self._known(self._facts) * (1.0 if self._told else _UNKNOWN)

    def _perfect(self, lane: Row) -> Walk | None:
        """The walk that meets nothing but what is in the lane, in order."""
        facts = {**self._facts, **lane}
        for keys in sorted(counts.indexes(self._rows), key=len):
            lead, rest = {name: facts[name] for name, _ in keys[: len(facts)] if name in facts}, keys[len(facts) :]
            if len(lead) == len(facts) and self._is_ordered(lead, list(rest)):
                return Walk(list(keys), lead, {}, lane, inf, ordered=True, covered=False, share=1.0)
        return None

    def _cheapest(self, lane: Row, limit: int, share: float, ordered: bool) -> Walk | None:
        walks = [walk for keys in counts.indexes(self._rows) if (walk := self._walk(list(keys), lane, share))]
        return min(
            (walk for walk in walks if walk.ordered or not ordered),
            key=lambda walk: (walk.cost(limit), len(walk.keys)),
            default=None,
        )

    def _walk(self, keys: Keys, lane: Row, share: float) -> Walk | None:
        facts = {**self._facts, **lane}
        names = [name for name, _ in keys]
        leading = next((place for place, name in enumerate(names) if name not in facts), len(names))
        lead, rest = {name: facts[name] for name in names[:leading]}, keys[leading:]
        ordered = self._is_ordered(lead, rest)
        if leading == 1 and not ordered:
            return None
        others = {name: value for name, value in facts.items() if name not in lead}
        open_lanes = not lane and self._lanes
        within = others if others.keys() <= set(names) else {}
        if leading == 1 and others and not within and share == 1.0:
            return None  # MongoDB may know an index of these values alone
        met = self._known(others) * share
        met *= min(1.0, sum(map(self._known, self._lanes))) if open_lanes else 1.0
        met *= 1.0 if self._told else _UNKNOWN
        return Walk(
            keys, lead, within, lane, self._entries(lead, keys), ordered,
            covered=ordered and self._told and not open_lanes and share == 1.0 and bool(others) and bool(within),
            share=max(met, 1 / counts.every(self._rows)),
        )  # fmt: skip

    def _is_ordered(self, lead: Row, rest: Keys) -> bool:
        sort = [(name, way) for name, way in self._sort if name not in lead or isinstance(lead[name], dict)]
        ways = {way * wanted for (_, way), (_, wanted) in zip(rest, sort, strict=False)}
        same = [name for name, _ in rest[: len(sort)]] == [name for name, _ in sort]
        ranges = prod(len(value["$in"]) for value in lead.values() if isinstance(value, dict))
        return same and len(ways) <= 1 and ranges <= _MOST_RANGES

    def _entries(self, lead: Row, keys: Keys) -> float:
        total = counts.every(self._rows)
        rest = [(name, value) for name, value in lead.items() if name != "tenant_id"]
        if not rest:
            return total
        newest = sample.newest(self._rows, self._facts["tenant_id"])
        found = newest.valued(*rest[0]) if newest and len(rest) == 1 else 0
        if newest and newest.is_frequent(found):
            return newest.share(found) * total
        return counts.entries(self._rows, lead, keys)

    def _known(self, facts: Mapping[str, Any]) -> float:
        """How much of the tenant's records has all of these values, were they independent."""
        return prod(self._part(name, value) for name, value in facts.items() if name != "tenant_id")

    def _part(self, name: str, value: Any) -> float:
        by = next((keys for keys in counts.indexes(self._rows) if keys[1][0] == name), None)
        if by is None:
            return _UNKNOWN
        found = self._entries({"tenant_id": self._facts["tenant_id"], name: value}, list(by))
        return max(found, 1.0) / counts.every(self._rows)
