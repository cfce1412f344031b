"""Words are found by their beginnings, without case and accents, in every script."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.listing.folding import fold
from chassis.listing.likeness import alike, distance, spelt
from chassis.listing.words import MOST_NAMES, MOST_TOKENS, TOKENS, begun, found_by, names, sought, tokens

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["Anna Kowalska", "Straße 5", "田中太郎", "anna.kowalska@example.com", "+4915123456789", "नमस्ते", "สวัสดี"]
    ),
)


def finds(query, *texts):
    """Whether a record with these texts is found: the condition read as MongoDB reads it."""
    kept = tokens(texts)

    def holds(condition):
        if "$or" in condition:
            return any(map(holds, condition["$or"]))
        if "$and" in condition:
            return all(map(holds, condition["$and"]))
        return any(re.search(condition[TOKENS]["$regex"], each) for each in kept) if condition else True

    return holds(found_by(begun(query)))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("kow", "Anna Kowalska"),
        ("KOWALSKA anna", "Anna Kowalska"),
        ("jose", "José Álvarez"),
        ("strasse", "Hauptstr. / Straße"),
        ("田", "田中太郎"),
        ("中太", "田中太郎"),
        ("郎", "田中太郎"),
        ("田中 太郎", "田中太郎"),
        ("anna.kowalska@exam", "Anna <anna.kowalska@example.com>"),
        ("anna@example.com", "anna@example.com"),
        ("example", "anna@example.com"),
        ("@example.com", "anna@example.com"),
        ("+49 151 2345", "+4915123456789"),
        ("0151 23456", "+4915123456789"),
        ("0049 151/2345", "+4915123456789"),
        ("(415) 555-01", "+14155550132"),
        ("2026 05", "Order 2026-05"),
        ("नमस", "नमस्ते"),
        ("", "anything"),
        ("-- !", "anything"),
    ],
)
def test_a_query_finds_what_its_words_begin(query, text):
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("owalska", "Anna Kowalska"),
        ("anna b", "Anna Kowalska"),
        ("中田", "田中太郎"),
        ("bob@example.com", "anna@example.com"),
        (".*", "Anna 1"),
        ("^a.*", "bob"),
        ("0152 23456", "+4915123456789"),
    ],
)
def test_a_query_finds_nothing_else(query, text):
    assert finds(query, text) == (not re.search(r"\w", query))


@given(TEXTS, TEXTS)
def test_a_text_is_found_by_itself(text, other):
    assert finds(text[:200], other, text) or len(tokens([other])) > 150


@given(st.text(alphabet="田中太郎山", min_size=1, max_size=12), st.data())
def test_any_part_of_a_run_without_spaces_is_found(run, data):
    start = data.draw(st.integers(0, len(run) - 1))
    assert finds(run[start : data.draw(st.integers(start + 1, len(run)))], run)


@given(st.lists(st.text(max_size=300), max_size=30))
def test_tokens_are_distinct_folded_and_bounded(texts):
    found = tokens(texts)
    assert len(found) == len(set(found)) <= MOST_TOKENS
    assert all(found)


@given(TEXTS)
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


def test_mongod_finds_by_words_what_we_say(collection):
    texts = ["Anna Kowalska", "anna.b@example.com", "田中", "+4915123456789", "a+b (c)", "Annabel"]
    collection.insert_many([{"_id": text, TOKENS: tokens([text])} for text in texts])
    for query in ["ann", "anna kow", "anna.b@", "田", "0151 23456", "a+b", "(c", "", ".*", "anna annabel"]:
        found = {each["_id"] for each in collection.find(found_by(begun(query)))}
        assert found == {text for text in texts if finds(query, text)}, query


@given(st.text(st.characters(max_codepoint=0x7F, exclude_characters="@"), max_size=200))
def test_plain_text_has_the_same_words_whatever_stands_beside_it(text):
    assert tokens([f"{text} ж"]) == [*(word for word in tokens([f"{text} "])), "ж"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("lodz", "Łódź"), ("soren", "Søren Kierkegård"), ("Kierkegard", "Søren Kierkegård"), ("aether", "Æther"),
        ("istanbul", "İstanbul"), ("isik", "Işık"), ("иванов", "ИВАНОВА"), ("семен", "Семён"), ("παπαδοπουλος", "Παπαδόπουλος"),
        ("ΓΕΩΡΓΙΟΣ", "Γεώργιος"), ("علي", "على"), ("احمد", "أحمد"), ("فاطمه", "فاطمة"), ("کریم", "كريم"), ("철수", "김철수"),
        ("ｔａｎａｋａ", "Tanaka"), ("ガ", "ｶﾞｰﾄﾞ"), ("nguyen", "Nguyễn"),
    ],
)  # fmt: skip
def test_letters_of_every_script_are_found_as_others_write_them(query, text):
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "texts", "slips"),
    [
        ("jhon", ["John Smith"], 1), ("jon smith", ["John Smith"], None), ("smiht john", ["John Smith"], 1),
        ("kowalksa", ["Anna Kowalska"], 1), ("christofer", ["Christopher"], 2), ("kristofer", ["Christopher"], None),
        ("ivanof", ["Ivanov"], 1), ("иваноф", ["Иванов"], 1), ("anna", ["Hanna"], 1), ("ann", ["Hanna"], None),
        ("10017", ["10018"], None), ("john@example.com", ["jon@example.com"], None), ("john", ["jon@example.com"], None),
    ],
)  # fmt: skip
def test_a_word_with_a_slip_is_like_the_word_that_was_meant(query, texts, slips):
    words, known = tokens(texts), [word for word in names(texts) if spelt(word)]

    def shares(word):
        return any(set(alike(word)) & set(alike(each)) for each in known) and spelt(word)

    among = all(any(each.startswith(word) for each in words) or shares(word) for word in sought(query))
    assert (distance(sought(query), words) if among else None) == slips


SLIPS = [
    lambda word, place, letter: word[:place] + word[place + 1 :],
    lambda word, place, letter: word[:place] + letter + word[place:],
    lambda word, place, letter: word[:place] + letter + word[place + 1 :],
    lambda word, place, letter: word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
]


@given(
    st.text("abcdeé", min_size=5, max_size=12), st.integers(0, 11), st.sampled_from("abcxyz"), st.sampled_from(SLIPS)
)
def test_one_slip_always_shares_a_spelling(word, place, letter, slip):
    word = fold(word)
    slipped = slip(word, place % len(word), letter)
    assert set(alike(word)) & set(alike(slipped))
    assert distance([slipped], [word]) in (0, 1)


@given(st.lists(st.text(max_size=40), max_size=10))
def test_names_are_a_few_of_the_words(texts):
    assert len(names(texts)) <= MOST_NAMES
    assert set(names(texts)) <= set(tokens(texts)) or len(tokens(texts)) == MOST_TOKENS
