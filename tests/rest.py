"""The public REST API for tests: one client that keeps its connection and knows what may be tried again.

`send` tries once and judges nothing, `insist` goes on until there is an answer from a suite that is up; `get`, `post` and their
siblings insist, too, and raise what the suite refuses. They give every write an Idempotency-Key, so that a request whose answer
was lost is simply sent again.
"""

import http.client
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

Check = Callable[[str, str, int, dict[str, str], bytes], None]

AWAY = (502, 503, 504)  # what a client meets while a process is away
TOO_MANY = 429  # the suite says in Retry-After when to come back


class GaveUp(Exception):
    """A request was not answered for good within its time."""


@dataclass(frozen=True)
class Answer:
    """An answer: `answer["id"]` reads a field of its JSON. `status` 0 means that the connection broke before there was one."""

    status: int
    headers: dict[str, str]  # names in lower case
    content: bytes

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    @property
    def body(self) -> Any:
        """The JSON value; None where there is no body."""
        return json.loads(self.content) if self.content else None

    @property
    def acknowledged(self) -> bool:
        """Whether the request was done."""
        return 200 <= self.status < 300

    @property
    def to_be_asked_again(self) -> bool:
        """Whether it says only that nobody could answer now."""
        return not self.status or self.status in (TOO_MANY, *AWAY)


class Problem(Exception):
    """The suite refused: `type`, `status` and the rest of the problem document (RFC 9457)."""

    def __init__(self, verb: str, path: str, answer: Answer) -> None:
        self.answer, self.status = answer, answer.status
        self.document: dict[str, Any] = answer.body or {}
        self.type = str(self.document.get("type", "")).removeprefix("/problems/")
        super().__init__(f"{verb} {path}: {self.status} {answer.content.decode('utf-8', 'replace')[:1000]}")


class Client:
    """One connection, to be used by one thread. Without a key it speaks for nobody.

    `headers` go with every request; `check` is asked about every answer of `get`, `post` and their siblings, and raises when
    it is not as described.
    """

    def __init__(
        self, url: str, api_key: str = "", seconds: float = 15.0, *, headers: dict[str, str] | None = None,
        check: Check | None = None,
    ) -> None:  # fmt: skip
        self._address, self._seconds = urlsplit(url), seconds
        self._connection: http.client.HTTPConnection | None = None
        self.check = check
        self.user_id = ""  # who calls, where somebody noted it
        self.headers = ({"Authorization": f"Bearer {api_key}"} if api_key else {}) | (headers or {})

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
            self._connection.request(method, path, content, self.headers | given)
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
            if not answer.to_be_asked_again:
                return answer
            time.sleep(float(answer.headers.get("retry-after", "1")) if answer.status == TOO_MANY else 0.05)
        raise GaveUp(f"{method} {path}: {answer.status} {answer.content[:500]!r}")

    def get(self, path: str, **parameters: Any) -> Answer:
        """Read; lists become repeated parameters, dictionaries JSON."""
        return self.call("GET", path + _query(parameters))

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Create, or call a verb."""
        return self.call("POST", path, {} if body is None else body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> Answer:
        """Change the fields that `body` has."""
        return self.call("PATCH", path, body, headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        """Create or change, by external id."""
        return self.call("PUT", path, body, headers)

    def delete(self, path: str, **headers: str) -> Answer:
        """Delete."""
        return self.call("DELETE", path, None, headers)

    def call(self, verb: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request and its answer. Raises Problem for a refusal, GaveUp, and whatever `check` raises."""
        key = {} if verb == "GET" else {"idempotency_key": str(uuid.uuid4())}
        answer = self.insist(verb, path, body, seconds=60.0, **key | (headers or {}))
        if self.check:
            self.check(verb, path.partition("?")[0], answer.status, answer.headers, answer.content)
        if answer.status >= 400:
            raise Problem(verb, path, answer)
        return answer

    def pages(self, path: str, plural: str, **body: Any) -> list[dict[str, Any]]:
        """Every record of a search, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.post(f"{path}:search", body).body
            found += page.get(plural, [])
            if not page.get("next_page_token"):
                return found
            body = {**body, "page_token": page["next_page_token"]}

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection:
            self._connection.close()
        self._connection = None


def _query(parameters: dict[str, Any]) -> str:
    texts = {
        name: json.dumps(value) if isinstance(value, (dict, bool)) else value
        for name, value in parameters.items()
        if value is not None
    }
    return "?" + urlencode(texts, doseq=True) if texts else ""
