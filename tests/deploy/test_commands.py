"""`up`, `down`, `status`: the commands as processes, with stand-ins for our services."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.embedded import place
from tests.deploy.standin import alive
from tests.eventually import eventually

# The runner as it is, with another table.
RUNNER = """
import sys
from deploy.local import table
table.SERVICES = (table.Program("contacts", "tests.deploy.standin", 1, 1),)
table.GATEWAY = table.Program("gateway", "tests.deploy.standin", 1, 1)
from deploy.local.__main__ import main
sys.exit(main())
"""
PORTS = ("MONGO", "NATS", "NATS_MONITOR", "CONTACTS", "CONTACTS_METRICS", "GATEWAY", "GATEWAY_METRICS")


@pytest.fixture
def environment(tmp_path):
    ports = {f"KITH_{name}_PORT": str(place.free_port()) for name in PORTS}
    return {**os.environ, **ports, "KITH_STATE_DIR": str(tmp_path), "KITH_SAMPLE": "no"}


@pytest.fixture
def command(environment):
    """Start a command; whatever still runs at the end is killed, and its children with it."""
    started = []

    def start(word: str, **changes: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, word],
            env=environment | changes,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_up(process: subprocess.Popen) -> str:
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C stops everything" in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def pids(state: Path) -> list[int]:
    return [row["pid"] for row in json.loads((state / "suite.json").read_text())["processes"]]


@pytest.mark.parametrize("ask", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(command, tmp_path, ask):
    up = command("up")
    told = wait_up(up)
    running = pids(tmp_path)
    up.send_signal(ask)
    rest, _ = up.communicate(timeout=30)
    assert up.returncode == 0
    assert "Kith is ready" in told
    assert "Stopped." in rest
    assert not [pid for pid in running if alive(pid)]
    assert not (tmp_path / "suite.json").exists()


def test_what_is_printed_is_what_the_credentials_file_holds(command, tmp_path):
    told = wait_up(command("up"))
    entries = json.loads((tmp_path / "credentials.json").read_text())
    assert all(value in told for value in entries.values())
    assert entries["api_key"].startswith("kith_")


def test_down_stops_a_suite_from_elsewhere(command):
    up = command("up")
    wait_up(up)
    down = command("down")
    assert "Stopped." in down.communicate(timeout=60)[0]
    assert up.wait(1) == 0
    assert "No suite runs" in command("down").communicate(timeout=60)[0]


def test_status_shows_every_process(command):
    assert "No suite runs" in command("status").communicate(timeout=60)[0]
    wait_up(command("up"))
    status = command("status")
    told, _ = status.communicate(timeout=60)
    assert [line.split()[0] for line in told.splitlines()[2:]] == ["mongod", "nats-server", "contacts", "gateway"]
    assert status.returncode == 0


def test_a_second_up_in_the_same_folder_is_refused(command):
    up = command("up")
    wait_up(up)
    other = command("up")
    told, _ = other.communicate(timeout=60)
    assert other.returncode == 1
    assert f"(process {up.pid}); `make down` stops it" in told
    assert "Traceback" not in told


def test_after_a_killed_runner_the_next_start_works(command, tmp_path):
    killed = command("up")
    wait_up(killed)
    left = pids(tmp_path)
    killed.kill()
    wait_up(command("up"))
    eventually(lambda: not [pid for pid in left if alive(pid)])


def test_faults_are_told_in_words(command, tmp_path):
    (tmp_path / "a-file").write_text("")
    up = command("up", KITH_STATE_DIR=str(tmp_path / "a-file"), KITH_MONGO_PORT="27117")
    told, _ = up.communicate(timeout=60)
    assert up.returncode == 1
    assert "cannot be written to" in told
    assert "set KITH_STATE_DIR" in told
    assert "Traceback" not in told


def test_every_bad_setting_is_told_at_once(command):
    told, _ = command("up", KITH_PORT_OFFSET="many", KITH_SAMPLE="perhaps").communicate(timeout=60)
    assert "KITH_PORT_OFFSET cannot be used: 'many'" in told
    assert "KITH_SAMPLE cannot be used: 'perhaps'" in told
