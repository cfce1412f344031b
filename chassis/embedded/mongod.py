"""MongoDB as a child process: a one-member replica set with authentication and one user per service.

A replica set, because transactions and change streams need one. The journal is on and majority writes wait for it: both
are mongod's defaults. Whoever is asked to listen beyond loopback must run a version with the fixes of
CVE-2025-14847 and its like; this one stays on 127.0.0.1 and leaves the affected compressor and server-side scripts off.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from chassis.embedded import place
from chassis.embedded.child import Child, OnRestart, unnoticed
from chassis.embedded.faults import Exited, Fault

Client = MongoClient[dict[str, Any]]

REPLICA_SET, ADMIN = "kith", "kith"
UNAUTHORIZED, AUTHENTICATION_FAILED, ALREADY_INITIALIZED, USER_EXISTS = 13, 18, 23, 51003  # MongoDB's error codes
ELECTION = 30.0  # seconds; an only member elects itself in less than one
LEAST_FREE = 64 * 1024**2  # bytes


class Mongod(Child):
    """The server, its folder `state/mongo`, and the addresses that it gives to services.

    A service's database is `kith_<service>`; its user may read and write there and nowhere else.
    """

    def __init__(
        self, state: Path, services: Sequence[str], *, port: int, log: Path, restarted: OnRestart = unnoticed
    ) -> None:
        self.port, self.services = port, services
        self._state, self._secrets = place.private_folder(state / "mongo"), state / "secrets"
        self._data, self._is_set_up = self._state / "data", False
        self.program, self.origin = place.program("mongod")
        ready = partial(place.answers, port)
        super().__init__("mongod", self._arguments(), log=log, ready=ready, restarted=restarted)

    def url(self, service: str) -> str:
        """The address with user, password and database of one service."""
        password, database = self._password(service), f"kith_{service}"
        address = f"127.0.0.1:{self.port}/{database}"
        return f"mongodb://{service}:{password}@{address}?replicaSet={REPLICA_SET}&authSource={database}"

    @property
    def admin_url(self) -> str:
        """The address for whoever may do everything: the set-up, backups, tests."""
        address = f"127.0.0.1:{self.port}/?directConnection=true&authSource=admin"
        return f"mongodb://{ADMIN}:{self._password('admin')}@{address}"

    def start(self) -> None:
        """Start the server; returns at once. Raises PortTaken."""
        place.demand_free(self.port, self.name)
        place.private_folder(self._data)
        place.allow_files(64_000)  # what mongod asks for: it keeps one open per collection, index and connection
        super().start()

    def check(self) -> bool:
        """Whether it takes writes and every service has its user. Raises Fault."""
        try:
            if super().check() and not self._is_set_up:
                self._set_up()
                self._is_set_up = True
        except Exited as fault:
            raise Fault(f"{fault}\n{self._diagnosis()}") from fault
        return self._is_set_up

    def end_sessions(self, service: str) -> None:
        """End what a service's process left open when it was killed: its transactions hold locks that nobody else gets by."""
        door: Client = MongoClient(self.admin_url, serverSelectionTimeoutMS=5000)
        with door as admin, contextlib.suppress(PyMongoError):  # else they end by themselves, after ten seconds
            admin.admin.command("killAllSessions", [{"user": service, "db": f"kith_{service}"}])

    def said(self) -> list[str]:
        """Only errors and what ended it, in words: mongod logs much, in JSON, and ends with a long back trace."""
        grave = [line for line in map(_entry, super().said()) if line.get("s") in ("E", "F")]
        return [f"{line['msg']} {json.dumps(line.get('attr', {}))}" for line in grave]

    def _diagnosis(self) -> str:
        if shutil.disk_usage(self._data).free < LEAST_FREE:
            return f"the disk of {self._data} is full"
        return f"if it refuses its files, put a backup in its place, or move {self._data} away to begin anew"

    def _arguments(self) -> list[str | Path]:
        key = self._state / "keyfile"
        place.secret(key, 96)  # hexadecimal digits are within the alphabet that a keyfile allows
        return [
            self.program, "--dbpath", self._data, "--port", str(self.port), "--bind_ip", "127.0.0.1", "--nounixsocket",
            "--replSet", REPLICA_SET, "--oplogSize", "1024", "--auth", "--keyFile", key,
            "--networkMessageCompressors", "snappy,zstd", "--noscripting", "--wiredTigerCacheSizeGB", "0.25",
            # Five files a second of self-observation are for MongoDB's support; an idle suite should be idle.
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            # What a killed process had in a transaction stays locked so long (a minute and more by default), and every
            # transaction of ours is shorter: a request has 10 s.
            "--setParameter", "transactionLifetimeLimitSeconds=10",
        ]  # fmt: skip

    def _password(self, user: str) -> str:
        return place.secret(self._secrets / f"mongo-{user}")

    def _set_up(self) -> None:
        """Bring the replica set and its users to what they should be; doing it again changes nothing."""
        door: Client = MongoClient("127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=5000)
        with door as visitor:
            self._initiate(visitor)
            # While there is no user at all, mongod lets a visitor from localhost make the first one.
            self._make_user(visitor, "admin", ADMIN, self._password("admin"), ["root"])
        door = MongoClient(self.admin_url, serverSelectionTimeoutMS=5000)
        with door as admin:
            try:
                self._follow_port(admin)
                self._wait_primary(admin)
            except OperationFailure as fault:
                if fault.code == AUTHENTICATION_FAILED:
                    secret = self._secrets / "mongo-admin"
                    raise Fault(f"mongod in {self._data} does not know the password in {secret}") from fault
                raise
            for service in self.services:
                database = f"kith_{service}"
                self._make_user(admin, database, service, self._password(service), ["readWrite"])

    def _initiate(self, visitor: Client) -> None:
        try:
            members = [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]
            visitor.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
            self._wait_primary(visitor)
        except OperationFailure as fault:
            if fault.code not in (UNAUTHORIZED, ALREADY_INITIALIZED):
                raise

    def _make_user(self, client: Client, database: str, user: str, password: str, roles: list[str]) -> None:
        try:
            client[database].command("createUser", user, pwd=password, roles=roles, mechanisms=["SCRAM-SHA-256"])
        except OperationFailure as fault:
            if fault.code not in (UNAUTHORIZED, USER_EXISTS):
                raise

    def _follow_port(self, admin: Client) -> None:
        """A member that finds itself under no known address leaves the set: after a change of port, tell it."""
        config = admin.admin.command("replSetGetConfig")["config"]
        address = f"127.0.0.1:{self.port}"
        if config["members"][0]["host"] != address:
            config["members"][0]["host"] = address
            admin.admin.command("replSetReconfig", {**config, "version": config["version"] + 1}, force=True)

    def _wait_primary(self, client: Client) -> None:
        deadline = time.monotonic() + ELECTION
        while time.monotonic() < deadline:
            try:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return
            except OperationFailure:
                raise
            except PyMongoError:
                pass  # between two terms it hangs up
            time.sleep(0.02)
        raise self.not_ready(ELECTION)


def _entry(line: str) -> dict[str, Any]:
    try:
        return dict(json.loads(line))
    except ValueError:
        return {"s": "E", "msg": line}  # the loader's own complaint, for one
