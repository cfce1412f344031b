"""What two texts have different: laws that hold for all, and the form in which it is told."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.contacts import comparison
from services.contacts.comparison import ADDED, REMOVED, SAME, NotComparable, compared, lines_of, steps_between

texts = some.lists(some.sampled_from("abcd"), max_size=30)


@given(texts, texts)
def test_the_steps_lead_from_one_text_to_the_other(base: list[str], other: list[str]) -> None:
    steps, _ = steps_between(base, other)
    assert [base[x] for kind, x, _ in steps if kind != ADDED] == base
    assert [base[x] if kind == SAME else other[y] for kind, x, y in steps if kind != REMOVED] == other


@given(texts, texts)
def test_there_is_no_shorter_way(base: list[str], other: list[str]) -> None:
    lengths = [[0] * (len(other) + 1) for _ in range(len(base) + 1)]  # of the longest common subsequence
    for x, line in enumerate(base, 1):
        for y, there in enumerate(other, 1):
            best = max(lengths[x - 1][y], lengths[x][y - 1])
            lengths[x][y] = lengths[x - 1][y - 1] + 1 if line == there else best
    found = compared(base, other)
    assert found.minimal
    assert found.added_count + found.removed_count == len(base) + len(other) - 2 * lengths[-1][-1]


@given(texts)
def test_a_text_differs_in_nothing_from_itself(text: list[str]) -> None:
    assert not compared(text, text).hunks


@given(texts, texts)
def test_every_difference_stands_in_one_hunk(base: list[str], other: list[str]) -> None:
    found = compared(base, other)
    told = [line.kind for hunk in found.hunks for line in hunk.lines]
    assert (told.count(ADDED), told.count(REMOVED)) == (found.added_count, found.removed_count)
    for hunk in found.hunks:
        shown = [line.text for line in hunk.lines if line.kind != ADDED]
        assert base[hunk.base_start - 1 : hunk.base_start - 1 + len(shown)] == shown
        shown = [line.text for line in hunk.lines if line.kind != REMOVED]
        assert other[hunk.start - 1 : hunk.start - 1 + len(shown)] == shown


def test_a_hunk_has_three_equal_lines_around_it() -> None:
    base = [str(number) for number in range(100)]
    other = [*base[:10], "new", *base[10:50], *base[51:]]
    first, second = compared(base, other).hunks
    assert [line.text for line in first.lines] == ["7", "8", "9", "new", "10", "11", "12"]
    assert (first.base_start, first.start, second.base_start, second.start) == (8, 8, 48, 49)
    assert [line.text for line in second.lines if line.kind == REMOVED] == ["50"]


def test_what_has_too_many_differences_counts_as_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MOST_DIFFERENCES", 3)
    found = compared(["a", *"bcdef", "z"], ["a", *"BCDEF", "z"])
    assert (found.minimal, found.added_count, found.removed_count) == (False, 5, 5)
    assert [line.text for line in found.hunks[0].lines] == ["a", *"bcdef", *"BCDEF", "z"]


def test_the_worst_texts_take_little_time_and_little_of_the_answer() -> None:
    base, other = [f"a{number}" for number in range(20_000)], [f"b{number}" for number in range(20_000)]
    begin = time.monotonic()
    found = compared(base, other)
    assert (found.minimal, found.truncated, [len(hunk.lines) for hunk in found.hunks]) == (False, True, [2_000])
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize(
    "data",
    [b"one\ntwo\n", b"one\r\ntwo", b"\xef\xbb\xbfone\ntwo", "one\ntwo".encode("utf-16"), b"one\rtwo\r"],
)
def test_lines_are_read_whatever_ends_and_encodes_them(data: bytes) -> None:
    assert lines_of(data) == ["one", "two"]


def test_old_encodings_are_read() -> None:
    assert lines_of("Grüße".encode("cp1252")) == ["Grüße"]
    assert lines_of(b"") == []


def test_too_many_lines_are_not_compared() -> None:
    with pytest.raises(NotComparable, match="20,000 lines"):
        lines_of(b"\n" * 20_001)
