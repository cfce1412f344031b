"""Both servers together, for `make up` and for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chassis.embedded import place
from chassis.embedded.mongod import Mongod
from chassis.embedded.nats_server import NatsServer


@dataclass(frozen=True)
class Servers:
    """A running mongod and nats-server and their addresses per service."""

    mongod: Mongod
    nats: NatsServer

    def mongo_url(self, service: str) -> str:
        """MongoDB's address with user, password and database of one service."""
        return self.mongod.url(service)

    def nats_url(self, service: str) -> str:
        """NATS's address with user and password of one service."""
        return self.nats.url(service)


@contextmanager
def running(state: Path, services: Sequence[str]) -> Iterator[Servers]:
    """Both servers on free ports with their files under `state`, for the length of the block."""
    logs = state / "logs"
    mongod = Mongod(state, services, port=place.free_port(), log=logs / "mongod.log")
    nats = NatsServer(
        state, services, port=place.free_port(), monitor_port=place.free_port(), log=logs / "nats-server.log"
    )
    started: list[Mongod | NatsServer] = []
    try:
        for server in (mongod, nats):
            server.start()
            started.append(server)
        for server in started:
            server.wait_ready()
        yield Servers(mongod, nats)
    finally:
        for server in reversed(started):
            server.stop()
