"""By which index a list or a search is read.

Every index begins with the tenant, so MongoDB would try a dozen of them, take whichever was the first to find something, and
keep to it for other values, too. What is best depends on the words and on who asks: few records are read from the index that
leads to them and sorted; of many, the first come sooner by walking the list in its order. So what is sought is counted first, as
far as that is quick. Of several words only the rarest leads; the others are looked for in what it finds.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import inf, prod
from typing import Any, NamedTuple

from pymongo import ASCENDING, DESCENDING

from chassis.listing import counts, words
from chassis.listing.counts import MOST_COUNTED, Keys, Row, Rows
from chassis.listing.order import Order, sorting
from chassis.listing.words import TOKENS, Term, Ways

WORDS: Keys = [("tenant_id", ASCENDING), (TOKENS, ASCENDING), ("_id", DESCENDING)]
NEWEST: Keys = [("tenant_id", ASCENDING), ("_id", DESCENDING)]

_FEW = 2_000  # rows; beside a filter, more of them are left to MongoDB, for the filter may find fewer
_MARGIN = 4  # times as many rows as expected are walked through before the index of words is read instead

Read = Callable[..., list[Row]]


class Lane(NamedTuple):
    """Some of a list's records: all, those of an owner, those of teams, those of a custom object."""

    narrow: Row  # what leads to them
    field: str  # which part of that is theirs alone; empty for all

    @property
    def entered(self) -> Row:
        """What the entries of its index tell, so that no row is read."""
        return {name: value for name, value in self.narrow.items() if name != "deleted_time"}

    @property
    def keys(self) -> Keys:
        """The index in which they stand newest first."""
        return [("tenant_id", ASCENDING), (self.field, ASCENDING), ("_id", ASCENDING)] if self.field else NEWEST


class Costs(NamedTuple):
    """How many rows would be read."""

    words: float  # by the index of words
    walk: float  # newest first
    most: float  # that a walk could meet


