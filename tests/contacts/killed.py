"""A contacts process that tests kill on its way, and a caller who is patient with it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import grpc
from crm.contacts.v1 import service_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pymongo import MongoClient

from chassis.embedded import Servers
from chassis.testing import Caller, key_pair, somebody
from tests.eventually import eventually

_PATIENT = (
    '{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": "1s", "maxBackoff": "5s", '
    '"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}'
)


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
        self._mongo_url = servers.mongo_url("contacts")
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "services.contacts"], env=self._settings)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def outlive_leases(self) -> None:
        """Let the leases of jobs be over, as time would, so that another process takes them up at once."""
        with MongoClient[Any](self._mongo_url) as client:
            over = {"$set": {"until": datetime(2000, 1, 1, tzinfo=UTC)}}
            client.get_default_database()["leases"].update_many({"_id": {"$regex": "^jobs/"}}, over)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    @contextmanager
    def caller(self) -> Iterator[Caller]:
        """Somebody with every permission, who asks again while the process is down."""
        services = tuple(service_pb2.DESCRIPTOR.services_by_name.values())
        options = [("grpc.max_reconnect_backoff_ms", 300), ("grpc.service_config", _PATIENT)]
        with grpc.insecure_channel(self.listen, options=options) as channel:
            eventually(lambda: _lets_in(channel), seconds=60)
            yield Caller(channel, services, somebody())


def _lets_in(channel: grpc.Channel) -> bool:
    # A process listens before it is prepared, and turns everybody away meanwhile.
    try:
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    except grpc.RpcError:
        return False
    return bool(health.status == health_pb2.HealthCheckResponse.SERVING)
