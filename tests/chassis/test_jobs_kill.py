"""A process that does a job is killed, and another one goes on without doing anything twice."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from chassis import transaction
from chassis.embedded import Servers
from chassis.principal import acting_as
from chassis.testing import key_pair, somebody

LENGTH = 120


def a_process(servers: Servers) -> subprocess.Popen[bytes]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {
        "KITH_LISTEN": listen, "KITH_MONGO_URL": servers.mongo_url("drill"), "KITH_NATS_URL": servers.nats_url("drill"),
        "KITH_PRINCIPAL_PUBLIC_KEY": key_pair()[1], "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    return subprocess.Popen([sys.executable, "-m", "tests.chassis.drill"], env=os.environ | settings)


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

        processes = [a_process(servers)]
        try:
            _await(lambda: len(played()) >= 10)
            processes.append(a_process(servers))
            _await(lambda: len(played()) >= 30)
            processes[0].send_signal(signal.SIGKILL)
            _await(lambda: database["rehearsals"].find_one({"_id": rehearsal.id})["state"] == "DONE")
        finally:
            for process in processes:
                process.terminate()
                process.wait(20)
        assert played() == list(range(1, LENGTH + 1))
        assert database["rehearsals"].find_one({"_id": rehearsal.id})["progress"]["done_count"] == LENGTH


def _await(condition: object, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
