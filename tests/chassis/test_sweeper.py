"""Sweepers: each item once, none in the way of the next, and nothing lost when the database is away."""

import threading
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from chassis.refusals import StaleRevision
from chassis.sweeper import Sweeper


def a_sweeper(items: list[Any], work: Any, **more: Any) -> Sweeper:
    return Sweeper("test", lambda: list(items), work, **more)


def test_an_item_that_breaks_is_told_and_the_next_one_is_worked_on() -> None:
    done, spoilt = [], []

    def work(item: int) -> None:
        if item == 1:
            raise ValueError("no")
        done.append(item)

    a_sweeper([0, 1, 2], work, spoilt=lambda item, fault: spoilt.append((item, str(fault)))).sweep()
    assert (done, spoilt) == ([0, 2], [(1, "no")])


def test_what_another_process_did_is_let_be() -> None:
    spoilt: list[Any] = []

    def work(item: int) -> None:
        raise StaleRevision(noun="mail", id="mail_1", etag="2")

    assert a_sweeper([0], work, spoilt=lambda *told: spoilt.append(told)).sweep() == 1
    assert spoilt == []


def test_a_database_that_is_away_spoils_nothing() -> None:
    spoilt: list[Any] = []

    def work(item: int) -> None:
        raise AutoReconnect("away")

    with pytest.raises(AutoReconnect):
        a_sweeper([0, 1], work, spoilt=lambda *told: spoilt.append(told)).sweep()
    assert spoilt == []


def test_a_sweep_that_broke_is_followed_by_another() -> None:
    turns: list[int] = []
    swept = threading.Event()

    def due() -> list[int]:
        turns.append(1)
        if len(turns) == 1:
            raise AutoReconnect("away")
        if len(turns) == 2:
            raise ValueError("broken")
        swept.set()
        return []

    sweeper = Sweeper("test", due, lambda item: None, seconds=0.01)
    sweeper.start()
    assert swept.wait(5)
    sweeper.stop()


def test_who_wakes_a_sweeper_need_not_wait() -> None:
    swept = threading.Semaphore(0)
    sweeper = Sweeper("test", lambda: swept.release() or [], lambda item: None, seconds=600)
    sweeper.start()
    assert swept.acquire(timeout=5)
    sweeper.wake()
    assert swept.acquire(timeout=5)
    sweeper.stop()
