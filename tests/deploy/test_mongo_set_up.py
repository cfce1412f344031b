"""The job that sets MongoDB up, run as the cluster runs it, against real members with the configuration of the cluster."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from chassis.embedded import place
from deploy.secrets import make
from tests.deploy.rendering import ROOT

FILES = ROOT / "deploy/kubernetes/base/mongo"
OF_THE_WHEEL = "6.0.0"  # on loopback only; the floor for clusters is higher, and a test holds it


@dataclass(frozen=True)
class Members:
    """Two members of a set that is not there yet, and the folder of secrets."""

    ports: list[int]
    secrets: Path

    @property
    def addresses(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def set_up(self, least: str = OF_THE_WHEEL) -> subprocess.CompletedProcess[str]:
        """Run the job."""
        given = {
            "KITH_MONGO_MEMBERS": self.addresses, "KITH_MONGO_SECRETS": str(self.secrets),
            "KITH_MONGO_PATIENCE_SECONDS": "45", "KITH_MONGO_LEAST_VERSION": least,
        }  # fmt: skip
        command = [sys.executable, FILES / "set_up.py"]
        return subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=False)

    def as_service(self, service: str) -> MongoClient:
        """A client with the address that the service itself is given, but for the names of the hosts."""
        url = urlsplit((self.secrets / service / "mongo-url").read_text())
        user, database = url.netloc.partition("@")[0], url.path.strip("/")
        assert parse_qs(url.query)["authSource"] == [database]
        return MongoClient(f"mongodb://{user}@{self.addresses}/{database}?{url.query}", serverSelectionTimeoutMS=20000)


def configuration(folder: Path, port: int, key: Path) -> Path:
    """The cluster's mongod.conf with another place for files, and never beyond loopback."""
    config = yaml.safe_load((FILES / "mongod.conf").read_text())
    config["storage"]["dbPath"], config["security"]["keyFile"] = str(folder), str(key)
    del config["net"]["bindIpAll"]
    config["net"] |= {"port": port, "bindIp": "127.0.0.1", "unixDomainSocket": {"enabled": False}}
    config["storage"]["wiredTiger"] = {"engineConfig": {"cacheSizeGB": 0.25}}
    file = folder / "mongod.conf"
    file.write_text(yaml.safe_dump(config))
    return file


@pytest.fixture(scope="module")
def members(tmp_path_factory) -> Iterator[Members]:
    top = tmp_path_factory.mktemp("mongo")
    make(top / "secrets")
    key = place.write_private(top / "keyfile", (top / "secrets/mongo/keyfile").read_text())
    program, _ = place.program("mongod")
    ports, running = [place.free_port(), place.free_port()], []
    try:
        for port in ports:
            folder = top / str(port)
            folder.mkdir()
            log = (folder / "log").open("w")
            running.append(subprocess.Popen([program, "--config", configuration(folder, port, key)], stdout=log))
            log.close()
        both = Members(ports, top / "secrets")
        ended = both.set_up()
        assert ended.returncode == 0, ended.stderr
        yield both
    finally:
        for process in running:
            process.kill()  # a primary that is asked to go waits for a successor
            process.wait()


def test_doing_it_again_changes_nothing(members):
    ended = members.set_up()
    assert ended.returncode == 0, ended.stderr
    assert "2 members" in ended.stdout


def test_a_version_with_known_holes_is_refused(members):
    ended = members.set_up(least="")
    assert ended.returncode == 1
    assert "at least 8.0.37 is needed" in ended.stderr


def test_a_service_writes_in_its_own_database_and_reads_no_other(members):
    with members.as_service("sales") as client:
        client.get_default_database().things.insert_one({"_id": 1})
        with pytest.raises(OperationFailure, match="not authorized"):
            client["kith_contacts"].things.find_one()
        with pytest.raises(OperationFailure, match="not authorized"):
            client.admin.command("replSetGetConfig")


def test_a_majority_is_the_default_of_reads_and_writes(members):
    password = (members.secrets / "mongo/admin-password").read_text()
    with MongoClient(
        f"mongodb://{members.addresses}/?replicaSet=kith", username="kith", password=password, authSource="admin"
    ) as admin:
        found = admin.admin.command("getDefaultRWConcern")
        assert found["defaultWriteConcern"]["w"] == "majority"
        assert found["defaultReadConcern"]["level"] == "majority"


def test_a_new_password_replaces_the_old_one_and_open_connections_stay(members):
    with members.as_service("contacts") as before:
        before.get_default_database().things.insert_one({"_id": 1})
        (members.secrets / "mongo-users/contacts").unlink()
        make(members.secrets)
        assert members.set_up().returncode == 0
        assert before.get_default_database().things.find_one() == {"_id": 1}
        with members.as_service("contacts") as after:
            assert after.get_default_database().things.find_one() == {"_id": 1}


def test_a_visitor_may_do_nothing_even_from_localhost(members):
    with MongoClient("127.0.0.1", members.ports[0], directConnection=True) as visitor, pytest.raises(OperationFailure):
        visitor.admin.command("createUser", "visitor", pwd="x", roles=["root"])
