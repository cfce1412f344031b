"""Two words of a name are found as one by what each begins with, whichever was written first."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.listing.pairs import of_beginnings, of_whole, pairs, pattern, spelt_out
from chassis.listing.words import begun, holding, names, search_tokens, together

WORDS = st.one_of(
    st.text("abez", min_size=1, max_size=6),
    st.text("абвя", min_size=1, max_size=6),
    st.sampled_from(["anna", "ann", "kowalska", "kow", "an", "strasse", "田中"]),
)


@given(WORDS, WORDS, st.data())
def test_beginnings_of_two_words_begin_their_pair(first, second, data):
    beginnings = [word[: data.draw(st.integers(1, len(word)))] for word in (first, second)]
    patterns = [pattern(each) for each in of_beginnings(*beginnings)]
    assert any(re.match(each, of_whole(second, first)) for each in patterns)


@given(WORDS, WORDS, WORDS, WORDS, st.data())
def test_what_is_spelt_out_finds_what_the_pattern_finds(first, second, third, fourth, data):
    beginnings = [word[: data.draw(st.integers(1, len(word)))] for word in (first, second)]
    for kept in (of_whole(first, second), of_whole(third, fourth), of_whole(first, fourth)):
        for each in of_beginnings(*beginnings):
            assert bool(re.match(pattern(each), kept)) == any(kept.startswith(text) for text in spelt_out(each))


@given(WORDS, WORDS)
def test_two_words_are_one_pair_in_either_order(first, second):
    assert of_whole(first, second) == of_whole(second, first)
    assert of_beginnings(first, second) == of_beginnings(second, first)


@pytest.mark.parametrize(
    ("first", "second", "begin"),
    [
        ("anna", "kowalska", {"&aknonwaa"}),
        ("kow", "an", {"&akno\0w"}),
        ("a", "kow", {"&ak\0o\0w"}),
        ("anna", "k", {"&akn\0n\0a"}),
        ("an", "ann", {"&aann\0n", "&aannn"}),
    ],
)
def test_a_pair_begins_with_what_is_known_of_both(first, second, begin):
    assert of_beginnings(first, second) == begin


def test_a_record_keeps_its_first_three_names_in_pairs_and_no_number():
    kept = search_tokens(["Anna Maria", "Kowalska", "Ann 4", "+4915112345678", "anna@example.com"])
    assert [each for each in kept if each.startswith("&")] == ["&amnanrai", "&aknonwaa", "&kmoawrai"]


def test_a_query_of_one_name_is_no_pair():
    assert together(begun("anna")[0]) == together(begun("0151 12345")[0]) == together(begun("anna 12")[0]) == ()


def test_what_a_query_asks_of_pairs_is_what_records_keep():
    [whole, begins] = [together(each("Kowalska Anna")[0])[0][0] for each in (holding, begun)]
    assert whole.whole == begins.whole == tuple(pairs(names(["Anna Kowalska"])))
