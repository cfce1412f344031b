"""The whole suite as real processes, for journeys: started by the runner's own command, in a folder of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chassis.embedded import place
from deploy.local.settings import documented
from tests import openapi
from tests.journeys.rest import Client

START_SECONDS = 90
STOP_SECONDS = 60


@dataclass(frozen=True)
class Suite:
    """A running suite and the way in."""

    url: str
    email: str
    password: str
    api_key: str
    state: Path
    mail_listener: tuple[str, int]  # where mail to the suite is handed over by SMTP

    @contextlib.contextmanager
    def client(self, api_key: str = "", **headers: str) -> Iterator[Client]:
        """A caller; each of its answers must be as /openapi.json describes it."""
        client = Client(self.url, api_key, headers=headers, check=openapi.check)
        with contextlib.closing(client):
            yield client


@contextlib.contextmanager
def running(state: Path) -> Iterator[Suite]:
    """Start the suite with its state in `state`, on free ports; stop it at the end and demand that it ends well."""
    state.mkdir(parents=True, exist_ok=True)
    log, ports = state / "runner.log", _free_ports()
    with log.open("w") as out:
        runner = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=_environment(state, ports),
        )
    try:
        _wait_ready(runner, log)
        way_in = json.loads((state / "credentials.json").read_text())
        yield Suite(**way_in, state=state, mail_listener=("127.0.0.1", ports["KITH_SUPPORT_MAIL_PORT"]))
    finally:
        runner.send_signal(signal.SIGTERM)
        try:
            status = runner.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            runner.kill()  # its children end with it
            status = runner.wait()
    assert status == 0, log.read_text()


def _free_ports() -> dict[str, int]:
    return {name: place.free_port() for name, _, _ in documented() if name.endswith("_PORT")}


def _environment(state: Path, ports: dict[str, int]) -> dict[str, str]:
    # Journeys sign in more often than people do, and bring their own companies.
    own = {"KITH_STATE_DIR": str(state), "KITH_SAMPLE": "false", "KITH_SIGN_INS_PER_ADDRESS": "0"}
    return {**os.environ, **{name: str(port) for name, port in ports.items()}, **own}


def _wait_ready(runner: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Kith is ready" not in log.read_text():
        assert runner.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
