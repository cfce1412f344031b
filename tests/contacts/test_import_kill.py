"""The process that does an import is killed, again and again: every row comes in once, and every row can be taken back."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from crm.contacts.v1 import service_pb2
from pymongo import MongoClient

from chassis.embedded import Servers
from chassis.testing import Caller, key_pair, somebody
from tests.contacts.importing import after, an_import, counts, ended, state

ROWS = 12_000


class Process:
    """A contacts process that can be killed and started again on its port."""

    def __init__(self, servers: Servers) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.listen = f"127.0.0.1:{free.getsockname()[1]}"
        self._settings = os.environ | {
            "KITH_LISTEN": self.listen, "KITH_MONGO_URL": servers.mongo_url("contacts"),
            "KITH_NATS_URL": servers.nats_url("contacts"), "KITH_PRINCIPAL_PUBLIC_KEY": key_pair()[1],
            "PYTHONPATH": os.pathsep.join(sys.path),
        }  # fmt: skip
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "services.contacts"], env=self._settings)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture
def process(servers: Servers) -> Iterator[Process]:
    process = Process(servers)
    yield process
    process.stop()


@pytest.fixture
def caller(process: Process) -> Iterator[Caller]:
    services = tuple(service_pb2.DESCRIPTOR.services_by_name.values())
    options = [("grpc.max_reconnect_backoff_ms", 300), ("grpc.service_config", _PATIENT)]
    with grpc.insecure_channel(process.listen, options=options) as channel:
        grpc.channel_ready_future(channel).result(60)
        yield Caller(channel, services, somebody())


_PATIENT = (
    '{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": "1s", "maxBackoff": "5s", '
    '"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}'
)


@pytest.mark.timeout(300)
def test_no_row_comes_in_twice_however_often_the_process_dies(
    servers: Servers, process: Process, caller: Caller
) -> None:
    lines = "".join(f"p{n},Ada{n},ada{n}@x.example\n" for n in range(ROWS))
    draft = an_import(caller, f"External ID,First name,E-mail\n{lines}")
    with MongoClient(servers.mongo_url("contacts"), w="majority") as client:
        database = client.get_default_database()
        mine = {"tenant_id": caller.whom.tenant_id}
        caller.StartImport(_request("Start", draft.id))
        for least in (500, 3000):
            _await(lambda least=least: database["contacts"].count_documents(mine) >= least)
            process.kill()
            assert database["contacts"].count_documents(mine) < ROWS, "it was killed on its way"
            process.start()
        run = ended(caller, draft.id, seconds=120)
        assert (state(run), counts(run)) == ("DONE", {"done": ROWS, "created": ROWS})
        names = Counter(row["given_name"] for row in database["contacts"].find(mine, {"given_name": 1}))
        assert (len(names), set(names.values())) == (ROWS, {1})
        events = database["events"].count_documents({**mine, "type": "crm.contacts.v1.ContactCreated"})
        assert events == ROWS
        undone = after(caller, "Revert", draft.id)
        assert (state(undone), undone.progress.updated_count) == ("REVERTED", ROWS)
        assert database["contacts"].count_documents({**mine, "deleted_time": None}) == 0


def _request(verb: str, id: str) -> Any:
    from crm.contacts.v1 import import_pb2

    return getattr(import_pb2, f"{verb}ImportRequest")(id=id)


def _await(condition: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
