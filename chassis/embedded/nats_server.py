"""NATS with JetStream as a child process, with one user per service.

`sync_interval: always`, because an acknowledged message must survive a power cut. Rights are per subject: a service
publishes its own events, keeps its own stream, and draws from every stream through durable consumers of its own.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from chassis.embedded import place
from chassis.embedded.child import Child, OnRestart, unnoticed


class NatsServer(Child):
    """The server, its folder `state/nats`, and the addresses that it gives to services."""

    def __init__(
        self,
        state: Path,
        services: Sequence[str],
        *,
        port: int,
        monitor_port: int,
        log: Path,
        restarted: OnRestart = unnoticed,
    ) -> None:
        self.port, self.monitor_port, self.services = port, monitor_port, services
        self._state, self._secrets = place.private_folder(state / "nats"), state / "secrets"
        self._config = self._state / "nats.conf"
        self.program, self.origin = place.program("nats-server")
        command: list[str | Path] = [self.program, "-c", self._config]
        super().__init__("nats-server", command, log=log, ready=self._healthy, restarted=restarted)

    def url(self, service: str) -> str:
        """The address with user and password of one service."""
        return f"nats://{service}:{self._password(service)}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server; returns at once. Raises PortTaken."""
        place.demand_free(self.port, self.name)
        place.demand_free(self.monitor_port, f"{self.name}'s monitoring")
        place.write_private(self._config, json.dumps(self._settings(), indent=1))
        super().start()

    def _password(self, service: str) -> str:
        return place.secret(self._secrets / f"nats-{service}")

    def _settings(self) -> dict[str, object]:
        # nats-server reads JSON: its own language is a superset.
        users = [
            {"user": service, "password": self._password(service), "permissions": permissions(service, self.services)}
            for service in self.services
        ]
        return {
            "server_name": "kith",
            "listen": f"127.0.0.1:{self.port}",
            "http": f"127.0.0.1:{self.monitor_port}",
            "jetstream": {"store_dir": str(self._state / "data"), "sync_interval": "always"},
            "authorization": {"users": users},
        }

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor_port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def permissions(service: str, services: Sequence[str]) -> dict[str, object]:
    """What a service may publish and hear; its consumers are named `<service>-from-<source>`, and reach only it."""
    own = service.upper()
    publish = [
        f"crm.*.{service}.>",
        "$JS.API.INFO",
        *(f"$JS.API.STREAM.{verb}.{own}" for verb in ("CREATE", "UPDATE", "INFO")),
    ]
    for source in services:  # its own too: contacts fills timelines from what contacts tells
        publish += _drawing(source.upper(), f"{service}-from-{source}")
    return {"publish": {"allow": publish}, "subscribe": {"allow": [f"_INBOX_{service}.>"]}}


def _drawing(stream: str, durable: str) -> list[str]:
    consumer = f"{stream}.{durable}"
    return [
        f"$JS.API.STREAM.INFO.{stream}",
        f"$JS.API.CONSUMER.CREATE.{consumer}",
        f"$JS.API.CONSUMER.CREATE.{consumer}.>",  # the same with a filter subject
        f"$JS.API.CONSUMER.DURABLE.CREATE.{consumer}",
        f"$JS.API.CONSUMER.INFO.{consumer}",
        f"$JS.API.CONSUMER.MSG.NEXT.{consumer}",
        f"$JS.ACK.{consumer}.>",
    ]
