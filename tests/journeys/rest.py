"""A small client of the public REST API, as a customer's program would be: JSON over one kept connection.

Every write carries an Idempotency-Key, so a request whose answer was lost, or that the suite asked to send again later,
is simply sent again.
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

ATTEMPTS = 8
LATER = (429, 503, 504)  # where the suite says when, it does so in Retry-After
LOST = (ConnectionError, http.client.HTTPException, TimeoutError)


@dataclass(frozen=True)
class Answer:
    """What the suite said: `answer["id"]` reads a field of its JSON."""

    status: int
    headers: dict[str, str]  # names in lower case
    content: bytes

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    @property
    def body(self) -> Any:
        """The JSON value; None where there is no body."""
        return json.loads(self.content) if self.content else None


class Problem(Exception):
    """The suite refused: `type`, `status` and the rest of the problem document (RFC 9457)."""

    def __init__(self, verb: str, path: str, answer: Answer) -> None:
        self.answer, self.status = answer, answer.status
        self.document: dict[str, Any] = answer.body or {}
        self.type = str(self.document.get("type", "")).removeprefix("/problems/")
        super().__init__(f"{verb} {path}: {self.status} {answer.content.decode('utf-8', 'replace')[:1000]}")


class Client:
    """Calls one suite as one caller. `check` is asked about every answer and raises when it is not as described."""

    def __init__(
        self, url: str, api_key: str = "", *, headers: dict[str, str] | None = None, check: Check | None = None
    ) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self.check = check
        self.user_id = ""  # who calls, where somebody noted it
        self.headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.headers |= headers or {}

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
        """One request and its answer; `idempotency_key=…` in `headers` becomes the header of that name. Raises Problem."""
        sent = dict(self.headers)
        if verb != "GET":
            sent["Idempotency-Key"] = str(uuid.uuid4())
        sent |= {name.replace("_", "-").title(): value for name, value in (headers or {}).items()}
        content = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self._answer(verb, path, content, sent)
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

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _answer(self, verb: str, path: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._exchange(verb, path, content, headers)
                if answer.status not in LATER or attempt == ATTEMPTS:
                    return answer
                time.sleep(min(30.0, float(answer.headers.get("retry-after", "1"))))
            except LOST:
                self._connection.close()
                if attempt == ATTEMPTS:
                    raise
                time.sleep(0.1 * 2**attempt if attempt > 1 else 0)  # a kept connection may simply have been too old
        raise AssertionError("the last attempt answers or raises")

    def _exchange(self, verb: str, path: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        self._connection.request(verb, path, content, headers)
        response = self._connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


def _query(parameters: dict[str, Any]) -> str:
    texts = {
        name: json.dumps(value) if isinstance(value, (dict, bool)) else value
        for name, value in parameters.items()
        if value is not None
    }
    return "?" + urlencode(texts, doseq=True) if texts else ""
