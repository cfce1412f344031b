"""A process that does a job is killed, and another one goes on without doing anything twice."""

from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from chassis import transaction
from chassis.embedded import Servers
from chassis.principal import acting_as
from chassis.testing import somebody
from tests.eventually import eventually
from tests.process import Process, running

LENGTH = 120


@pytest.fixture
def connected(servers: Servers) -> Iterator[None]:
    transaction.connect(servers.mongo_url("drill"))
    yield
    transaction.disconnect()


def test_another_process_takes_over_without_a_double_step(servers: Servers, connected: None) -> None:
    from chassis import RUN
    from tests.chassis.drill.rehearsal import Rehearsal

    with acting_as(somebody()):
        rehearsal = Rehearsal.fresh(length=LENGTH, step_millis=30)
        rehearsal.arrive()
        rehearsal.queue(RUN)
        rehearsal.keep()
    with MongoClient(servers.mongo_url("drill"), w="majority") as client:
        database = client.get_default_database()

        def played() -> list[int]:
            return sorted(mark["step"] for mark in database["marks"].find({"rehearsal": rehearsal.id}))

        def stands() -> str:
            return database["rehearsals"].find_one({"_id": rehearsal.id})["state"]

        with running(Process(servers, "tests.chassis.drill", "drill")) as first:
            eventually(lambda: len(played()) >= 10, seconds=60)
            with running(Process(servers, "tests.chassis.drill", "drill")):
                eventually(lambda: len(played()) >= 30, seconds=60)
                first.kill()
                eventually(lambda: stands() == "DONE", seconds=60)
        assert played() == list(range(1, LENGTH + 1))
        assert database["rehearsals"].find_one({"_id": rehearsal.id})["progress"]["done_count"] == LENGTH
