"""Formulas: what they give, what they refuse, and the laws that hold for every text."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from chassis.fields.formula import FUNCTIONS, Formula, Unreadable

RECORD: dict[str, Any] = {
    "price": Decimal128("19.99"), "pieces": 3, "discount": 12.5, "tier": "gold", "tags": ["vip", "press"], "paid": True,
    "since": "2026-02-01", "until": "2026-03-01", "seen": datetime(2026, 3, 2, 9, tzinfo=UTC),
    "amount": {"currency_code": "EUR", "units": 1200, "nanos": 500_000_000},
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("price * pieces", Decimal("59.97")),
        ("round(price * (1 - discount / 100), 2)", Decimal("17.49")),
        ("0.1 + 0.2", Decimal("0.3")),
        ("amount / 2", Decimal("600.25")),
        ("pieces % 2 == 1 and not tier == 'silver'", True),
        ("'big' if amount > 1000 else 'small'", "big"),
        ("'vip' in tags", True),
        ("concat(upper(tier), ' ', pieces)", "GOLD 3"),
        ("days(until, since)", Decimal(28)),
        ("year(since) + month(seen)", Decimal(2029)),
        ("coalesce(nothing, tier)", "gold"),
        ("floor(-price) + ceil(price)", Decimal(0)),
        ("min(pieces, 2) + max(pieces, 2) + abs(-1)", Decimal(6)),
        ("length(tier)", Decimal(4)),
        ("paid", True),
    ],
)
def test_a_formula_gives(text: str, value: Any) -> None:
    assert Formula(text).value(RECORD) == value


@pytest.mark.parametrize(
    "text",
    ["nothing + 1", "price / 0", "tier * 3", "tier + tier", "paid + 1", "days(since, seen)", "days(price, price)",
     "tier < pieces", "round(price, 99)",
     "lower(pieces, tier)", "1 in pieces"],
)  # fmt: skip
def test_what_cannot_be_computed_is_no_value(text: str) -> None:
    assert Formula(text).value(RECORD) is None


@pytest.mark.parametrize(
    "text",
    ["", "1 +", "a; b", "a = 1", "tier.upper()", "tags[0]", "2 ** 9", "[a for a in tags]", "lambda: 1", "__import__('os')",
     "open('x')", "eval('1')", "f'{tier}'", "round(price, places=2)", "1e999", "(" * 100 + "1" + ")" * 100 + "(", "1j", "a @ b",
     "-" * 100 + "1", "b'x'", "...", "min(*tags)"],
)  # fmt: skip
def test_a_text_that_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        Formula(text)


def test_the_inputs_of_a_formula_are_its_names_and_not_its_functions() -> None:
    assert Formula("round(price, 2) + min(pieces, price)").inputs == {"price", "pieces"}


WORDS = [
    "+", "-", "*", "/", "%", "(", ")", ",", "==", "<", "in", "and", "or", "not", "if", "else", ".", "[", "]", "**", ":", "lambda",
    "None", "True", "1", "0.5", "'a'", "nothing",
]  # fmt: skip
PIECES = st.sampled_from([*RECORD, *FUNCTIONS, *WORDS])


@given(st.lists(PIECES, max_size=30).map(" ".join) | st.text(max_size=60))
def test_whatever_is_written_is_refused_or_gives_a_value_of_a_known_kind(text: str) -> None:
    try:
        formula = Formula(text)
    except Unreadable:
        return
    found = formula.value(RECORD)
    assert found is None or isinstance(found, Decimal | str | bool | datetime | tuple) or hasattr(found, "isoformat")


@given(st.decimals(-(10**9), 10**9, places=4), st.decimals(-(10**9), 10**9, places=4))
def test_sums_and_differences_are_exact(one: Decimal, other: Decimal) -> None:
    inputs = {"one": Decimal128(one), "other": Decimal128(other)}
    assert Formula("one + other - other").value(inputs) == one
    assert Formula("one * other == other * one").value(inputs) is True
