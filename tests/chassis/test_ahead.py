"""What is made ahead: one item, in order, as whoever asks for it."""

import threading
from collections.abc import Iterator

import pytest

from chassis.jobs import ahead
from chassis.principal import Principal, acting_as, principal


def test_the_next_is_made_while_the_one_before_is_used() -> None:
    made = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for each in range(3):
            made.release()
            yield each

    found = ahead(items())
    assert next(found) == 0
    for _ in range(2):  # the one in hand, and the next
        assert made.acquire(timeout=5)
    assert not made.acquire(timeout=0.05), "no more than one ahead"
    assert list(found) == [1, 2]


def test_they_are_made_as_whoever_asks() -> None:
    ada = Principal("ten_a", "usr_ada")
    with acting_as(ada):
        assert list(ahead(principal() for _ in range(2))) == [ada, ada]


def test_a_fault_comes_where_the_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("the second")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="the second"):
        next(found)


def test_the_thread_ends_with_whoever_asks() -> None:
    found = ahead(iter(range(10)))
    next(found)
    found.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("ahead")]
