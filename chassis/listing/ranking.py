"""The order of what a query finds: the best first, and of those the newest.

First come records with a name that holds the first two words whole, then those with a name of two words that begin so; then
whatever holds the words whole, then whatever has words that begin so. Each step is a query of its own, and no record is in
two, so that a walk goes through them page by page. Records with words that are merely alike come behind, where they are asked
for.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from chassis.listing import likeness, token, words
from chassis.listing.catalogue import Field, Kind, Step
from chassis.listing.order import Key, Order, sorting
from chassis.listing.paths import Found
from chassis.listing.words import Term, Ways

Row = dict[str, Any]


class Reads(Protocol):
    """Reads the rows of a list."""

    def find(self, ways: Ways, conditions: Sequence[Row], limit: int, *, behind: Row = ..., shown: Any = ...) -> Found:
        """The first rows that have the words of `ways`, satisfy `conditions` and come `behind` a page."""

    def gather(self, ranks: Sequence["Rank"], limit: int, behind: Row) -> list[list[str]] | None:
        """The first ids of each of `ranks`, those of the first one `behind` a page; None where that is too much at once."""

    def pick(self, ids: list[str]) -> dict[str, Row]:
        """The rows with these ids, by id, without those that are gone."""

    def meant(self, word: str) -> list[str]:
        """The words that `word` may mean."""


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


def walk(ranks: Sequence[Rank], keys: Order, at: Sequence[Any], reads: Reads, most: int) -> Walked:
    """The first `most` rows of `ranks` behind the position `at`, each with its rank; from the start without one."""
    rows: list[Row] = []
    place, *values = at or [0]
    behind = token.after(keys, values) if values else {}
    while place < len(ranks) and len(rows) < most:
        left = most - len(rows)
        some = _together(ranks[place:], reads, left, behind)
        if some:
            ranked_ids = [(place + rank, id) for rank, ids in enumerate(some) for id in ids][:left]
            known = reads.pick([id for _, id in ranked_ids])
            rows += [known[id] | {RANK: rank} for rank, id in ranked_ids if id in known]
            if len(ranked_ids) == left > len(known):  # some went away meanwhile, and more may follow
                return Walked(rows, {"_id": ranked_ids[-1][1], RANK: ranked_ids[-1][0]})
        else:
            ways, but = ranks[place]
            found = reads.find(ways, but, left, behind=behind)
            rows += [row | {RANK: place} for row in found.rows]
            if found.until:
                return Walked(rows, {"_id": found.until, RANK: place})
        place, behind = place + (len(some) or 1), {}
    return Walked(rows)


def _together(ranks: Sequence[Rank], reads: Reads, most: int, behind: Row) -> list[list[str]]:
    """What all these ranks find, or those of names that stand together; nothing where that is too much to be read at once.

    Whatever any of some ranks finds has the words of the last of them.
    """
    for end in dict.fromkeys((len(ranks), 2 if _are_named(ranks[:2]) else 0)):
        found = reads.gather(ranks[:end], most, behind) if end > 1 else None
        if found is not None:
            return found
    return []


def _are_named(ranks: Sequence[Rank]) -> bool:
    """Whether they find the same two words in names, whole and begun; a word that another begins with is no word of both."""
    ways = [rank.ways[0] for rank in ranks if rank.ways]
    return len(ways) == 2 and all(way[0].is_pair for way in ways) and len(ways[0]) == len(ways[1])


def stages(ranks: Sequence[Rank], keys: Order, limit: int, behind: Row) -> list[Row]:
    """The stages that make of all that ranks find the first ids of each rank, those of the first one `behind` a page."""
    each = [[words.found_by(ways), *but] for ways, but in ranks]
    each[0].append(behind)
    ids = [{"$limit": limit}, {"$project": {"_id": 1}}]
    facets = {str(place): [{"$match": {"$and": sought}}, *ids] for place, sought in enumerate(each)}
    return [{"$sort": dict(sorting(keys))}, {"$facet": facets}]


def alike(query: str, known: Sequence[str], reads: Reads, most: int) -> list[Row]:
    """The first `most` rows with words like those of `query`, the most alike first, without those of the ids `known`."""
    sought = words.sought(query)
    if not any(map(likeness.spelt, sought)) or most <= 0:
        return []
    likes = tuple(Term((each,), tuple(reads.meant(each))) for each in sought)
    unknown, candidates = {"_id": {"$nin": list(known)}}, list[Row]()
    for ways in (words.together(likes), (likes,)):
        if ways and not candidates:
            candidates = reads.find(ways, [unknown], MOST_ALIKE, shown=[words.TOKENS]).rows
    slips = {row["_id"]: likeness.distance(sought, row[words.TOKENS]) for row in candidates}
    ids = sorted((id for id, count in slips.items() if count is not None), key=lambda id: slips[id] or 0)[:most]
    rows = reads.pick(ids)
    return [rows[id] for id in ids if id in rows]
