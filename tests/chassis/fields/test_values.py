"""Values of custom fields: what each type takes, what it keeps, and that reading what is shown gives the same again."""

from datetime import UTC, date
from decimal import Decimal
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from chassis.fields import value
from chassis.fields.value import TYPES, Choice
from chassis.listing.operand import Unfit

CHOICE = Choice(frozenset({"gold", "silver", "bronze"}), frozenset({"gold", "silver"}))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
KEPT = {
    "TEXT": WORDS,
    "LONG_TEXT": WORDS,
    "INTEGER": st.integers(-(1 << 53), 1 << 53) | st.integers(-999, 999).map(float) | st.integers(-999, 999).map(str),
    "DECIMAL": st.decimals(-(10**18), 10**18, places=9).map(lambda each: format(each, "f")) | st.integers(-999, 999),
    "BOOLEAN": st.booleans(),
    "DATE": st.dates().map(lambda day: day.isoformat()),
    "INSTANT": st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat(timespec="microseconds")),
    "SELECT": st.sampled_from(sorted(CHOICE.known)),
    "MULTI_SELECT": st.lists(st.sampled_from(sorted(CHOICE.known)), min_size=1),
    "MONEY": st.builds(
        lambda units, nanos: {"currency_code": "EUR", "units": units, "nanos": nanos if units > 0 else -nanos},
        st.integers(-(9 * 10**15), 9 * 10**15), st.integers(0, 999_999_999),
    ),
    "EMAIL": st.sampled_from(["ada@Thorn.example", "böb@bücher.example"]),
    "PHONE": st.just("+4915123456789"),
    "URL": st.just("https://thorn.example/roses?page=1"),
    "REFERENCE": st.just("acc_01m80nk41xeqr8nx3htck6pmz2"),
}  # fmt: skip
ANYTHING = st.none() | st.booleans() | st.floats() | st.text(max_size=12) | st.lists(st.text(max_size=3)) | st.dictionaries(
    st.sampled_from(["currency_code", "units", "nanos", "x"]), st.none() | st.floats() | st.just("EUR") | st.text(max_size=3)
)  # fmt: skip


def test_every_type_has_values_here() -> None:
    assert KEPT.keys() == TYPES.keys()


@pytest.mark.parametrize("type_name", TYPES)
@given(data=st.data())
def test_what_is_shown_is_read_as_what_was_kept(type_name: str, data: st.DataObject) -> None:
    kept = value.read(type_name, data.draw(KEPT[type_name]), CHOICE)
    assert kept is not None
    assert value.read(type_name, value.shown(kept), CHOICE) == kept


@pytest.mark.parametrize("type_name", TYPES)
@given(given=ANYTHING)
def test_anything_is_taken_or_told_to_be_unfit(type_name: str, given: Any) -> None:
    try:
        kept = value.read(type_name, given, CHOICE)
    except Unfit:
        return
    assert kept is None or value.read(type_name, value.shown(kept), CHOICE) == kept


@pytest.mark.parametrize("nothing", [None, "", []])
@pytest.mark.parametrize("type_name", TYPES)
def test_nothing_is_no_value(type_name: str, nothing: Any) -> None:
    assert value.read(type_name, nothing, CHOICE) is None


@pytest.mark.parametrize(
    ("type_name", "given"),
    [
        ("TEXT", 5), ("TEXT", "x" * 256), ("TEXT", "a\x00b"), ("LONG_TEXT", "x" * 10_001), ("INTEGER", 1.5), ("INTEGER", True),
        ("INTEGER", 2.0**54), ("INTEGER", float("inf")), ("INTEGER", "1.0"), ("DECIMAL", "1e5"), ("DECIMAL", "1" * 29),
        ("DECIMAL", "0.1234567891"), ("DECIMAL", True), ("DECIMAL", "NaN"), ("BOOLEAN", "true"), ("BOOLEAN", 1),
        ("DATE", "2026-02-30"), ("INSTANT", "2026-02-01"), ("INSTANT", 5), ("SELECT", "lead"), ("MULTI_SELECT", "gold"),
        ("MULTI_SELECT", ["gold", "lead"]), ("REFERENCE", "acc_1"), ("EMAIL", "ada@"), ("PHONE", "0151"),
        ("URL", "javascript:alert(1)"), ("MONEY", 5), ("MONEY", {"units": 5}), ("MONEY", {"currency_code": "XXQ", "units": 5}),
        ("MONEY", {"currency_code": "EUR", "units": 1, "nanos": -1}), ("MONEY", {"currency_code": "EUR", "cents": 1}),
    ],
)  # fmt: skip
def test_an_unfit_value_is_refused(type_name: str, given: Any) -> None:
    with pytest.raises(Unfit):
        value.read(type_name, given, CHOICE)


@pytest.mark.parametrize(
    ("type_name", "given", "shown"),
    [
        ("DECIMAL", "12.50", "12.5"), ("DECIMAL", 12.1, "12.1"), ("DECIMAL", "-0.0", "0"), ("DECIMAL", 1e9, "1000000000"),
        ("INTEGER", 5.0, 5), ("INTEGER", "-7", -7), ("EMAIL", "Ada@THORN.example", "Ada@thorn.example"),
        ("INSTANT", "2026-11-22T10:30:00.1239+01:00", "2026-11-22T09:30:00.123Z"),
        ("MULTI_SELECT", ["gold", "silver", "gold"], ["gold", "silver"]),
        ("MONEY", {"currency_code": "EUR", "units": "12"}, {"currency_code": "EUR", "units": "12", "nanos": 0}),
    ],
)  # fmt: skip
def test_a_value_has_one_written_form(type_name: str, given: Any, shown: Any) -> None:
    assert value.shown(value.read(type_name, given, CHOICE)) == shown


@pytest.mark.parametrize(
    ("type_name", "result", "kept"),
    [
        ("INTEGER", Decimal("2.5"), 3), ("DECIMAL", Decimal("1") / 3, Decimal128("0.333333333")), ("TEXT", "gold", "gold"),
        ("TEXT", Decimal(5), "5"), ("BOOLEAN", True, True), ("BOOLEAN", "yes", None), ("INTEGER", Decimal(10) ** 30, None),
        ("INTEGER", "gold", None), ("DATE", date(2026, 3, 2), "2026-03-02"), ("TEXT", "x" * 300, None),
        ("DECIMAL", ("a",), None), ("DATE", None, None),
    ],
)  # fmt: skip
def test_what_a_formula_gives_is_kept_where_it_is_of_the_type(type_name: str, result: Any, kept: Any) -> None:
    assert value.computed(type_name, result) == kept
