"""A service as a process of its own, which tests kill and start again, and a caller who is patient with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import grpc
from pymongo import MongoClient

from chassis.embedded import Servers, place
from chassis.testing import Caller, key_pair, somebody
from deploy.local import probe
from tests.eventually import eventually

_PATIENT = (
    '{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": "1s", "maxBackoff": "5s", '
    '"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}'
)


class Process:
    """Runs `module`, a service with a database of its own and the rights of `user` on the bus; `more` are settings."""

    def __init__(self, servers: Servers, module: str, database: str, user: str = "", **more: str) -> None:
        self.port = place.free_port()
        self._command = [sys.executable, "-m", module]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")} | {
            "KITH_LISTEN": f"127.0.0.1:{self.port}", "KITH_MONGO_URL": servers.mongo_url(database),
            "KITH_NATS_URL": servers.nats_url(user or database), "KITH_PRINCIPAL_PUBLIC_KEY": key_pair()[1],
            "PYTHONPATH": os.pathsep.join(sys.path),
        } | more  # fmt: skip
        self.start()

    def start(self) -> None:
        """Begin, on the same port as before."""
        self._process = subprocess.Popen(self._command, env=self._environment)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def kill(self) -> None:
        """Be no more, at once."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def outlive_leases(self) -> None:
        """Let the leases of jobs be over, as time would, so that another process takes them up at once."""
        with MongoClient[Any](self._environment["KITH_MONGO_URL"]) as client:
            over = {"$set": {"until": datetime(2000, 1, 1, tzinfo=UTC)}}
            client.get_default_database()["leases"].update_many({"_id": {"$regex": "^jobs/"}}, over)

    def stop(self) -> None:
        """End in order."""
        self._process.terminate()
        self._process.wait(30)

    @contextmanager
    def caller(self, contract: Any) -> Iterator[Caller]:
        """Somebody with every permission, who asks again while the process is down; `contract` is the service's module."""
        services = tuple(contract.DESCRIPTOR.services_by_name.values())
        options = [("grpc.max_reconnect_backoff_ms", 300), ("grpc.service_config", _PATIENT)]
        eventually(lambda: probe.service_ready(self.port), seconds=60)
        with grpc.insecure_channel(f"127.0.0.1:{self.port}", options=options) as channel:
            yield Caller(channel, services, somebody())


@contextmanager
def running(process: Process) -> Iterator[Process]:
    """The process, until the end of the block."""
    try:
        yield process
    finally:
        process.stop()
