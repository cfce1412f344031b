"""How many entries an index has for what is sought, counted as far as that is quick, and remembered for ten minutes."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from pymongo.collection import Collection

Row = dict[str, Any]
Rows = Collection[Row]
Keys = list[tuple[str, int]]

MOST_COUNTED = 8_000  # entries; what there is more of is taken for so many

_SECONDS = 600.0  # plans may be somewhat out of date, answers are not
_MOST_REMEMBERED = 50_000

_remembered: dict[tuple[Any, ...], tuple[Any, float]] = {}

Answer = TypeVar("Answer")


def entries(rows: Rows, query: Row, by: Keys) -> int:
    """How many entries of the index `by` lead to `query`, at most `MOST_COUNTED`."""
    # The command, not an aggregation: it reads entries of the index alone.
    asked = {"count": rows.name, "query": query, "limit": MOST_COUNTED, "hint": dict(by)}
    return _known((rows, repr(query)), lambda: int(rows.database.command(asked)["n"]))


def every(rows: Rows) -> int:
    """How many records there are, of all tenants."""
    return max(1, _known((rows, "every"), rows.estimated_document_count))


def indexes(rows: Rows) -> frozenset[tuple[tuple[str, int], ...]]:
    """The indexes of all records of a tenant: not every collection that is listed has the same."""
    return _known((rows, "indexes"), lambda: _indexes(rows))


def _indexes(rows: Rows) -> frozenset[tuple[tuple[str, int], ...]]:
    found = (each for each in rows.index_information().values() if "partialFilterExpression" not in each)
    keys = (tuple((name, int(way)) for name, way in each["key"]) for each in found)
    return frozenset(each for each in keys if each[0][0] == "tenant_id")


def _known(key: tuple[Any, ...], count: Callable[[], Answer]) -> Answer:
    answer: Any
    answer, until = _remembered.get(key, (None, 0.0))
    if time.monotonic() >= until:
        if len(_remembered) > _MOST_REMEMBERED:
            _remembered.clear()
        answer = count()
        _remembered[key] = answer, time.monotonic() + _SECONDS
    return answer
