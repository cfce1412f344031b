"""How many others a record has at a time: pure, with its laws."""

from hypothesis import given
from hypothesis import strategies as st

from services.contacts.periods import Period
from services.contacts.room import most_others

DAYS = [f"2026-01-{day:02}" for day in range(1, 13)]
DAY = st.sampled_from(["", *DAYS])
OTHERS = st.lists(st.tuples(st.sampled_from("abc"), st.builds(Period, DAY, DAY)), max_size=6)


@given(OTHERS, st.sampled_from(DAYS))
def test_it_is_the_most_on_any_day_from_then_on(others: list[tuple[str, Period]], day: str) -> None:
    days = [each for each in [*DAYS, "2027-01-01"] if each >= day]
    on = [len({other for other, period in others if period.holds(each)}) for each in days]
    assert most_others(others, day) == max(on)


@given(OTHERS, OTHERS, st.sampled_from(DAYS))
def test_more_associations_are_never_fewer_others(
    some: list[tuple[str, Period]], more: list[tuple[str, Period]], day: str
) -> None:
    assert most_others(some, day) <= most_others(some + more, day) <= most_others(some, day) + most_others(more, day)