class Paths:
    """The ways to the rows that the caller may see, `narrow`, in an order; `filtered` where a filter narrows them further."""

    def __init__(self, rows: Rows, narrow: Mapping[str, Any], keys: Order, filtered: bool) -> None:
        self._rows, self._narrow = rows, narrow
        self._sorted, self._filtered = sorting(keys), filtered
        self._newest = self._sorted == NEWEST[1:]

    def read(self, ways: Ways, limit: int, behind: Row, read: Read) -> list[Row]:
        """The first `limit` rows with the words of `ways`, as `read(conditions, narrow=…, hint=…)` reads them by an index."""
        if ways and self._is_there(WORDS):
            return self._searched(ways, limit, behind, read)
        if ways or self._filtered:
            return read([words.found_by(ways)])
        if self._newest and len(self._walks) > 1:
            return _merged([read([], narrow=lane.narrow, hint=lane.keys) for lane in self._walks], limit)
        return read([], hint=self._listed(limit))

    def led(self, ways: Ways) -> tuple[Row, Keys | None]:
        """The query for `ways` as the index of words reads it, with that index where it is there."""
        if not ways or not self._is_there(WORDS):
            return words.found_by(ways), None
        return _led(ways, [min(way, key=self._count) for way in ways]), WORDS

    def _is_there(self, keys: Keys) -> bool:
        return counts.is_there(self._rows, keys)

    @cached_property
    def _lanes(self) -> list[Lane]:
        lanes = _lanes(self._narrow)
        return lanes if all(self._is_there(lane.keys) for lane in lanes) else []

    @property
    def _walks(self) -> list[Lane]:
        """The lanes that have the list in its order, one after another."""
        return self._lanes if self._newest and not self._filtered else []

    # ---------------------------------------------------------------- lists

    def _listed(self, limit: int) -> Keys | None:
        """The index to read a list without words by; None where MongoDB may choose."""
        if not self._lanes:
            return None
        lane, *others = self._lanes
        own, walk = None if others else self._ordered(lane.field), self._ordered("")
        if own or not walk:
            return own
        most = sum(map(self._entries, self._lanes))
        if limit * counts.every(self._rows) < most * most:
            return walk
        return None if others else lane.keys

    def _ordered(self, field: str) -> Keys | None:
        """The index in the order of the list of the records with one value of `field`; None where there is none."""
        names = [name for name in ("tenant_id", field) if name] + [name for name, _ in self._sorted]
        keys = NEWEST if self._newest and not field else [(name, ASCENDING) for name in names]
        one_way = len({way for _, way in self._sorted}) == 1
        return keys if one_way and self._is_there(keys) else None

    # ---------------------------------------------------------------- searches

    def _searched(self, ways: Ways, limit: int, behind: Row, read: Read) -> list[Row]:
        rarest = [min(way, key=self._count) for way in ways]
        costs = self._costs(ways, rarest, limit)
        if costs.walk < costs.words:
            if (found := self._walked(ways, limit, behind, costs, read)) is not None:
                return found
        elif costs.words > (_FEW if self._filtered else MOST_COUNTED) and not self._walks:
            return read([words.found_by(ways)])
        return read([_led(ways, rarest)], hint=WORDS)

    def _walked(self, ways: Ways, limit: int, behind: Row, costs: Costs, read: Read) -> list[Row] | None:
        """What a walk finds; None where it went on for too long, because words that are frequent alone are rare together."""
        found = []
        margin = int(
            costs.walk * _MARGIN / max(map(len, ways))
        )  # with each word it is less likely that they come together
        sought = [_unled(words.found_by(ways))]
        for lane in self._walks:
            edge = self._edge(lane, behind, margin) if margin < costs.most else {}
            found.append(read([*sought, edge], narrow=lane.narrow, hint=lane.keys))
            if edge and len(found[-1]) < limit:
                return None
        return _merged(found, limit)

    def _edge(self, lane: Lane, behind: Row, depth: int) -> Row:
        """The query for the first `depth` rows of a lane; nothing where it has no more."""
        query = {**lane.entered, **behind}
        rows = self._rows.find(query, {"_id": 1}, sort=NEWEST[1:], skip=depth, limit=1, hint=lane.keys)
        return next(({"_id": {"$gt": row["_id"]}} for row in rows), {})

    def _costs(self, ways: Ways, rarest: Sequence[Term], limit: int) -> Costs:
        total = counts.every(self._rows)
        shares = [[self._many(term) / total for term in way] for way in ways]
        most = sum(map(self._entries, self._walks)) if self._walks else inf
        walk = min(most, limit * len(self._walks) / max(sum(map(prod, shares)), 1 / total)) if self._walks else inf
        by_words = sum(map(self._many, rarest))
        if self._newest and len(ways) == 1 and rarest[0].is_one_word:
            # The entries of one whole word stand in the order of the list, so reading ends with the page.
            others = prod(shares[0]) / max(min(shares[0]), 1 / total) * min(1.0, most / total)
            by_words = min(by_words, limit / max(others, 1 / total))
        return Costs(by_words, walk, most)

    def _count(self, term: Term) -> int:
        return counts.entries(self._rows, {"tenant_id": self._narrow["tenant_id"], **term.condition}, WORDS)

    def _many(self, term: Term) -> float:
        return counts.of(self._count(term), counts.every(self._rows))

    def _entries(self, lane: Lane) -> float:
        total = counts.every(self._rows)
        return counts.of(counts.entries(self._rows, lane.entered, lane.keys), total) if lane.field else total


def _lanes(narrow: Mapping[str, Any]) -> list[Lane]:
    """What records that are `narrow` are made of; nothing where that is more than one equality, or one of several."""
    base = {name: value for name, value in narrow.items() if name in ("tenant_id", "deleted_time")}
    rest = [(name, value) for name, value in narrow.items() if name not in base]
    if not rest:
        return [Lane(base, "")]
    [(name, value), *more] = rest
    ways = value if name == "$or" else [{name: value}]
    if more or any(len(way) != 1 or next(iter(way)).startswith("$") for way in ways):
        return []
    return [Lane(base | way, next(iter(way))) for way in ways]


def _led(ways: Ways, rarest: Sequence[Term]) -> Row:
    """The query for `ways` in which only the rarest term of each can be read from an index."""
    each = [
        {"$and": [lead.condition, *(_unled(term.condition) for term in way if term is not lead)]}
        for way, lead in zip(ways, rarest, strict=True)
    ]
    return {"$or": each} if len(each) > 1 else each[0]


def _unled(condition: Row) -> Row:
    # MongoDB looks for no index below a negation, and two of them mean the same as none.
    return {"$nor": [{"$nor": [condition]}]}


def _merged(found: Sequence[list[Row]], limit: int) -> list[Row]:
    """The newest of what lanes found; a record may stand in several."""
    rows = {row["_id"]: row for some in found for row in some}
    return [rows[id] for id in sorted(rows, reverse=True)[:limit]]
