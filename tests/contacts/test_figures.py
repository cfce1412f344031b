"""The kernel that keeps the figures of purchases up: any order of events ends where counting anew would."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.contacts.figures import follow

Row = dict[str, Any]

DAYS = ["2026-01-05", "2026-02-06", "2026-03-07"]
MONEYS = st.one_of(
    st.none(),
    st.builds(
        lambda currency, units, nanos: {"currency_code": currency, "units": units, "nanos": nanos},
        st.sampled_from(["EUR", "GBP"]), st.integers(0, 10**6), st.integers(0, 999_999_999),
    ),
)  # fmt: skip


@st.composite
def stories(draw: Any) -> list[tuple[str, int, Row]]:
    """What three orders became, revision by revision, told in any order and some of it twice."""
    told = []
    for order in ("a", "b", "c"):
        kind = draw(st.sampled_from(["SALE", "CREDIT"]))
        for revision in range(1, draw(st.integers(1, 4)) + 1):
            fields = {
                "kind": kind, "order_date": draw(st.sampled_from(DAYS)), "total": draw(MONEYS),
                "cancelled": draw(st.booleans()), "mine": draw(st.booleans()),
            }  # fmt: skip
            told.append((order, revision, fields))
    return draw(st.permutations(told + draw(st.lists(st.sampled_from(told), max_size=4))))


def days_of(known: dict[str, tuple[int, Row]]) -> tuple[str, str]:
    days = [row["order_date"] for row in standing(known) if row["kind"] == "SALE"]
    return min(days, default=""), max(days, default="")


def standing(known: dict[str, tuple[int, Row]]) -> list[Row]:
    return [row for _, row in known.values() if row["mine"] and not row["cancelled"]]


def counted(known: dict[str, tuple[int, Row]]) -> Row:
    rows, sums = standing(known), dict[str, Decimal]()
    for money in (row["total"] for row in rows if row["total"]):
        amount = Decimal(money["units"]) + Decimal(money["nanos"]).scaleb(-9)
        sums[money["currency_code"]] = sums.get(money["currency_code"], Decimal(0)) + amount
    first, last = days_of(known)
    return {
        "orders": sum(row["kind"] == "SALE" for row in rows), "credits": sum(row["kind"] == "CREDIT" for row in rows),
        "first": first, "last": last, "values": {currency: sum for currency, sum in sums.items() if sum},
    }  # fmt: skip


@given(stories())
def test_any_order_of_events_gives_the_figures_that_counting_gives(story: list[tuple[str, int, Row]]) -> None:
    known: dict[str, tuple[int, Row]] = {}
    figures: Row = {}
    for order, revision, row in story:
        before = known.get(order)
        if before is not None and before[0] >= revision:
            continue
        known[order] = (revision, row)
        was = before[1] if before is not None and before[1]["mine"] else None
        figures = follow(figures, was, row if row["mine"] else None, lambda: days_of(known))
        assert {
            "orders": figures["order_count"], "credits": figures["credit_count"],
            "first": figures.get("first_order_date", ""), "last": figures.get("last_order_date", ""),
            "values": {
                each["currency_code"]: Decimal(each["units"]) + Decimal(each["nanos"]).scaleb(-9)
                for each in figures.get("values", [])
            },
        } == counted(known)  # fmt: skip


def test_a_credit_lessens_the_value_and_is_no_day_on_which_somebody_bought() -> None:
    euros = {"currency_code": "EUR", "units": 10, "nanos": 500_000_000}
    sale = {"kind": "SALE", "order_date": DAYS[0], "total": euros, "cancelled": False}
    back = {**euros, "units": -4, "nanos": 0}
    bought = follow({}, None, sale, lambda: ("", ""))
    assert follow(bought, None, sale | {"kind": "CREDIT", "order_date": DAYS[2], "total": back}, lambda: ("", "")) == {
        "order_count": 1, "credit_count": 1, "first_order_date": DAYS[0], "last_order_date": DAYS[0],
        "values": [{"currency_code": "EUR", "units": 6, "nanos": 500_000_000}],
    }  # fmt: skip
