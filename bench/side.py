"""The two sides of the bench, filled with the same accounts and asked for the same work in their own words."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.account import WORDS, accounts
from bench.baseline import app as baseline
from chassis.embedded import Mongod, guardian, place
from tests.rest import Client
from tests.suite import Suite, SuiteFailed, running

BATCH = 200  # accounts per batch request while a suite is filled
REQUESTS = 4000  # different requests of an operation, sent around and around
QUIET_SECONDS = 30.0
UNLIMITED = 100_000_000  # requests per minute: the limiter works, and never says no


@dataclass(frozen=True)
class Side:
    """One side, running: where it listens, whose work counts as its own, and its requests by operation."""

    name: str
    port: int
    pids: dict[str, int]  # root of each process tree by name
    requests: dict[str, list[bytes]]
    suite: Suite | None = None

    def settle(self) -> None:
        """Return when what the last load left to do is done, so that it does not burden the other side's turn."""
        if self.suite:
            deadline = time.monotonic() + QUIET_SECONDS
            with MongoClient(self.suite.mongo_admin_url()) as client:
                while not _quiet(client):
                    if time.monotonic() > deadline:
                        raise SuiteFailed(f"events are still under way after {QUIET_SECONDS} s")
                    time.sleep(0.1)
        time.sleep(0.3)


def _quiet(client: MongoClient[dict[str, Any]]) -> bool:
    """Whether every event is published, and sales has reacted to every account."""
    events, inbox = client["kith_contacts"]["events"], client["kith_sales"]["inbox"]
    told = events.count_documents({"type": "crm.contacts.v1.AccountCreated"})
    heard = inbox.count_documents({"_id": {"$regex": "^name_the_account:"}})
    return heard >= told and events.find_one({"published": False}) is None


@contextmanager
def kith(state: Path, count: int) -> Iterator[Side]:
    """The suite with `count` accounts."""
    limits = {"KITH_USER_REQUESTS_PER_MINUTE": UNLIMITED, "KITH_TENANT_REQUESTS_PER_MINUTE": UNLIMITED}
    with running(state, **limits) as suite:
        ids = _fill(suite, count)
        head = f"Authorization: Bearer {suite.api_key}\r\n"
        requests = {
            "read": [_http("GET", f"/v1/accounts/{id}", head) for id in _random(ids)],
            "list": [_http("GET", "/v1/accounts?page_size=50", head)],
            "create": [_http("POST", "/v1/accounts", head, each) for each in accounts(REQUESTS, seed=2)],
            "search": [
                _http("POST", "/v1/accounts:search", head, {"query": word, "page_size": 50}) for word in _words()
            ],
        }
        side = Side("suite", suite.ports["gateway"], {"runner": suite.runner} | suite.processes(), requests, suite)
        side.settle()
        yield side


@contextmanager
def bare(state: Path, count: int) -> Iterator[Side]:
    """The baseline with `count` accounts, on a mongod of its own with the suite's flags."""
    mongod = Mongod(state, ["baseline"], port=place.free_port(), log=state / "logs" / "mongod.log")
    mongod.start()
    try:
        mongod.wait_ready()
        os.environ["BASELINE_MONGO_URL"] = mongod.url("baseline")
        ids = _fill_baseline(count)
        requests = {
            "read": [_http("GET", f"/accounts/{id}") for id in _random(ids)],
            "list": [_http("GET", "/accounts")],
            "create": [_http("POST", "/accounts", body=each) for each in accounts(REQUESTS, seed=2)],
            "search": [_http("POST", "/accounts/search", body={"query": word}) for word in _words()],
        }
        with _serving(state) as (port, pid):
            yield Side("baseline", port, {"flask": pid, "mongod": mongod.pid}, requests)
    finally:
        mongod.stop()


def _fill(suite: Suite, count: int) -> list[str]:
    client, ids, wanted = Client(suite.url, suite.api_key, seconds=60), [], accounts(count)
    for start in range(0, count, BATCH):
        items = [{"account": each} for each in wanted[start : start + BATCH]]
        answer = client.send("POST", "/v1/accounts:batchCreate", {"items": items})
        if answer.status != 200:
            raise SuiteFailed(f"accounts were refused: {answer.status} {answer.content[:500]!r}")
        ids += [result["account"]["id"] for result in answer.body["results"]]
    return ids


def _fill_baseline(count: int) -> list[str]:
    collection = baseline.accounts()
    baseline.prepare(collection)
    return [str(id) for id in collection.insert_many(map(baseline.row, accounts(count))).inserted_ids]


@contextmanager
def _serving(state: Path) -> Iterator[tuple[int, int]]:
    port = place.free_port()
    with (state / "logs" / "baseline.log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "bench.baseline"], env=os.environ | {"BASELINE_PORT": str(port)},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    guardian.protect(server.pid)
    try:
        deadline = time.monotonic() + 20
        while not place.answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SuiteFailed(f"the baseline did not start; see {state / 'logs' / 'baseline.log'}")
            time.sleep(0.05)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(30)
        guardian.release(server.pid)


def _random(ids: Sequence[str]) -> list[str]:
    return random.Random(3).choices(ids, k=REQUESTS)


def _words() -> list[str]:
    """The first five letters of a random word each: what somebody types who looks for it."""
    return [word[:5] for word in random.Random(4).choices(WORDS, k=REQUESTS)]


def _http(method: str, path: str, head: str = "", body: Any = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    typed = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n" if content else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n{head}{typed}\r\n".encode() + content
