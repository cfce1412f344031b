"""How many entries an index has for what is sought, counted as far as that is quick, and remembered for ten minutes."""

import time
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

Row = dict[str, Any]
Rows = Collection[Row]
Keys = list[tuple[str, int]]

NEWEST: Keys = [("tenant_id", ASCENDING), ("_id", DESCENDING)]

MOST_COUNTED = 8_000  # entries; what there is more of is taken for so many

_SECONDS = 600.0  # plans may be somewhat out of date, answers are not

Answer = TypeVar("Answer")


class Memory(Generic[Answer]):
    """The last answers, as long as they are about right; at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: dict[Hashable, tuple[Answer, float]] = {}

    def get(self, key: Hashable) -> Answer | None:
        """The answer, if one is remembered."""
        answer, until = self._answers.get(key, (None, 0.0))
        return answer if time.monotonic() < until else None

    def keep(self, key: Hashable, answer: Answer) -> Answer:
        """The answer, remembered from now on."""
        if len(self._answers) >= self._most:
            self._answers.clear()
        self._answers[key] = answer, time.monotonic() + _SECONDS
        return answer

    def known(self, key: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer that is remembered, or what `ask` tells."""
        answer = self.get(key)
        return self.keep(key, ask()) if answer is None else answer

    def clear(self) -> None:
        """Forget all."""
        self._answers.clear()


_counted: Memory[tuple[int, int]] = Memory(50_000)  # entries found, and of how many at most
_collections: Memory[Any] = Memory(1_000)


def entries(rows: Rows, query: Row, by: Keys, most: int = 0) -> int:
    """How many entries of the index `by` lead to `query`, at most `most` or else `MOST_COUNTED`."""
    found = known(rows, query, most)
    return now(rows, query, by, most) if found is None else found


def known(rows: Rows, query: Row, most: int = 0) -> int | None:
    """What `entries` would tell, if that is remembered."""
    most = most or MOST_COUNTED
    found, of = last(rows, query) or (0, 0)
    return min(found, most) if of >= most or found < of else None


def last(rows: Rows, query: Row) -> tuple[int, int] | None:
    """How many entries were counted last, and of how many at most."""
    return _counted.get((rows, repr(query)))


def now(rows: Rows, query: Row, by: Keys, most: int = 0) -> int:
    """What `entries` would tell, asked anew: what it says is not there is not there."""
    # The command, not an aggregation: it reads entries of the index alone.
    most = most or MOST_COUNTED
    asked = {"count": rows.name, "query": query, "limit": most, "hint": dict(by)}
    found = int(rows.database.command(asked)["n"])
    return _counted.keep((rows, repr(query)), (found, most))[0]


def every(rows: Rows) -> int:
    """How many records there are, of all tenants."""
    return max(1, int(_collections.known((rows, "every"), rows.estimated_document_count)))


def indexes(rows: Rows) -> frozenset[tuple[tuple[str, int], ...]]:
    """The indexes of all records of a tenant: not every collection that is listed has the same."""
    found: frozenset[tuple[tuple[str, int], ...]] = _collections.known((rows, "indexes"), lambda: _indexes(rows))
    return found


def forget() -> None:
    """Ask for everything anew."""
    _counted.clear()
    _collections.clear()


def _indexes(rows: Rows) -> frozenset[tuple[tuple[str, int], ...]]:
    found = (each for each in rows.index_information().values() if "partialFilterExpression" not in each)
    keys = (tuple((name, int(way)) for name, way in each["key"]) for each in found)
    return frozenset(each for each in keys if each[0][0] == "tenant_id")
