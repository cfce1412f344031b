"""The pure parts of sales: sums of money and the median of a histogram, with their laws."""

import statistics
from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.sales.line import money, total
from services.sales.report import median

BILLION = 1_000_000_000


def prices() -> st.SearchStrategy[dict[str, object]]:
    return st.integers(-(10**15), 10**15).map(lambda billionths: money("EUR", billionths))


def exact(amount: dict[str, object]) -> Fraction:
    return amount["units"] + Fraction(amount["nanos"], BILLION)


@given(st.integers(-(10**24), 10**24))
def test_money_is_exact_and_its_parts_share_a_sign(billionths: int) -> None:
    amount = money("EUR", billionths)
    assert exact(amount) == Fraction(billionths, BILLION)
    assert amount["units"] * amount["nanos"] >= 0
    assert abs(amount["nanos"]) < BILLION


@given(st.lists(st.tuples(prices(), st.integers(1, 1000)), min_size=1, max_size=20))
def test_a_total_is_the_sum_of_price_times_quantity(lines: list[tuple[dict[str, object], int]]) -> None:
    summed = total([{"unit_price": price, "quantity": count} for price, count in lines])
    assert exact(summed) == sum(exact(price) * count for price, count in lines)


def test_lines_without_a_price_are_worth_nothing_that_is_known() -> None:
    assert total([{"quantity": 3}]) is None


@given(st.lists(st.integers(0, 400), min_size=1))
def test_the_median_of_a_histogram_is_the_median_of_its_values(days: list[int]) -> None:
    assert median(sorted(Counter(days).items())) == statistics.median(days)


def test_nothing_has_no_median() -> None:
    assert median([]) is None
