"""When two names are the same company's: pure, with its laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.conversion import same_name

NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Vale Gardens", "  VALE   gardens ", True),
        ("Gärtnerei Weiß", "gartnerei weiss", True),
        ("Vale Gardens", "Vale Gardens Ltd", False),
        ("Vale Gardens", "ValeGardens", False),
    ],
)
def test_names_are_the_same_but_for_case_accents_and_space(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same


@given(NAME, NAME)
def test_being_the_same_is_mutual_and_everything_is_the_same_as_itself(one: str, other: str) -> None:
    assert same_name(one, one)
    assert same_name(one, other) == same_name(other, one)
    assert same_name(one, f"  {one.upper()}\t") == same_name(one, one.upper())
