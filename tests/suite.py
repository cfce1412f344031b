"""A whole suite of processes in a folder of its own, started by the same command as `make up`, for journeys, faults and bench."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chassis.embedded import guardian, place
from deploy.local.settings import load_ports
from deploy.local.table import GATEWAY, SERVICES
from tests import openapi
from tests.rest import Client

OFFSETS = range(100, 5000, 50)  # keep every port below 32768, where no system hands out ports to outgoing connections
START_SECONDS = 90.0
STOP_SECONDS = 90.0


class SuiteFailed(Exception):
    """The suite did not start, or one of its processes did not come back."""


class Suite:
    """A running suite: its address, its first credentials, its processes and its secrets."""

    def __init__(self, state: Path, ports: dict[str, int], runner: int) -> None:
        self.state, self.ports, self.runner = state, ports, runner
        credentials = json.loads((state / "credentials.json").read_text())
        self.url, self.api_key = credentials["url"], credentials["api_key"]
        self.email, self.password = credentials["email"], credentials["password"]
        self.mail_listener = ("127.0.0.1", ports["support_mail"])  # where mail to the suite is handed over by SMTP
        self.mail_out = credentials["mail_out"]  # the page that shows what the suite sent

    @contextmanager
    def client(self, api_key: str = "") -> Iterator[Client]:
        """A caller; each of its answers must be as /openapi.json describes it."""
        with Client(self.url, api_key, seconds=60, check=openapi.check) as client:
            yield client

    def processes(self) -> dict[str, int]:
        """Process ids by name: mongod, nats-server, the services, gateway."""
        return {row["name"]: row["pid"] for row in self._noted()}

    def restarts(self) -> dict[str, int]:
        """How often each process was started again, by name."""
        return {row["name"]: row["restarts"] for row in self._noted()}

    def kill(self, name: str) -> int:
        """End a process by SIGKILL; answers the id it had."""
        pid = self.processes()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def pause(self, name: str) -> int:
        """Stop a process and all that it has started, by SIGSTOP, until `go_on`; answers its id."""
        pid = self.processes()[name]
        os.killpg(pid, signal.SIGSTOP)
        return pid

    def go_on(self, pid: int) -> None:
        """Let what was paused go on, unless it was killed meanwhile."""
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGCONT)

    def wait_restarted(self, name: str, pid: int, seconds: float = 20.0) -> None:
        """Return when the process runs under another id than `pid`. Raises SuiteFailed."""
        deadline = time.monotonic() + seconds
        while self.processes()[name] == pid:
            if time.monotonic() > deadline:
                raise SuiteFailed(f"{name} was not started again within {seconds} s")
            time.sleep(0.02)

    def secret(self, name: str) -> str:
        """A file of `<state>/secrets`."""
        return (self.state / "secrets" / name).read_text().strip()

    def mongo_admin_url(self) -> str:
        """MongoDB's address for whoever may see everything: oracles of tests read there what no door shows."""
        return f"mongodb://kith:{self.secret('mongo-admin')}@127.0.0.1:{self.ports['mongo']}/?directConnection=true"

    def _noted(self) -> list[dict]:
        return json.loads((self.state / "suite.json").read_text())["processes"]


@contextmanager
def running(state: Path, **settings: object) -> Iterator[Suite]:
    """A suite with its files under `state`, on free ports, for the length of the block; settings as `KITH_SAMPLE=1`.

    There is no sample company unless asked for. Raises SuiteFailed with what the runner said when it does not start, or does
    not end well.
    """
    offset = _free_offset()
    ports = load_ports((*SERVICES, GATEWAY), offset, {})
    given = {"KITH_STATE_DIR": state, "KITH_PORT_OFFSET": offset, "KITH_SAMPLE": 0} | settings
    environment = {**_without_ours(), **{name: str(value) for name, value in given.items()}}
    state.mkdir(parents=True, exist_ok=True)
    with (state / "runner.log").open("ab") as log:
        runner = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up"],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    guardian.protect(runner.pid)
    try:
        _wait_ready(runner, state)
        yield Suite(state, ports, runner.pid)
    finally:
        runner.terminate()
        status = runner.wait(STOP_SECONDS)
        guardian.release(runner.pid)
    if status:
        raise SuiteFailed(f"the runner ended with status {status}:\n{(state / 'runner.log').read_text()[-2000:]}")


def _wait_ready(runner: subprocess.Popen, state: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while b"Kith is ready" not in (said := (state / "runner.log").read_bytes()):
        if runner.poll() is not None or time.monotonic() > deadline:
            raise SuiteFailed(f"the suite in {state} did not start:\n{said.decode()[-2000:]}")
        time.sleep(0.05)


def _free_offset() -> int:
    for offset in random.sample(OFFSETS, len(OFFSETS)):
        if not any(map(place.is_taken, load_ports((*SERVICES, GATEWAY), offset, {}).values())):
            return offset
    raise SuiteFailed("no free ports below 32768")


def _without_ours() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
