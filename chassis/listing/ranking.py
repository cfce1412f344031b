"""The order of what a query finds: records that hold its words whole, then those of which words begin so; newest first.

Each step is a query of its own, and no record is in two, so that a walk goes through them page by page. Records with words
that are merely alike come behind, where they are asked for.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from chassis.listing import likeness, token, words
from chassis.listing.catalogue import Field, Kind, Step
from chassis.listing.order import Key, Order
from chassis.listing.words import Term, Ways

Row = dict[str, Any]


class Find(Protocol):
    """Reads the rows of a list that have the words of `ways`, satisfy `conditions` and come `behind` a page, in order."""

    def __call__(
        self, ways: Ways, conditions: Sequence[Row], limit: int, *, behind: Row = ..., shown: Any = ...
    ) -> list[Row]: ...


class Rank(NamedTuple):
    """The records that have words, but not so well that they came before."""

    ways: Ways
    but: tuple[Row, ...] = ()


RANK = "search_rank"  # of a row that was found: the rank that found it
MOST_ALIKE = 200  # records with words alike that are compared

_KEY = Key(Field(RANK, (Step(RANK, False),), Kind.INTEGER), descending=False)


def ranked(keys: Order) -> Order:
    """The order of a search: by rank, then as `keys` say."""
    return (_KEY, *keys)


def ranks(query: str) -> list[Rank]:
    """Those of what `query` finds, the best first."""
    whole, begun = words.holding(query), words.begun(query)
    return [Rank(whole), Rank(begun, ({"$nor": [words.found_by(whole)]},))] if begun else [Rank(())]


def walk(ranks: Sequence[Rank], keys: Order, at: Sequence[Any], find: Find, most: int) -> list[Row]:
    """The first `most` rows of `ranks` behind the position `at`, each with its rank; from the start without one."""
    rows: list[Row] = []
    first, *values = at or [0]
    for place, (ways, but) in enumerate(ranks):
        if place >= first and len(rows) < most:
            behind = token.after(keys, values) if values and place == first else {}
            found = find(ways, but, most - len(rows), behind=behind)
            for row in found:
                row[RANK] = place
            rows += found
    return rows


def alike(query: str, known: Sequence[str], find: Find, meant: Callable[[str], list[str]], most: int) -> list[Row]:
    """The first `most` rows with words like those of `query`, the most alike first, without those of the ids `known`.

    `meant` tells what a word may mean.
    """
    sought = words.sought(query)
    if not any(map(likeness.spelt, sought)) or most <= 0:
        return []
    likes = tuple(Term(each, tuple(meant(each))) for each in sought)
    candidates = find((likes,), [{"_id": {"$nin": list(known)}}], MOST_ALIKE, shown=[words.TOKENS])
    slips = {row["_id"]: likeness.distance(sought, row[words.TOKENS]) for row in candidates}
    ids = sorted((id for id, count in slips.items() if count is not None), key=lambda id: slips[id] or 0)[:most]
    rows = {row["_id"]: row for row in find((), [{"_id": {"$in": ids}}], most)} if ids else {}
    return [rows[id] for id in ids if id in rows]
