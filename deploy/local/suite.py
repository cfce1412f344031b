"""Starts the whole suite in order, keeps it running, and stops it in the reverse order."""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from chassis.embedded import Child, Fault, Mongod, place
from deploy.local.process import Processes
from deploy.local.secret import Secrets
from deploy.local.server import mongo, nats
from deploy.local.settings import LocalSettings, load_ports, port_setting
from deploy.local.table import GATEWAY, MAIL_SINK, SERVICES, Program

LEAST_FREE = 512 * 1024**2  # bytes; with less, mongod and JetStream soon refuse to write
PORT_PATIENCE = 2.0  # seconds; what a killed suite leaves behind needs a moment to vanish


class StopAsked(Exception):
    """Somebody asked to stop while the suite was still starting."""


class Suite:
    """mongod, nats-server, the mail sink, the services of the table and the gateway, as children of this process."""

    def __init__(
        self,
        settings: LocalSettings,
        *,
        services: Sequence[Program] = SERVICES,
        gateway: Program = GATEWAY,
        environ: Mapping[str, str] = os.environ,
        tell: Callable[[str], None] = print,
    ) -> None:
        self.settings, self.services, self.gateway, self.environ, self.tell = settings, services, gateway, environ, tell
        self.state = settings.state_dir.absolute()
        self.ports = load_ports((*services, gateway), settings.port_offset, environ)
        self.url = settings.public_url or f"http://{settings.gateway_host}:{self.ports[gateway.name]}"
        self.secrets = Secrets(self.state)
        self.asked_to_stop = threading.Event()
        self._children: list[Child] = []
        self._noting = threading.Lock()

    @property
    def mail_in(self) -> str:
        """Where mail to the mailboxes of support is taken in, `smtp://host:port`; empty where nobody takes any."""
        taking = [f"{each.name}_mail" for each in self.services if each.mail_port]
        return f"smtp://127.0.0.1:{self.ports[taking[0]]}" if taking else ""

    @property
    def mail_out(self) -> str:
        """The page that shows outgoing mail; empty where a mail server is given, or nobody sends any."""
        kept = not self.settings.smtp_url and any(each.sends_mail for each in self.services)
        return f"http://127.0.0.1:{self.ports[f'{MAIL_SINK.name}_page']}" if kept else ""

    def start(self) -> None:
        """Bring everything up; returns when all are ready.

        Raises Fault or StopAsked; `stop` is due in either case.
        """
        self._demand_room()
        self._demand_ports()
        self.secrets.make()
        servers = mongo(self), nats(self)
        self._bring_up([server.child for server in servers if server.child])
        processes = Processes(self, *servers)
        self._bring_up([*processes.mail_sink(), *map(processes.service, self.services), processes.gateway()])

    def stop(self) -> None:
        """Stop what runs: the gateway first, so that nobody is let in who could not be served; the servers last."""
        for child in reversed(self._children):
            child.stop()
        self._children.clear()
        (self.state / "suite.json").unlink(missing_ok=True)

    def restarted(self, child: Child, status: int) -> None:
        """Say that a process died and was started again."""
        ending = f"signal {-status}" if status < 0 else f"status {status}"
        self.tell(f"{child.name} ended with {ending} and was started again; its log is {child.log}")
        self._note()
        for server in self._children:
            if isinstance(server, Mongod) and child.name in server.services:
                server.end_sessions(child.name)

    def _bring_up(self, children: Sequence[Child]) -> None:
        for child in children:
            child.start()
            self._children.append(child)
        self._note()
        waiting, deadline = list(children), time.monotonic() + self.settings.start_seconds
        while waiting := [child for child in waiting if not child.check()]:
            if self.asked_to_stop.wait(0.02):
                raise StopAsked
            if time.monotonic() > deadline:
                fault = waiting[0].not_ready(self.settings.start_seconds)
                raise Fault(f"{fault}\nKITH_START_SECONDS gives it more time") from fault

    def _note(self) -> None:
        """Write down what runs, for `status`."""
        with self._noting:  # processes that die together are started again by threads of their own
            rows = [{"name": child.name, "pid": child.pid, "restarts": child.restarts} for child in self._children]
            place.write_private(self.state / "suite.json", json.dumps({"url": self.url, "processes": rows}))

    def _demand_room(self) -> None:
        free = shutil.disk_usage(self.state).free
        if free < LEAST_FREE:
            raise Fault(
                f"the disk of {self.state} has {free // 1024**2} MB left, and at least {LEAST_FREE // 1024**2} MB are "
                "needed: make room, or set KITH_STATE_DIR to a folder on another disk"
            )

    def _demand_ports(self) -> None:
        deadline = time.monotonic() + PORT_PATIENCE
        while faults := [
            f"port {port} is taken by another process; {port_setting(name)} names another port"
            for name, port in self._own_ports().items()
            if place.is_taken(port)
        ]:
            if time.monotonic() > deadline:
                raise Fault(
                    "\n".join([*faults, "Stop what listens there, or move all ports at once by KITH_PORT_OFFSET."])
                )
            time.sleep(0.1)

    def _own_ports(self) -> dict[str, int]:
        given = {
            "mongo": self.settings.external_mongo_url,
            "nats": self.settings.external_nats_url,
            "nats_monitor": self.settings.external_nats_url,
            MAIL_SINK.name: self.settings.smtp_url,
            f"{MAIL_SINK.name}_page": self.settings.smtp_url,
        }
        return {name: port for name, port in self.ports.items() if not given.get(name)}
