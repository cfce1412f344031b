"""Periods of days, from the first day to the one on which they are over. Pure.

A day is an ISO date, which sorts as text; an empty one is open: ever since, or still.
"""

from collections.abc import Iterable
from typing import NamedTuple

_LAST = "9999-12-32"  # sorts behind every date


class Period(NamedTuple):
    """From `since` on until `until`, without that day itself."""

    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, since: str | None, until: str | None) -> "Period":
        """The period of two stored dates."""
        return cls(since or "", until or "")

    @property
    def empty(self) -> bool:
        """Over before it begins."""
        return self.since >= (self.until or _LAST)

    def holds(self, day: str) -> bool:
        """Whether the day lies in it."""
        return self.since <= day < (self.until or _LAST)

    def meets(self, other: "Period") -> bool:
        """Whether there is a day in both."""
        return max(self.since, other.since) < min(self.until or _LAST, other.until or _LAST)


def most_at_once(periods: Iterable[Period], within: Period) -> int:
    """How many of the periods hold on the day of `within` on which most do."""
    meeting = [each for each in periods if each.meets(within)]
    # The number grows on first days only, so one of these, or the first of `within`, is the fullest.
    days = {max(each.since, within.since) for each in meeting}
    return max((sum(each.holds(day) for each in meeting) for day in days), default=0)
