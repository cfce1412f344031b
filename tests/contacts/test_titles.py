"""What timelines call a fact: pure."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from crm.common.v1 import money_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.contacts import titles
from services.contacts.reactions import happened_at
from tests.builders.contacts import a_lead, a_placed_order, a_sold_opportunity


def test_an_opportunity_is_told_in_plain_words() -> None:
    assert titles.of_opportunity("won", a_sold_opportunity()) == "Opportunity won: 200 rose bushes, 4,821.00 EUR"


def test_an_opportunity_of_unknown_worth_is_told_without() -> None:
    opportunity = a_sold_opportunity()
    opportunity.ClearField("amount")
    assert titles.of_opportunity("opened", opportunity) == "Opportunity opened: 200 rose bushes"


def test_an_order_is_told_by_its_number() -> None:
    assert titles.of_order("placed", a_placed_order()) == "Order placed: ORD-2026-000123, 4,821.00 EUR"


@pytest.mark.parametrize(
    ("absent", "title"),
    [
        ((), "Lead converted: Mina Vale, Vale Gardens"),
        (("company_name",), "Lead converted: Mina Vale"),
        (("given_name", "family_name"), "Lead converted: Vale Gardens"),
        (("given_name", "family_name", "company_name"), "Lead converted: mina@valegardens.example"),
    ],
)
def test_a_conversion_is_told_by_whom_it_is_of(absent: tuple[str, ...], title: str) -> None:
    lead = a_lead(**dict.fromkeys(absent))
    lead.settle()
    assert titles.of_conversion(lead.message()) == title


@pytest.mark.parametrize(
    ("code", "units", "nanos", "said"),
    [
        ("EUR", 4821, 0, "4,821.00 EUR"),
        ("EUR", 0, 500_000_000, "0.50 EUR"),
        ("EUR", 12, 345_000_000, "12.345 EUR"),
        ("EUR", -1_234, -500_000_000, "-1,234.50 EUR"),
        ("EUR", 0, -10_000_000, "-0.01 EUR"),
        ("JPY", 1_000_000, 0, "1,000,000 JPY"),
        ("KWD", 7, 0, "7.000 KWD"),
    ],
)
def test_money_is_said_as_its_currency_is_written(code: str, units: int, nanos: int, said: str) -> None:
    assert titles.spoken(money_pb2.Money(currency_code=code, units=units, nanos=nanos)) == said


@given(st.integers(-(10**15), 10**15), st.integers(0, 999_999_999), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_is_said_is_exactly_what_it_is_worth(units: int, nanos: int, code: str) -> None:
    nanos = -nanos if units < 0 else nanos
    said = titles.spoken(money_pb2.Money(currency_code=code, units=units, nanos=nanos))
    assert Decimal(said.split()[0].replace(",", "")) == units + Decimal(nanos) / 10**9


@given(st.text(min_size=1, max_size=255))
def test_a_title_fits_its_field_and_keeps_the_amount(name: str) -> None:
    title = titles.of_opportunity("won", a_sold_opportunity(name=name))
    assert len(title) <= 255
    assert title.endswith(", 4,821.00 EUR")


TOLD = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)


def test_what_happens_today_happens_when_it_is_told() -> None:
    assert happened_at("2026-03-12", TOLD) == happened_at("", TOLD) == TOLD


def test_what_is_imported_stands_where_it_belongs() -> None:
    assert happened_at("2016-10-20", TOLD) == datetime(2016, 10, 20, tzinfo=UTC)
