"""By which index a list or a search is read, and how far.

Every index begins with the tenant, so MongoDB would try a dozen of them, take whichever was the first to find something, and
keep to it for other values, too. What is best depends on the words and on who asks. So what is sought is counted first, as far
as that is quick, and the cheapest way is named. Of several words the rarest leads: its newest entries tell which records to look
at for the others. A search that would look at more records than are worth it in one answer ends early, and says where.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf, prod
from typing import Any, NamedTuple

from pymongo import DESCENDING

from chassis import transaction
from chassis.listing import counts, words
from chassis.listing.counts import NEWEST, Keys, Row, Rows
from chassis.listing.frequency import WORDS, Frequencies, leading
from chassis.listing.order import Order, sorting
from chassis.listing.walks import ENTRY, RECORD, STEP, Walk, Walks
from chassis.listing.words import Term, Way, Ways

MOST_EFFORT = 30_000.0  # µs that a search reads for, in all
FEW = 400  # records with one word that may all be read to find a page; with two, few of them come to be compared
APART = 3_000.0  # those of them that are for names which stand apart, where two together were looked for
_ENOUGH = 1.5  # times as many records as hold a page on average
_MARGIN = 2  # times as many rows as expected are walked through before the index of words is read instead
_SLACK = 20  # entries more than records wanted: some of them are of deleted ones
_SPARE = 8  # the same where all of them are meant

Read = Callable[..., list[Row]]


class Found(NamedTuple):
    """Rows in order, and the id behind which it goes on where not all were looked at."""

    rows: list[Row]
    until: str = ""


class Paths:
    """The ways to the rows that the caller may see, `narrow`, and that have the values `facts`, in an order.

    `told` says whether that is all that is asked of them.
    """

    def __init__(self, rows: Rows, narrow: Mapping[str, Any], facts: Row, keys: Order, *, told: bool) -> None:
        self._rows, self._narrow, self._sorted = rows, narrow, sorting(keys)
        self._newest, self._left = self._sorted == NEWEST[1:], MOST_EFFORT
        self._paired = False  # whether a pair was looked for last
        own, lanes, plain = _made_of(narrow)
        self._told = told and plain
        self._walks = Walks(rows, {**facts, **own}, lanes, self._sorted, self._told)
        self._words = Frequencies(rows, narrow["tenant_id"])

    def read(self, ways: Ways, limit: int, behind: Row, read: Read) -> Found:
        """The first `limit` rows with the words of `ways`, as `read(conditions, narrow=…, hint=…)` reads them by an index."""
        if not ways:
            return Found(self._listed(limit, behind, read))
        if self._paired and not ways[0][0].is_pair:
            self._left = min(self._left, APART)
        self._paired = ways[0][0].is_pair
        if not self._is_there(WORDS):
            return Found(read([words.found_by(ways)]))
        return self._searched(ways, limit, behind, read) if self._newest else Found(self._sought(ways, limit, read))

    def few(self, ways: Ways, limit: int) -> Row | None:
        """The query for all that has the words of `ways`, to be read by `WORDS`; None where that is too much for `limit`."""
        if not ways or not self._newest or not self._is_there(WORDS):
            return None
        most = self._left / RECORD
        if min(map(len, ways)) == 1:
            most = min(most, max(FEW, _ENOUGH * limit / max(self._walks.share(), 1e-6)))
        leads = self._words.few(ways, int(most))
        if leads is None:
            return None
        self._left, self._paired = self._left - leads.entries * RECORD, ways[0][0].is_pair
        return _led(ways, leads.terms)

    def counted(self, ways: Ways, most: int, count: Callable[..., int]) -> tuple[int, bool] | None:
        """How many rows have the words of `ways`, at most `most`, and whether that is all; None where it is too much to tell.

        `count(conditions, limit, hint=…)` counts so many rows.
        """
        if not ways or not self._is_there(WORDS):
            found = count([words.found_by(ways)], most + 1)
            return min(found, most), found <= most
        rarest = list(map(self._words.rarest, ways))
        if max(map(len, ways)) == 1:
            found = count([_led(ways, rarest)], most + 1, hint=WORDS)
            return min(found, most), found <= most
        if any(map(self._is_endless, rarest)):
            return None
        ids, all_seen = self._led_to(rarest, {"tenant_id": self._narrow["tenant_id"]}, int(MOST_EFFORT / RECORD))
        found = count([words.found_by(ways), {"_id": {"$in": ids}}], most + 1, hint=transaction.BY_ID)
        return min(found, most), all_seen and found <= most

    def _is_there(self, keys: Keys) -> bool:
        return tuple(keys) in counts.indexes(self._rows)

    # ---------------------------------------------------------------- lists

    def _listed(self, limit: int, behind: Row, read: Read) -> list[Row]:
        walks = self._walks.best(limit) if self._told else []
        if not walks:
            return read([])  # MongoDB may choose
        found = [self._walked(walk, limit, behind, read) for walk in walks]
        return found[0] if len(found) == 1 else _merged(found, self._sorted, limit)

    def _walked(self, walk: Walk, limit: int, behind: Row, read: Read) -> list[Row]:
        if not walk.covered:
            return read([], narrow=self._narrowed(walk), hint=walk.keys)
        size, query = limit + _SPARE, {**walk.lead, **walk.within, **behind}
        while True:
            ids = self._ids(query, walk.keys, size, self._sorted)
            rows = read([{"_id": {"$in": ids}}], narrow=self._narrowed(walk), hint=transaction.BY_ID)
            if len(rows) >= limit or len(ids) < size:
                return rows
            size *= 8

    def _narrowed(self, walk: Walk) -> Row:
        every = self._narrow.items()
        return {name: value for name, value in every if name != "$or" or not walk.lane} | walk.lane

    def _ids(self, query: Row, keys: Keys, most: int, sort: Keys) -> list[str]:
        # The entries of the index tell them; no record is read.
        return [row["_id"] for row in self._rows.find(query, {"_id": 1}, sort=sort, limit=most, hint=keys)]

    # ---------------------------------------------------------------- searches

    def _searched(self, ways: Ways, limit: int, behind: Row, read: Read) -> Found:
        share = self._walks.share()
        if share == 1.0 and len(ways) == 1 and len(ways[0]) == 1 and ways[0][0].is_one_word:
            return Found(read([_led(ways, ways[0])], hint=WORDS))  # in order; nothing has to be counted
        lead_by = tuple(map(leading, ways))
        rarest = list(map(self._words.rarest, lead_by))
        if all(term.is_pair and term.is_one_word for term in rarest):
            return self._looked_up(ways, rarest, share, limit, behind, read)  # so few and in order: nothing is better
        by_words = sum(self._cost(way, lead, limit, share) for way, lead in zip(lead_by, rarest, strict=True))
        walks = self._walks.best(limit, min(1.0, sum(map(self._words.share, lead_by))), ordered=True)
        if walks and self._is_worth(sum(walk.cost(limit) for walk in walks), by_words):
            endless = max(map(len, lead_by)) > 1 and any(map(self._is_endless, rarest))
            found = self._walked_through(walks, ways, limit, behind, read, to_end=not endless)
            if found is not None:
                return found
        return self._looked_up(ways, rarest, share, limit, behind, read)

    def _is_worth(self, walked: float, by_words: float) -> bool:
        # What words lead to is given up in time; a walk that words have to wait for is not.
        return walked < by_words and (walked < self._left or by_words == inf)

    def _is_endless(self, term: Term) -> bool:
        """Whether all entries would have to be read, to find the newest of too many."""
        most = min(counts.MOST_COUNTED, max(_SLACK, int(self._left / ENTRY)))
        return not term.is_one_word and self._words.count(term, most) >= most

    def _sought(self, ways: Ways, limit: int, read: Read) -> list[Row]:
        """In another order than the newest first all that the words find is sorted, or the list walked through."""
        rarest = list(map(self._words.rarest, ways))
        walks = self._walks.best(limit, min(1.0, sum(map(self._words.share, ways))), ordered=True)
        if len(walks) == 1 and walks[0].cost(limit) < sum(map(self._words.about, rarest)) * RECORD:
            return read([_unled(words.found_by(ways))], hint=walks[0].keys)
        return read([_led(ways, rarest)], hint=WORDS)

    def _walked_through(
        self, walks: list[Walk], ways: Ways, limit: int, behind: Row, read: Read, *, to_end: bool
    ) -> Found | None:
        """What walks through the list find; None where they went on for too long, and the words are few enough to lead."""
        sought, found, ends = _unled(words.found_by(ways)), [], [""]
        # With each word it is less likely that they come together.
        margin = _MARGIN / max(len(leading(way)) for way in ways)
        newest = Row()
        for walk in sorted(walks, key=lambda walk: -walk.entries):
            expected = walk.met(limit) * margin
            depth = int(expected if to_end else min(expected, max(self._left, 0.0) / STEP / len(walks)) + _SLACK)
            edge = self._edge(walk, [behind, newest], depth) if depth < walk.entries else ""
            within = {"_id": {"$gte": edge}} if edge else Row()
            rows = read([sought, within, newest], narrow=self._narrowed(walk), hint=walk.keys)
            if edge and len(rows) < limit:
                if to_end:
                    return None
                ends.append(edge)
            if len(rows) >= limit:
                newest = {"_id": {"$gte": rows[-1]["_id"]}}  # nobody needs older ones of other lanes
            found.append(rows)
            self._left -= depth * STEP
        until = max(ends)
        rows = [row for row in _merged(found, self._sorted, limit) if row["_id"] >= until]
        return Found(rows, until if len(rows) < limit else "")

    def _edge(self, walk: Walk, bounds: Sequence[Row], depth: int) -> str:
        """The id of the last of the first `depth` rows of a walk; empty where it has no more."""
        query = {**walk.lead, "$and": [each for each in bounds if each]} if any(bounds) else walk.lead
        rows = self._rows.find(query, {"_id": 1}, sort=NEWEST[1:], skip=depth, limit=1, hint=walk.keys)
        return next((str(row["_id"]) for row in rows), "")

    def _looked_up(
        self, ways: Ways, rarest: Sequence[Term], share: float, limit: int, behind: Row, read: Read
    ) -> Found:
        """What is found among the records that the rarest words lead to, the newest first."""
        others = min(self._others(way, lead) for way, lead in zip(map(leading, ways), rarest, strict=True))
        size = int(2 * limit / max(share * others, 1e-6)) + _SLACK
        rows, query = list[Row](), {"tenant_id": self._narrow["tenant_id"], **behind}
        while True:
            most = max(_SLACK, min(size, int(self._left / RECORD)))
            ids, all_seen = self._led_to(rarest, query, most)
            if ids:
                sought = [words.found_by(ways), {"_id": {"$in": ids}}]
                rows += read(sought, hint=transaction.BY_ID)[: limit - len(rows)]
            if all_seen or len(rows) == limit:
                return Found(rows)
            self._left -= len(ids) * RECORD
            if self._left <= 0:
                return Found(rows, ids[-1])
            size, query = size * 8, query | {"_id": {"$lt": ids[-1]}}

    def _led_to(self, leads: Sequence[Term], query: Row, most: int) -> tuple[list[str], bool]:
        """The newest `most` ids that words lead to, as far as each of them was read; whether these are all."""
        found = [self._ids({**query, **lead.leading}, WORDS, most, NEWEST[1:]) for lead in leads]
        until = max((ids[-1] for ids in found if len(ids) == most), default="")
        ids = {id for some in found for id in some if id >= until}
        return sorted(ids, reverse=True), not until

    def _cost(self, way: Way, lead: Term, limit: int, share: float) -> float:
        if self._is_endless(lead):
            return inf
        many = self._words.about(lead)
        records = min(many, limit / max(share * self._others(way, lead), 1e-6))
        entries = records if lead.is_one_word else many  # those of one whole word stand in order, so reading ends soon
        return entries * ENTRY + records * RECORD

    def _others(self, way: Way, lead: Term) -> float:
        return prod(self._words.part(term) for term in way if term is not lead)


def _made_of(narrow: Mapping[str, Any]) -> tuple[Row, list[Row], bool]:
    """The values that records which are `narrow` have, the lanes that they stand in, and whether that says all."""
    facts, lanes, plain = Row(), list[Row](), True
    for name, value in narrow.items():
        if name == "$or" and all(len(way) == 1 and not next(iter(way)).startswith("$") for way in value):
            lanes = list(value)
        elif isinstance(value, str) and not name.startswith("$"):
            facts[name] = value
        elif name != "deleted_time" or value is not None:
            plain = False
    return facts, lanes, plain


def _led(ways: Ways, rarest: Sequence[Term]) -> Row:
    """The query for `ways` in which only the rarest term of each can be read from an index."""
    each = [
        {"$and": [lead.leading, *(_unled(term.condition) for term in way if term is not lead)]}
        for way, lead in zip(ways, rarest, strict=True)
    ]
    return {"$or": each} if len(each) > 1 else each[0]


def _unled(condition: Row) -> Row:
    # MongoDB looks for no index below a negation, and two of them mean the same as none.
    return {"$nor": [{"$nor": [condition]}]}


def _merged(found: Sequence[list[Row]], sort: Keys, limit: int) -> list[Row]:
    """The first of what lanes found; a record may stand in several."""
    rows = list({row["_id"]: row for some in found for row in some}.values())
    for path, way in reversed(sort):
        rows.sort(key=lambda row: _comparable(row, path), reverse=way == DESCENDING)
    return rows[:limit]


def _comparable(row: Any, path: str) -> tuple[bool, Any]:
    for key in path.split("."):
        row = row.get(key) if row is not None else None
    return row is not None, row
