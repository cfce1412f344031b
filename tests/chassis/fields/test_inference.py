"""What formulas give, told before there are values: the law is that what is refused gives nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.fields.formula import Formula
from chassis.fields.inference import DATE, INSTANT, LIST, NUMBER, TEXT, TRUTH, Misfit, demand_result
from chassis.fields.value import computed
from tests.chassis.fields.test_formula import RECORD

INPUTS = {
    "price": NUMBER, "pieces": NUMBER, "discount": NUMBER, "amount": NUMBER, "tier": TEXT, "tags": LIST, "paid": TRUTH,
    "since": DATE, "until": DATE, "seen": INSTANT,
}  # fmt: skip
TYPES = ["TEXT", "LONG_TEXT", "INTEGER", "DECIMAL", "BOOLEAN", "DATE", "INSTANT"]


def inner(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.builds("({} {} {})".format, parts, st.sampled_from(["+", "*", "/", "<", "==", "in"]), parts)
    one = st.builds("{}({})".format, st.sampled_from(["-", "abs", "lower", "length", "year", "round"]), parts)
    two = st.builds("{}({}, {})".format, st.sampled_from(["min", "concat", "days", "coalesce"]), parts, parts)
    return pairs | one | two | st.builds("(not {})".format, parts)


EXPRESSIONS = st.recursive(
    st.sampled_from([*RECORD, "1", "2.5", "'a'", "'2026-02-01'", "True", "None", "nothing"]), inner, max_leaves=6
)


@given(EXPRESSIONS, st.sampled_from(TYPES))
def test_what_is_refused_gives_nothing(text: str, type_name: str) -> None:
    formula = Formula(text)
    try:
        demand_result(formula, INPUTS, type_name)
    except Misfit:
        assert computed(type_name, formula.value(RECORD)) is None


@pytest.mark.parametrize(
    ("text", "type_name", "why"),
    [
        ("tier + tier", "TEXT", "takes tier as a number, and it is a text"),
        ("round(since, 2)", "DECIMAL", "takes since as a number, and it is a date"),
        ("days(until, price)", "INTEGER", "takes price as a date, and it is a number"),
        ("concat(tier, paid)", "TEXT", "takes paid as a text, and it is true or false"),
        ("price * pieces", "DATE", "gives a number, which is no DATE"),
        ("price > 10", "TEXT", "gives true or false, which is no TEXT"),
    ],
)
def test_it_is_told_what_does_not_fit(text: str, type_name: str, why: str) -> None:
    with pytest.raises(Misfit, match=why):
        demand_result(Formula(text), INPUTS, type_name)
