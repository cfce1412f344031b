"""What the newest records of a tenant hold: how frequent a word or a value is, without counting.

Nothing has to be known exactly of what is frequent, for it is read newest first until a page is full. A thousand records tell
how far that is; to count eight thousand entries of an index takes as long as to find the page. What these records do not show
is rare, and has to be counted.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any

from chassis.listing import counts, pairs
from chassis.listing.counts import NEWEST, Memory, Rows
from chassis.listing.words import TOKENS, Term

SIZE = 1_000  # records
LEAST = 8  # of them that must have something for it to be called frequent

_MOST_SAMPLES = 40  # that a process remembers, each of about a megabyte
_BEYOND = "\U0010ffff"  # what begins with a text comes before the text with this behind it


class Sample:
    """The words of some records, and their values of the fields `names`."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], names: Iterable[str] = ()) -> None:
        rows = list(rows)
        self.size = len(rows)
        told = sorted((token, place) for place, row in enumerate(rows) for token in row.get(TOKENS) or ())
        self._tokens, self._places = [token for token, _ in told], [place for _, place in told]
        self._values = {name: [row.get(name) for row in rows] for name in names}

    def having(self, term: Term) -> int:
        """How many of the records `term` finds."""
        begins = [each for begin in term.beginnings for each in (pairs.spelt_out(begin) if term.is_pair else [begin])]
        ranges = [(begin, begin + _BEYOND) for begin in begins] + [(word, word + "\0") for word in term.whole]
        found = set[int]()
        for first, end in ranges:
            found.update(self._places[bisect_left(self._tokens, first) : bisect_left(self._tokens, end)])
        return len(found)

    def valued(self, name: str, value: Any) -> int:
        """How many of the records are known to have a value, or one of some."""
        sought = value["$in"] if isinstance(value, dict) else [value]
        return sum(each in sought for each in self._values.get(name, ()))

    def share(self, found: int) -> float:
        """How much of all records so many are; what none of these is may yet be there."""
        return max(found, 0.5) / max(self.size, 1)

    def is_frequent(self, found: int) -> bool:
        """Whether so many of them tell enough of how frequent something is."""
        return found >= LEAST


_samples: Memory[Sample] = Memory(_MOST_SAMPLES)


def newest(rows: Rows, tenant_id: str) -> Sample | None:
    """The newest records of a tenant; None where there are so few in all that counting is quick."""
    if counts.every(rows) < counts.MOST_COUNTED or tuple(NEWEST) not in counts.indexes(rows):
        return None
    names = {keys[1][0] for keys in counts.indexes(rows)} - {TOKENS, "_id"}
    found = rows.find(
        {"tenant_id": tenant_id}, [TOKENS, *names], sort=NEWEST[1:], limit=SIZE, batch_size=SIZE, hint=NEWEST
    )
    return _samples.known((rows, tenant_id), lambda: Sample(found, names))
