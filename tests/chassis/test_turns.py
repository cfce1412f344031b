"""Transactions that take one turn see each other; a turn says nothing of whom it is about, and goes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis import acting_as, principal, take_a_lane, take_all_lanes, take_turns, transaction, turns
from chassis.embedded import Servers
from chassis.principal import Principal
from chassis.testing import acting_as_somebody, somebody


@pytest.fixture(autouse=True)
def _connected(servers: Servers) -> Iterator[None]:
    database = transaction.connect(servers.mongo_url("sales"))
    turns.prepare(database)
    with acting_as_somebody():
        yield
    database[turns.COLLECTION].delete_many({})
    transaction.disconnect()


def runs_beside(name: str, whom: Principal, other: str) -> int:
    """How often work runs that takes the turn `name` while somebody else, who began later, takes `other` and is done."""
    return runs_of(lambda: take_turns(name, "own/part"), whom, lambda: take_turns(other))


def runs_of(take: Callable[[], None], whom: Principal, take_another: Callable[[], None]) -> int:
    """How often work runs that takes a turn while somebody else, who began later, takes another and is done."""
    runs: list[Any] = []

    def beside() -> None:
        with acting_as(whom):
            transaction.run(take_another)

    def work() -> None:
        runs.append(transaction.database()["records"].find_one())  # from here on it sees nothing that comes
        take()
        if len(runs) == 1:
            with ThreadPoolExecutor() as another:
                another.submit(beside).result()

    transaction.run(work)
    return len(runs)


def test_of_two_that_take_one_turn_the_later_begins_again() -> None:
    assert runs_beside("tree/1", principal(), "tree/1") == 2
    assert runs_beside("tree/1", principal(), "tree/1") == 2  # also where the turn was taken before


def test_who_takes_another_turn_is_in_nobodys_way() -> None:
    assert runs_beside("tree/1", principal(), "tree/2") == 1
    assert runs_beside("tree/1", somebody(), "tree/1") == 1


def test_who_rests_on_something_is_in_the_way_of_who_changes_it_alone() -> None:
    def rest() -> None:
        take_a_lane("names/1")

    def change() -> None:
        take_all_lanes("names/1")

    assert runs_of(rest, principal(), rest) == 1
    assert (runs_of(rest, principal(), change), runs_of(change, principal(), rest)) == (2, 2)
    assert runs_of(rest, principal(), lambda: take_all_lanes("names/2")) == 1


def test_a_turn_tells_nothing_and_goes() -> None:
    transaction.run(lambda: take_turns("emails/ada@rose-thorn.example"))
    rows = list(transaction.database()[turns.COLLECTION].find())
    assert rows
    assert "ada@" not in str(rows)
    indexes = transaction.database()[turns.COLLECTION].index_information()
    assert indexes["time_1"]["expireAfterSeconds"] == 3600
