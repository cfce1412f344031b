"""The gateway as a process: tells its faults, serves under granian, finishes what it began, leaves nobody behind."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from crm.contacts.v1 import contact_pb2

from chassis.embedded import place
from tests.gateway.cast import KEY, PRIVATE_KEY
from tests.gateway.standin import serving


def ask(port, path, **keywords):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Authorization": f"Bearer {KEY}"}, **keywords)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()


@contextmanager
def running(stand_in, **settings):
    port, metrics = place.free_port(), place.free_port()
    with serving(stand_in) as target:
        targets = {f"KITH_{name}_TARGET": target for name in ("IDENTITY", "CONTACTS", "SALES")}
        environ = os.environ | targets | {
            "KITH_PRINCIPAL_PRIVATE_KEY": PRIVATE_KEY, "KITH_LISTEN": f"127.0.0.1:{port}", "KITH_WORKERS": "1",
            "KITH_METRICS_LISTEN": f"127.0.0.1:{metrics}", "PYTHONPATH": ".:gen",
        } | settings  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", "services.gateway"], env=environ)
        try:
            await_answer(port)
            yield process, port, metrics
        finally:
            process.terminate()
            process.wait(20)


def await_answer(port):
    for _ in range(100):
        try:
            assert ask(port, "/healthz")[0] == 200
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the gateway does not answer")


def test_a_start_without_settings_tells_every_fault():
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KITH_")}
    environ |= {"KITH_LISTEN": "nowhere", "KITH_THREADS": "none", "PYTHONPATH": ".:gen"}
    start = subprocess.run(
        [sys.executable, "-m", "services.gateway"], env=environ, capture_output=True, text=True, timeout=60
    )
    assert start.returncode == 78
    for name in ("KITH_PRINCIPAL_PRIVATE_KEY", "KITH_LISTEN", "KITH_THREADS"):
        assert name in start.stderr


def test_a_request_goes_through_and_is_counted(stand_in):
    stand_in.says["GetContact"] = lambda request: contact_pb2.Contact(id=request.id, etag="1")
    with running(stand_in) as (_, port, metrics):
        status, headers, body = ask(port, "/v1/contacts/con_1")
        assert (status, headers["etag"], b'"id":"con_1"' in body) == (200, '"1"', True)
        counted = ask(metrics, "/metrics")[2].decode()
        assert 'kith_gateway_requests_total{method="GET",route="/v1/contacts/{id}",status="200"} 1.0' in counted


def test_a_request_under_way_is_finished_at_a_stop(stand_in):
    entered = threading.Event()

    def slowly(request):
        entered.set()
        time.sleep(1)
        return contact_pb2.Contact(id=request.id)

    stand_in.says["GetContact"] = slowly
    with running(stand_in) as (process, port, _):
        answers = []
        asking = threading.Thread(target=lambda: answers.append(ask(port, "/v1/contacts/con_1")[0]))
        asking.start()
        assert entered.wait(5)
        process.send_signal(signal.SIGTERM)
        asking.join()
        assert answers == [200]
        assert process.wait(10) == 0


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="reads /proc")
def test_workers_do_not_outlive_a_killed_parent(stand_in):
    with running(stand_in) as (process, port, _):
        process.kill()
        process.wait()
        for _ in range(50):
            try:
                ask(port, "/healthz")
                time.sleep(0.1)
            except OSError:
                return
        raise AssertionError("a worker still answers")


def test_a_port_that_is_taken_is_told_with_the_setting_that_changes_it(stand_in, monkeypatch, capfd):
    from services.gateway import __main__ as process

    monkeypatch.setattr(process, "_CHANCES", 2)
    monkeypatch.setenv("KITH_PRINCIPAL_PRIVATE_KEY", PRIVATE_KEY)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("KITH_LISTEN", f"127.0.0.1:{taken.getsockname()[1]}")
        assert process.main() == os.EX_UNAVAILABLE
    assert "KITH_LISTEN" in capfd.readouterr().err


def test_a_large_file_passes_through_without_being_held(stand_in):
    size, piece = 200 << 20, bytes(1 << 20)
    stand_in.takes = lambda pieces: sum(len(each.content.data) for each in pieces)
    with running(stand_in) as (process, port, _):
        before = _resident(process.pid)
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            headers = {"Authorization": f"Bearer {KEY}", "Content-Length": str(size)}
            connection.request("POST", "/v1/files?name=a.bin", body=(piece for _ in range(200)), headers=headers)
            answer = connection.getresponse()
            assert answer.status == 201, answer.read()
        assert stand_in.taken == size
        assert _resident(process.pid) - before < 60, "megabytes"


def _resident(parent):
    """Memory of a process and its children, in megabytes, at its highest."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        fields = dict(line.split(":\t", 1) for line in path.read_text().splitlines() if ":\t" in line)
        if str(parent) in (fields["PPid"].strip(), fields["Pid"].strip()):
            found += int(fields.get("VmHWM", "0 kB").split()[0])
    return found / 1024
