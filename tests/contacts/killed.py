"""A contacts process that tests kill on its way, and a caller who is patient with it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
from crm.contacts.v1 import service_pb2

from chassis.embedded import Servers
from chassis.testing import Caller, key_pair, somebody

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
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "services.contacts"], env=self._settings)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    @contextmanager
    def caller(self) -> Iterator[Caller]:
        """Somebody with every permission, who asks again while the process is down."""
        services = tuple(service_pb2.DESCRIPTOR.services_by_name.values())
        options = [("grpc.max_reconnect_backoff_ms", 300), ("grpc.service_config", _PATIENT)]
        with grpc.insecure_channel(self.listen, options=options) as channel:
            grpc.channel_ready_future(channel).result(60)
            yield Caller(channel, services, somebody())


def await_(condition: Callable[[], bool], seconds: float = 90.0) -> None:
    """Return once it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
