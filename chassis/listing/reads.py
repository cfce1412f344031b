"""The reads of one request: each adds what the caller may see and what was filtered for, and goes by the path that is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.collection import Collection

from chassis import transaction
from chassis.listing import ranking, vocabulary, words
from chassis.listing.frequency import WORDS
from chassis.listing.order import Order, sorting
from chassis.listing.paths import Found, Paths

Row = dict[str, Any]

_NOWHERE: Row = {}


class Reads:
    """Reads rows of a list that satisfy `filtered`, in order, as `shown` projects them."""

    def __init__(
        self, collection: Collection[Row], narrow: Mapping[str, Any], filtered: Row, facts: tuple[Row, bool], keys: Order,
        shown: Any, max_time_ms: int,
    ) -> None:  # fmt: skip
        self._collection, self._narrow, self._filtered = collection, narrow, filtered
        self._keys, self._shown, self._max_time_ms = keys, shown, max_time_ms
        known, told = facts
        self._paths = Paths(collection, narrow, known, keys, told=told)

    def find(
        self, ways: words.Ways, conditions: Sequence[Row], limit: int, *, behind: Row = _NOWHERE, shown: Any = None
    ) -> Found:
        """The first rows that have the words of `ways`, satisfy `conditions` and come `behind` a page."""

        def read(sought: Sequence[Row], narrow: Mapping[str, Any] = self._narrow, hint: Any = None) -> list[Row]:
            asked = self._asked([*sought, *conditions, behind], narrow)
            cursor = self._collection.find(
                asked, shown or self._shown, sort=sorting(self._keys), limit=limit, hint=hint
            )
            return list(cursor.max_time_ms(self._max_time_ms))

        return self._paths.read(ways, limit, behind, read)

    def gather(self, ranks: Sequence[ranking.Rank], limit: int, behind: Row) -> list[list[str]] | None:
        """The first ids of each of `ranks`, those of the first one `behind` a page; None where that is too much at once."""
        led = self._paths.few(ranks[-1].ways, limit)
        if led is None:
            return None
        stages = [{"$match": self._asked([led])}, *ranking.stages(ranks, self._keys, limit, behind)]
        [found] = self._collection.aggregate(stages, hint=dict(WORDS), maxTimeMS=self._max_time_ms)
        return [[row["_id"] for row in found[str(place)]] for place in range(len(ranks))]

    def pick(self, ids: list[str]) -> dict[str, Row]:
        """The rows with these ids, by id, without those that are gone."""
        if not ids:
            return {}
        rows = self._collection.find(self._asked([{"_id": {"$in": ids}}]), self._shown, hint=transaction.BY_ID)
        return {row["_id"]: row for row in rows.max_time_ms(self._max_time_ms)}

    def meant(self, word: str) -> list[str]:
        """The words that `word` may mean."""
        return vocabulary.meant(self._collection, self._narrow["tenant_id"], word)

    def total(self, ways: words.Ways, most: int) -> tuple[int, bool] | None:
        """How many rows there are, at most `most`, and whether that is all; None where it is too much to tell."""

        def count(sought: Sequence[Row], limit: int, **by: Any) -> int:
            return self._collection.count_documents(self._asked(sought), limit=limit, maxTimeMS=self._max_time_ms, **by)

        return self._paths.counted(ways, most, count)

    def _asked(self, conditions: Sequence[Row], narrow: Mapping[str, Any] | None = None) -> Row:
        # The tenant stays at the top, where indexes begin and where tests look for it.
        narrow = self._narrow if narrow is None else narrow
        asked = [each for each in (self._filtered, *conditions) if each]
        return {**narrow, "$and": [*narrow.get("$and", ()), *asked]} if asked else dict(narrow)
