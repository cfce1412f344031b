"""`make check-once`: an effect happens once, however often it is asked for and whoever dies meanwhile.

Every Idempotency-Key is sent by several clients at the same moment while processes are killed at random: one record per key,
one answer for all. Then many writers count one record up under If-Match: no increment is lost, and every refusal was right.
"""

import argparse
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.checks.verdict import UNLIMITED, Verdict, concluded
from tests.faults.oracle import Oracle, eventually, looking
from tests.rest import Answer, Client, GaveUp
from tests.suite import Suite

MARK = "once"
WAIT = (0, 409, 503)  # the connection broke, the first request with the key is under way, somebody is down: try again
PATIENCE = 60.0  # seconds
BETWEEN_KILLS = 3.0  # seconds
GROUPS = 2  # keys that are under way at a time
CHANGED = 20  # keys that are sent with another body


@dataclass
class Asked:
    """What all clients saw: every status, and by key the ids that were answered."""

    codes: Counter[int] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, key: str, answer: Answer) -> None:
        """Remember one answer."""
        with self._lock:
            self.codes[answer.status] += 1
            if answer.acknowledged:
                self.ids.setdefault(key, set()).add(answer.body["id"])


def check(wanted: argparse.Namespace, suite: Suite, verdict: Verdict) -> None:
    """Both halves, one after the other."""
    keys = [f"once-{number}" for number in range(wanted.keys)]
    asked, kills = Asked(), Counter[str]()
    with _killing(suite, kills, wanted.kills):
        _ask(suite, keys, wanted.clients, asked)
    verdict.facts |= {"kills": dict(kills)}
    with looking(suite) as oracle:
        _one_effect_per_key(oracle, keys, asked, verdict)
    _another_body_is_refused(suite, keys, verdict)
    _count_up(suite, wanted.writers, wanted.increments, verdict)


# ---------------------------------------------------------------- one effect per key


def _ask(suite: Suite, keys: list[str], clients: int, asked: Asked) -> None:
    """Each key by `clients` clients at the same moment."""

    def group(number: int) -> None:
        meet = threading.Barrier(clients)
        with ThreadPoolExecutor(clients) as pool:
            for ending in [pool.submit(_client, suite, keys[number::GROUPS], meet, asked) for _ in range(clients)]:
                ending.result()

    with ThreadPoolExecutor(GROUPS) as pool:
        for ending in [pool.submit(group, number) for number in range(GROUPS)]:
            ending.result()


def _client(suite: Suite, keys: list[str], meet: threading.Barrier, asked: Asked) -> None:
    with Client(suite.url, suite.api_key) as api:
        for key in keys:
            meet.wait(PATIENCE * 2)
            _insist(api, key, asked)


def _insist(api: Client, key: str, asked: Asked) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = api.send("POST", "/v1/accounts", _body(key), idempotency_key=key)
        asked.note(key, answer)
        if answer.status not in WAIT:
            return
        time.sleep(random.uniform(0.02, 0.1))
    raise GaveUp(key)


def _body(key: str) -> dict[str, Any]:
    return {"name": f"Account {key}", "tags": [MARK]}


@contextmanager
def _killing(suite: Suite, kills: Counter[str], wanted: bool) -> Iterator[None]:
    """Kill a process at random every few seconds, for the length of the block."""
    over = threading.Event()

    def kill() -> None:
        while not over.wait(BETWEEN_KILLS):
            victim = random.choice(list(suite.processes()))
            suite.wait_restarted(victim, suite.kill(victim))
            kills[victim] += 1

    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(kill) if wanted else None
        try:
            yield
        finally:
            over.set()
        if ending:
            ending.result()


def _one_effect_per_key(oracle: Oracle, keys: list[str], asked: Asked, verdict: Verdict) -> None:
    accounts = oracle.counts("contacts", "accounts", "_id", tags=MARK)
    events = oracle.counts("contacts", "events", "record_id", type="crm.contacts.v1.AccountCreated")
    verdict.facts |= {"keys": len(keys), "effects": len(accounts), "codes": dict(sorted(asked.codes.items()))}
    verdict.demand(len(accounts) == len(keys), f"{len(keys)} keys made {len(accounts)} accounts")
    verdict.demand(all(events[id] == 1 for id in accounts), "an account has not exactly one event")
    for key in keys:
        ids = asked.ids.get(key, set())
        verdict.demand(len(ids) == 1, f"{key} was answered with {len(ids)} different ids")
    foreign = {code for code in asked.codes if code not in WAIT and not 200 <= code < 300}
    verdict.demand(not foreign, f"answered with {sorted(foreign)}")

    def all_known() -> None:
        known = oracle.counts("sales", "known_accounts", "_id", _id={"$in": list(accounts)})
        assert len(known) == len(accounts), f"sales knows {len(known)} of {len(accounts)} accounts"

    eventually(all_known)


def _another_body_is_refused(suite: Suite, keys: list[str], verdict: Verdict) -> None:
    api = Client(suite.url, suite.api_key)
    for key in keys[:CHANGED]:
        answer = api.insist("POST", "/v1/accounts", {**_body(key), "name": "Another"}, idempotency_key=key)
        verdict.demand(answer.status == 422, f"{key} with another body was answered with {answer.status}")


# ---------------------------------------------------------------- no increment is lost


def _count_up(suite: Suite, writers: int, increments: int, verdict: Verdict) -> None:
    first = Client(suite.url, suite.api_key)
    account = first.insist("POST", "/v1/accounts", {"name": "Counter", "employee_count": 0}).body
    path, won, codes = f"/v1/accounts/{account['id']}", Counter[str](), Counter[int]()
    lock = threading.Lock()

    def write(_: int) -> None:
        api, done = Client(suite.url, suite.api_key), 0
        while done < increments:
            seen = api.insist("GET", path).body
            changed = {"employee_count": seen["employee_count"] + 1}
            answer = api.insist("PATCH", path, changed, if_match=f'"{seen["etag"]}"')
            done += answer.acknowledged
            with lock:
                codes[answer.status] += 1
                won[seen["etag"]] += answer.acknowledged

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    kept, wanted = first.insist("GET", path).body, writers * increments
    lost = wanted - kept["employee_count"]
    verdict.facts |= {"increments": wanted, "lost_updates": lost, "if_match_codes": dict(codes)}
    verdict.demand(lost == 0, f"{lost} increments are lost")
    verdict.demand(set(codes) <= {200, 412}, f"If-Match was answered with {dict(codes)}")
    verdict.demand(max(won.values()) == 1 and sum(won.values()) == wanted, "one revision had several successors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make check-once", description=__doc__)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--clients", type=int, default=16, help="clients that send a key at the same moment")
    parser.add_argument("--writers", type=int, default=32)
    parser.add_argument("--increments", type=int, default=10, help="of each writer")
    parser.add_argument("--no-kills", dest="kills", action="store_false")
    concluded("once", partial(check, parser.parse_args()), **UNLIMITED)
