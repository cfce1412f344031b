"""Periods of days: pure, with their laws."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.contacts.periods import Period, most_at_once

FIRST = date(2026, 1, 1)
DAYS = [(FIRST + timedelta(days=day)).isoformat() for day in range(12)]
DAY = st.sampled_from(["", *DAYS])
PERIOD = st.builds(Period, DAY, DAY)


def days_of(period: Period) -> set[str]:
    return {day for day in DAYS if period.since <= day < (period.until or "9999")}


def test_a_period_holds_from_its_first_day_until_the_one_on_which_it_is_over() -> None:
    may = Period("2026-05-01", "2026-06-01")
    assert not may.empty
    assert may.meets(Period("2026-05-31"))
    assert not may.meets(Period("2026-06-01"))
    assert Period("2026-05-01", "2026-05-01").empty
    assert not Period().empty
    assert Period().meets(may)


@given(PERIOD, PERIOD)
def test_meeting_goes_both_ways(one: Period, other: Period) -> None:
    assert one.meets(other) == other.meets(one)
    if days_of(one) & days_of(other):
        assert one.meets(other)


@given(st.lists(PERIOD, max_size=6), PERIOD)
def test_the_fullest_day_is_as_full_as_counting_says(periods: list[Period], within: Period) -> None:
    counted = max((sum(day in days_of(each) for each in periods) for day in days_of(within)), default=0)
    most = most_at_once(periods, within)
    assert most >= counted
    if within.since and within.until:  # nothing lies beyond the days that were counted
        assert most == counted
