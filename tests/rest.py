"""The public REST API for tests: one small client that keeps its connection and knows what may be tried again."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

DOWN = (502, 503, 504)  # what a client meets while a process is away, and tries again


class GaveUp(Exception):
    """A request was not answered for good within its time."""


@dataclass(frozen=True)
class Answer:
    """An answer; `status` 0 means that the connection broke before there was one."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The JSON value."""
        return json.loads(self.content)

    @property
    def acknowledged(self) -> bool:
        """Whether the request was done."""
        return 200 <= self.status < 300


class Client:
    """One connection, to be used by one thread. Without a key it speaks for nobody."""

    def __init__(self, url: str, api_key: str = "", seconds: float = 15.0) -> None:
        self._address, self._seconds = urlsplit(url), seconds
        self._standing = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send once. Headers are given as `if_match='"3"'`; a `bytes` body goes as it is."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            given.setdefault("Content-Type", "application/json")
        try:
            if self._connection is None:
                assert self._address.hostname
                self._connection = http.client.HTTPConnection(
                    self._address.hostname, self._address.port, timeout=self._seconds
                )
            self._connection.request(method, path, content, self._standing | given)
            answer = self._connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException):
            self.close()
            return Answer(0, {}, b"")

    def insist(self, method: str, path: str, body: Any = None, seconds: float = 30.0, **headers: str) -> Answer:
        """Send until there is an answer from a suite that is up. Raises GaveUp."""
        deadline, answer = time.monotonic() + seconds, Answer(0, {}, b"")
        while time.monotonic() < deadline:
            answer = self.send(method, path, body, **headers)
            if answer.status and answer.status not in DOWN:
                return answer
            time.sleep(0.05)
        raise GaveUp(f"{method} {path}: {answer.status} {answer.content[:500]!r}")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection:
            self._connection.close()
        self._connection = None
