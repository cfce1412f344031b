"""Clients at work: each tells small stories over the public API, insists on every write, and remembers what it was told."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.rest import Answer, Client

PAUSE = 0.05  # seconds between two stories of a client: a load, not a flood


@dataclass(frozen=True)
class Write:
    """An acknowledged write: what was sent, and its first answer."""

    path: str
    body: dict[str, Any]
    key: str
    answer: Answer


@dataclass
class MixedLoad:
    """What all clients of one load did; `mark` is the tag on all that they made."""

    url: str
    api_key: str
    mark: str = field(default_factory=lambda: uuid4().hex)
    writes: list[Write] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self, clients: int = 6) -> Iterator[None]:
        """Work for the length of the block, then end the stories that have begun."""
        with ThreadPoolExecutor(clients) as pool:
            endings = [pool.submit(self._work, number) for number in range(clients)]
            try:
                yield
            finally:
                self._stop.set()
        for ending in endings:
            ending.result()

    def made(self, plural: str) -> list[Write]:
        """The writes that made a record of this kind."""
        return [write for write in self.writes if write.path == f"/v1/{plural}"]

    def done(self, verb: str) -> list[Write]:
        """The writes that were this custom verb."""
        return [write for write in self.writes if write.path.endswith(f":{verb}")]

    def _work(self, client: int) -> None:
        with Client(self.url, self.api_key, seconds=8) as api:
            for number in itertools.count():
                if self._stop.wait(PAUSE):
                    return
                self._tell_story(api, f"{client}-{number}")

    def _tell_story(self, api: Client, name: str) -> None:
        """A company becomes known, something is sold to it, and a lead turns into an opportunity."""
        account = self._write(api, "/v1/accounts", {"name": f"Account {name}", "tags": [self.mark]})
        self._read(api, f"/v1/accounts/{account['id']}")
        opportunity = {"name": f"Opportunity {name}", "account_id": account["id"], "tags": [self.mark],
                       "amount": {"currency_code": "EUR", "units": "1200"}}  # fmt: skip
        opened = self._write(api, "/v1/opportunities", opportunity)
        self._read(api, f"/v1/opportunities/{opened['id']}")
        self._write(api, f"/v1/opportunities/{opened['id']}:win", {})
        lead = {"family_name": f"Lead {name}", "company_name": f"Company {name}", "tags": [self.mark]}
        met = self._write(api, "/v1/leads", lead)
        self._write(api, f"/v1/leads/{met['id']}:convert", {})

    def _write(self, api: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
        key = uuid4().hex
        answer = api.insist("POST", path, body, idempotency_key=key)
        if not answer.acknowledged:
            raise AssertionError(f"POST {path} was refused: {answer.status} {answer.content[:500]!r}")
        self.writes.append(Write(path, body, key, answer))
        return answer.body

    def _read(self, api: Client, path: str) -> None:
        answer = api.insist("GET", path)
        if answer.status != 200:
            self.faults.append(f"GET {path}: {answer.status}")
