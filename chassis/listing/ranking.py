"""The order of what a query finds: the best first, and of those the newest.

First come records with a name that holds the first two words whole, then those with a name of two words that begin so; then
whatever holds the words whole, then whatever has words that begin so. Each step is a query of its own, and no record is in
two, so that a walk goes through them page by page. Records with words that are merely alike come behind, where they are asked
for.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from chassis.listing import likeness, token, words
from chassis.listing.catalogue import Field, Kind, Step
from chassis.listing.order import Key, Order
from chassis.listing.paths import Found
from chassis.listing.words import Term, Ways

Row = dict[str, Any]


class Find(Protocol):
    """Reads the rows of a list that have the words of `ways`, satisfy `conditions` and come `behind` a page, in order."""

    def __call__(
        self, ways: Ways, conditions: Sequence[Row], limit: int, *, behind: Row = ..., shown: Any = ...
    ) -> Found: ...


class Rank(NamedTuple):
    """The records that have words, but not so well that they came before."""

    ways: Ways
    but: tuple[Row, ...] = ()


class Walked(NamedTuple):
    """Rows with their ranks, and what stands where the rows looked at end, if not with the last rank."""

    rows: list[Row]
    end: Row | None = None


RANK = "search_rank"  # of a row that was found: the rank that found it
MOST_ALIKE = 200  # records with words alike that are compared

_KEY = Key(Field(RANK, (Step(RANK, False),), Kind.INTEGER), descending=False)


def ranked(keys: Order) -> Order:
    """The order of a search: by rank, then as `keys` say."""
    return (_KEY, *keys)


def ranks(query: str) -> list[Rank]:
    """Those of what `query` finds, the best first."""
    whole, begun = words.holding(query), words.begun(query)
    if not begun:
        return [Rank(())]
    named_begun, unwhole = words.together(begun[0]), words.found_by(whole)
    named = words.together(whole[0]) if named_begun else ()
    first = [Rank(named), Rank(named_begun, _no(unwhole))] if named_begun else []
    return [*first, Rank(whole, _no(*_paired(named))), Rank(begun, _no(unwhole, *_paired(named_begun)))]


def _paired(ways: Ways) -> list[Row]:
    # The first term of a way is the pair.
    return [way[0].condition for way in ways]


def _no(*conditions: Row) -> tuple[Row, ...]:
    return ({"$nor": list(conditions)},) if conditions else ()


def walk(ranks: Sequence[Rank], keys: Order, at: Sequence[Any], find: Find, most: int) -> Walked:
    """The first `most` rows of `ranks` behind the position `at`, each with its rank; from the start without one."""
    rows: list[Row] = []
    first, *values = at or [0]
    for place, (ways, but) in enumerate(ranks):
        if place >= first and len(rows) < most:
            behind = token.after(keys, values) if values and place == first else {}
            found = find(ways, but, most - len(rows), behind=behind)
            rows += [row | {RANK: place} for row in found.rows]
            if found.until:
                return Walked(rows, {"_id": found.until, RANK: place})
    return Walked(rows)


def alike(query: str, known: Sequence[str], find: Find, meant: Callable[[str], list[str]], most: int) -> list[Row]:
    """The first `most` rows with words like those of `query`, the most alike first, without those of the ids `known`.

    `meant` tells what a word may mean.
    """
    sought = words.sought(query)
    if not any(map(likeness.spelt, sought)) or most <= 0:
        return []
    likes = tuple(Term((each,), tuple(meant(each))) for each in sought)
    unknown, candidates = {"_id": {"$nin": list(known)}}, list[Row]()
    for ways in (words.together(likes), (likes,)):
        if ways and not candidates:
            candidates = find(ways, [unknown], MOST_ALIKE, shown=[words.TOKENS]).rows
    slips = {row["_id"]: likeness.distance(sought, row[words.TOKENS]) for row in candidates}
    ids = sorted((id for id, count in slips.items() if count is not None), key=lambda id: slips[id] or 0)[:most]
    rows = {row["_id"]: row for row in find((), [{"_id": {"$in": ids}}], most).rows} if ids else {}
    return [rows[id] for id in ids if id in rows]
