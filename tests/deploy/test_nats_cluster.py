"""Three nats-servers with the configuration and secrets of the cluster, on other ports: what is acknowledged stays."""

import asyncio
import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nats
import pytest

from chassis.bus import Bus, NotAcknowledged
from chassis.embedded import place
from deploy.secrets import make
from tests.deploy.cluster import pod
from tests.deploy.rendering import ROOT

FILES = ROOT / "deploy/kubernetes/base/nats"
MEMBERS = range(3)


@dataclass
class Member:
    """One server of the cluster."""

    process: subprocess.Popen[bytes]
    port: int
    monitor: int
    folder: Path

    def ready(self) -> bool:
        """What the readiness probe of the cluster asks."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}{readiness()}", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


@dataclass(frozen=True)
class Cluster:
    """The servers and the folder of secrets."""

    members: list[Member]
    secrets: Path

    def url(self, service: str) -> str:
        """The address that the service itself is given, but for the name of the host."""
        given = (self.secrets / service / "nats-url").read_text()
        return given.replace("@nats:4222", f"@127.0.0.1:{self.members[0].port}")


def container() -> dict[str, Any]:
    return pod("production", "nats").spec["containers"][0]


def readiness() -> str:
    return str(container()["readinessProbe"]["httpGet"]["path"])


def lay_out(folder: Path, secrets: Path, ports: dict[str, int], routes: list[int]) -> Path:
    """The files of one member as they lie in its pod, with ports and places of this machine."""
    folder.mkdir()
    for file in (*FILES.glob("*.conf"), *(secrets / "nats").glob("*.conf")):
        text = file.read_text()
        for inside, outside in ports.items():
            text = text.replace(f"0.0.0.0:{inside}", f"127.0.0.1:{outside}")
        text = re.sub(r"nats-(\d)\.nats-members:6222", lambda found: f"127.0.0.1:{routes[int(found[1])]}", text)
        text = text.replace("store_dir: /data", f"store_dir: {folder}/data").replace("8GB", "64MB")
        (folder / file.name).write_text(text.replace("/run/nats/nats.pid", f"{folder}/nats.pid"))
    return folder / "nats.conf"


@pytest.fixture
def cluster(tmp_path) -> Iterator[Cluster]:
    make(tmp_path / "secrets")
    program, _ = place.program("nats-server")
    routes, members = [place.free_port() for _ in MEMBERS], []
    try:
        for number in MEMBERS:
            ports = {"4222": place.free_port(), "8222": place.free_port(), "6222": routes[number]}
            config = lay_out(tmp_path / str(number), tmp_path / "secrets", ports, routes)
            environment, log = {"SERVER_NAME": f"nats-{number}"}, (tmp_path / f"{number}.log").open("w")
            process = subprocess.Popen([program, "-c", config], env=environment, stderr=log)
            log.close()
            members.append(Member(process, ports["4222"], ports["8222"], config.parent))
        until(lambda: all(member.ready() for member in members))
        yield Cluster(members, tmp_path / "secrets")
    finally:
        for member in members:
            member.process.kill()
            member.process.wait()


def until(true, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.05)


@pytest.fixture
def bus(cluster) -> Iterator[Bus]:
    """The bus of sales, as its process has it in production."""
    monitor = f"http://127.0.0.1:{cluster.members[0].monitor}"
    bus = Bus(cluster.url("sales"), "sales", monitor_url=monitor, replicas=3)
    bus.start()
    until(lambda: bus.connected)
    yield bus
    bus.stop()


def made(bus: Bus) -> bool:
    try:
        bus.run(bus.ensure_stream())
    except NotAcknowledged:
        return False
    return True


def test_the_servers_sync_what_they_acknowledge(bus):
    assert bus.durable


def test_a_stream_has_three_copies_and_outlives_a_member(bus, cluster):
    until(lambda: made(bus))
    info = bus.run(bus.streams.stream_info("SALES"))
    assert info.config.num_replicas == 3
    bus.run(bus.publish_together([("crm.ten_1.sales.order.placed", b"one", {})] * 100))
    cluster.members[2].process.kill()
    cluster.members[2].process.wait()
    until(lambda: published(bus))
    assert bus.run(bus.streams.stream_info("SALES")).state.messages >= 101


def test_a_member_that_its_pod_asks_to_go_waits_for_its_clients(cluster):
    member, program = cluster.members[0], str(place.program("nats-server")[0])
    _, *arguments = container()["lifecycle"]["preStop"]["exec"]["command"]
    asked = [each.replace("/run/nats", str(member.folder)) for each in arguments]
    with socket.create_connection(("127.0.0.1", member.port), timeout=40) as client:
        client.sendall(f"CONNECT {json.dumps(credentials(cluster))}\r\nPING\r\n".encode())
        with client.makefile() as said:
            until(lambda: said.readline().startswith("PONG"))
            subprocess.run([program, *asked], check=True, timeout=10)
            assert any('"ldm":true' in line for line in said), "it did not tell its client to go"
            member.process.terminate()  # as the cluster does after preStop
            time.sleep(0.5)
            assert member.process.poll() is None, "it did not wait for its client"
    assert member.process.wait(45) == 0


def credentials(cluster: Cluster) -> dict[str, Any]:
    url = urlsplit((cluster.secrets / "sales/nats-url").read_text())
    return {"verbose": False, "protocol": 1, "user": url.username, "pass": url.password}


def published(bus: Bus) -> bool:
    try:
        bus.run(bus.publish("crm.ten_1.sales.order.placed", b"two", {}))
    except NotAcknowledged:
        return False
    return True


def test_a_service_speaks_only_for_itself(cluster):
    async def denied() -> list[str]:
        said: list[str] = []

        async def hear(fault: Exception) -> None:
            said.append(str(fault))

        client = await nats.connect(cluster.url("sales"), error_cb=hear)
        await client.publish("crm.ten_1.contacts.contact.created", b"")
        await client.publish("$JS.API.STREAM.DELETE.SALES", b"")
        await client.flush()
        await asyncio.sleep(0.2)
        await client.close()
        return said

    said = asyncio.run(denied())
    assert len(said) == 2
    assert all("permissions violation" in each.lower() for each in said)


def test_nobody_comes_in_without_a_password(cluster):
    with socket.create_connection(("127.0.0.1", cluster.members[0].port), timeout=5) as visitor:
        visitor.sendall(b'CONNECT {"verbose": false}\r\nPING\r\n')
        with visitor.makefile() as said:
            assert any("Authorization Violation" in line for line in said)
