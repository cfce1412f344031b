"""The runner, with stand-ins for our services and real servers."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pymongo import MongoClient

from chassis.config import load
from chassis.embedded import Exited, Fault, place
from deploy.local import claim, report
from deploy.local.settings import LocalSettings
from deploy.local.suite import StopAsked, Suite
from deploy.local.table import Program
from tests.deploy.standin import alive
from tests.eventually import eventually

STANDIN = "tests.deploy.standin"


def a_suite(state: Path, **environ: str) -> Suite:
    state.mkdir(exist_ok=True)
    names = ["MONGO", "NATS", "NATS_MONITOR", "CONTACTS", "CONTACTS_METRICS", "DOOR", "DOOR_METRICS"]
    free = {f"KITH_{name}_PORT": str(place.free_port()) for name in names}
    environment = {**os.environ, **free, "KITH_STATE_DIR": str(state), **environ}
    return Suite(
        load(LocalSettings, environment),
        services=[Program("contacts", STANDIN, 1, 1)],
        gateway=Program("door", STANDIN, 1, 1),
        environ=environment,
        tell=lambda sentence: None,
    )


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """A running suite; whoever kills a part of it waits until that one is back."""
    suite = a_suite(tmp_path_factory.mktemp("suite"))
    try:
        suite.start()
        yield suite
    finally:
        suite.stop()


def child(suite: Suite, name: str):
    return next(each for each in suite._children if each.name == name)


def test_a_fresh_start_brings_everything_up(suite):
    text, healthy = report.status(suite.state)
    assert [each.name for each in suite._children] == ["mongod", "nats-server", "contacts", "door"]
    assert all(each.check() for each in suite._children)
    assert not healthy  # nobody holds the pid file here
    assert "No suite runs" in text


def test_a_second_start_keeps_the_data(tmp_path):
    first = a_suite(tmp_path)
    try:
        first.start()
        with MongoClient(child(first, "mongod").url("contacts")) as client:
            client.kith_contacts.people.insert_one({"_id": "ines"})
        entries = report.credentials(first)
    finally:
        first.stop()
    second = a_suite(tmp_path)  # on other ports, too
    try:
        second.start()
        with MongoClient(child(second, "mongod").url("contacts")) as client:
            assert client.kith_contacts.people.count_documents({}) == 1
        assert report.credentials(second) == {**entries, "url": second.url}
    finally:
        second.stop()


def test_credentials_are_for_their_owner_only(suite):
    report.credentials(suite)
    kept = [
        path for path in suite.state.rglob("*") if path.is_file() and path.parent.name in ("secrets", suite.state.name)
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    told = json.loads((suite.state / "credentials.json").read_text())
    assert set(told) == {"url", "email", "password", "api_key", "mail_in", "mail_out"}
    shell = subprocess.check_output(
        ["sh", "-c", '. ./credentials.sh; echo "$URL $API_KEY"'], cwd=suite.state, text=True
    )
    assert shell.split() == [told["url"], told["api_key"]]


def test_no_secret_stands_in_a_command_line_or_an_environment(suite):
    secrets = [path.read_bytes() for path in (suite.state / "secrets").iterdir() if "public" not in path.name]
    for each in suite._children:
        shown = Path(f"/proc/{each.pid}/cmdline").read_bytes() + Path(f"/proc/{each.pid}/environ").read_bytes()
        assert not [secret for secret in secrets if secret in shown]


def test_only_the_gateway_gets_the_private_key(suite):
    assert b"KITH_PRINCIPAL_PRIVATE_KEY" not in Path(f"/proc/{child(suite, 'contacts').pid}/environ").read_bytes()
    assert b"KITH_PRINCIPAL_PRIVATE_KEY_FILE" in Path(f"/proc/{child(suite, 'door').pid}/environ").read_bytes()


@pytest.mark.parametrize("name", ["mongod", "nats-server", "contacts", "door"])
def test_a_killed_process_is_started_again(suite, name):
    killed = child(suite, name)
    before, restarts = killed.pid, killed.restarts
    os.kill(before, signal.SIGKILL)
    eventually(lambda: killed.pid != before and killed.check() and killed.restarts > restarts)
    assert killed.restarts == restarts + 1


def test_what_mongod_acknowledged_survives_its_death(suite):
    mongod = child(suite, "mongod")
    with MongoClient(mongod.url("contacts")) as client:
        client.kith_contacts.people.insert_one({"_id": "ines"})
        before = mongod.pid
        os.kill(before, signal.SIGKILL)
        eventually(lambda: mongod.pid != before and mongod.check())
        assert client.kith_contacts.people.find_one({}) == {"_id": "ines"}


def test_a_stop_leaves_nothing_running(tmp_path):
    suite = a_suite(tmp_path)
    try:
        suite.start()
        pids = [each.pid for each in suite._children]
    finally:
        suite.stop()
    assert not [pid for pid in pids if alive(pid)]


def test_a_stop_is_heard_while_starting(tmp_path):
    suite = a_suite(tmp_path)
    suite.asked_to_stop.set()
    with pytest.raises(StopAsked):
        suite.start()
    pids = [each.pid for each in suite._children]
    suite.stop()
    assert pids
    assert not [pid for pid in pids if alive(pid)]


def test_every_taken_port_is_named_with_its_setting(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = one.getsockname()[1], other.getsockname()[1]
        suite = a_suite(tmp_path, KITH_MONGO_PORT=str(ports[0]), KITH_CONTACTS_METRICS_PORT=str(ports[1]))
        with pytest.raises(Fault) as fault:
            suite.start()
    assert f"port {ports[0]} is taken by another process; KITH_MONGO_PORT names another port" in str(fault.value)
    assert "KITH_CONTACTS_METRICS_PORT" in str(fault.value)
    assert not suite._children


def test_a_service_that_ends_at_once_shows_the_end_of_its_log(tmp_path):
    suite = a_suite(tmp_path, STANDIN_FAULT="the moon is in the wrong house")
    with pytest.raises(Exited, match=r"ended with status 1 before it was ready(.|\n)*the moon is in the wrong"):
        suite.start()
    suite.stop()


def test_files_that_mongod_refuses_are_named(tmp_path):
    first = a_suite(tmp_path)
    try:
        first.start()
    finally:
        first.stop()
    (tmp_path / "mongo" / "data" / "WiredTiger.turtle").write_text("nonsense")
    second = a_suite(tmp_path)
    with pytest.raises(Fault, match=f"move {tmp_path}/mongo/data away to begin anew"):
        second.start()
    second.stop()


def test_a_server_given_by_address_is_not_started(tmp_path):
    given = "nats://{service}:secret@127.0.0.1:4222"
    suite = a_suite(tmp_path, KITH_EXTERNAL_NATS_URL=given)
    try:
        suite.start()
        assert "nats-server" not in [each.name for each in suite._children]
        assert (tmp_path / "secrets" / "contacts-nats-url").read_text() == given.format(service="contacts")
    finally:
        suite.stop()


def test_where_the_wheel_does_not_fit_the_program_comes_from_the_path(monkeypatch, tmp_path):
    real, _ = place.program("nats-server")
    (tmp_path / "nats-server").symlink_to(real)
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho wrong machine >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(place, "_from_wheel", lambda name: broken)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert place.program("nats-server") == (tmp_path / "nats-server", "PATH")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Fault, match=r"does not run here \(wrong machine\) and no nats-server from the PATH"):
        place.program("nats-server")


def test_a_second_suite_is_refused_in_the_same_folder(tmp_path):
    with claim.claimed(tmp_path):
        assert claim.holder(tmp_path) == os.getpid()
        refused = pytest.raises(
            Fault, match=f"already running in {tmp_path} .process {os.getpid()}.; `make down` stops"
        )
        with refused, claim.claimed(tmp_path):
            pass
    assert claim.holder(tmp_path) is None


def test_a_stale_pid_file_does_not_stand_in_the_way(tmp_path):
    (tmp_path / claim.PID_FILE).write_text(f"{os.getpid()}\n")  # alive, but no suite
    assert claim.holder(tmp_path) is None
    assert not claim.end_holder(tmp_path)
    with claim.claimed(tmp_path):
        assert claim.holder(tmp_path) == os.getpid()


def test_children_do_not_outlive_a_killed_runner(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from chassis.embedded import running\n"
        "with running(Path(sys.argv[1]), ['contacts']) as servers:\n"
        "    print(servers.mongod.pid, servers.nats.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as runner:
        pids = [int(word) for word in runner.stdout.readline().split()]
        assert all(map(alive, pids))
        runner.kill()
    eventually(lambda: not any(map(alive, pids)), seconds=5)


def test_a_full_disk_is_named_before_anything_starts(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 0))
    suite = a_suite(tmp_path)
    with pytest.raises(Fault, match=r"0 MB left(.|\n)*set KITH_STATE_DIR to a folder on another disk"):
        suite.start()
    assert not suite._children
