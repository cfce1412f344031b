"""What clients were told: they insist on every write until it is acknowledged, and remember the answer."""

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.rest import Answer, Client


@dataclass(frozen=True)
class Write:
    """An acknowledged write: what was sent, its first answer, and when that came (monotonic seconds)."""

    path: str
    body: dict[str, Any]
    key: str
    answer: Answer
    time: float

    @property
    def id(self) -> str:
        """The record that it made or changed."""
        return str(self.answer.body["id"])


@dataclass
class Diary:
    """Everything that was acknowledged to the clients of one load; `mark` is the tag on all that they made."""

    patience: float = 30.0  # seconds in which a write must be acknowledged
    mark: str = field(default_factory=lambda: uuid4().hex)
    writes: list[Write] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def write(self, api: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Write once, however often it must be sent. Raises GaveUp, and AssertionError when it is refused."""
        key = uuid4().hex
        answer = api.insist("POST", path, body, seconds=self.patience, idempotency_key=key)
        if not answer.acknowledged:
            raise AssertionError(f"POST {path} was refused: {answer.status} {answer.content[:500]!r}")
        self.writes.append(Write(path, body, key, answer, time.monotonic()))
        return dict(answer.body)

    def read(self, api: Client, path: str) -> None:
        """Read what was written. Raises GaveUp."""
        answer = api.insist("GET", path, seconds=self.patience)
        if answer.status != 200:
            self.faults.append(f"GET {path}: {answer.status}")

    def repeat(self, api: Client, writes: Iterable[Write]) -> None:
        """Send acknowledged writes once more: each must be answered as it was, from memory. Raises GaveUp."""
        for write in writes:
            again = api.insist("POST", write.path, write.body, seconds=self.patience, idempotency_key=write.key)
            replayed = again.headers.get("idempotency-replayed") == "true"
            if not replayed or (again.status, again.body) != (write.answer.status, write.answer.body):
                self.faults.append(
                    f"POST {write.path} of {write.key} was answered anew: {again.status} {again.content!r}"
                )

    def made(self, plural: str) -> list[Write]:
        """The writes that made a record of this kind."""
        return [write for write in self.writes if write.path == f"/v1/{plural}"]

    def done(self, verb: str) -> list[Write]:
        """The writes that were this custom verb."""
        return [write for write in self.writes if write.path.endswith(f":{verb}")]

    def longest_silence(self, began: float, ended: float) -> float:
        """The longest stretch of seconds between two moments in which nothing was acknowledged."""
        times = sorted([began, ended, *(write.time for write in self.writes if began < write.time < ended)])
        return max(later - earlier for earlier, later in itertools.pairwise(times))
