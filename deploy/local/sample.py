"""The sample company: a small cast of our own making, brought in over the public API like any customer's data.

Every record goes by an external id, so that doing it again changes nothing.
"""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from deploy.local.cast import CAST

SYSTEM = "sample"

Record = dict[str, Any]


class SampleRefused(Exception):
    """The suite did not take a record of the sample company."""


class Company:
    """The sample company in one running suite."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url, self._api_key = url, api_key
        self._ids: dict[str, str] = {}

    def load(self) -> str:
        """Bring the whole cast in; answers how many of each, in words. Raises SampleRefused."""
        for plural, cast in CAST.items():
            for key, record in cast.items():
                bring_in = _WAYS.get(plural, Company._upsert)
                bring_in(self, plural, key, record)
        return ", ".join(f"{len(cast)} {plural.replace('-', ' ')}" for plural, cast in CAST.items())

    def _open(self, plural: str, key: str, record: Record) -> None:
        """Open an opportunity and close it where the story does; a closed one stays as it is."""
        story = {"win": record.get("won"), "lose": record.get("lost")}
        facts = {name: value for name, value in record.items() if name not in ("won", "lost")}
        opportunity = self._upsert(plural, key, facts)
        for verb, body in story.items():
            if body and opportunity["status"] == "OPEN":
                self._call("POST", f"/v1/{plural}/{opportunity['id']}:{verb}", body)

    def _upsert(self, plural: str, key: str, record: Record) -> Record:
        answer = self._call("PUT", f"/v1/{plural}/by-external-id/{SYSTEM}/{quote(key)}", self._resolved(record))
        self._ids[key] = answer["id"]
        return answer

    def _make_once(self, plural: str, key: str, record: Record) -> None:
        """Make a record of a kind that has no upsert, unless it is there."""
        there = self._call("GET", f"/v1/{plural}?external_ids.system={SYSTEM}&external_ids.id={quote(key)}")
        if not there[plural.replace("-", "_")]:
            self._call("POST", f"/v1/{plural}", record | {"external_ids": [{"system": SYSTEM, "id": key}]})

    def _resolved(self, value: Any) -> Any:
        """The record with `@key` replaced by the id of the record that was brought in as `key`."""
        if isinstance(value, dict):
            return {name: self._resolved(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._resolved(each) for each in value]
        return self._ids[value[1:]] if isinstance(value, str) and value.startswith("@") else value

    def _call(self, method: str, path: str, body: Record | None = None) -> Record:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, content, method=method)  # noqa: S310 - http
        request.add_header("Authorization", f"Bearer {self._api_key}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - http
                return dict(json.load(answer))
        except urllib.error.HTTPError as fault:
            text = fault.read().decode("utf-8", "replace")[:500]
            raise SampleRefused(f"{method} {path} was answered with {fault.code}: {text}") from fault
        except (urllib.error.URLError, OSError) as fault:
            raise SampleRefused(f"{method} {path} could not be sent: {fault}") from fault


_WAYS = {
    "opportunities": Company._open,
    **dict.fromkeys(("mailboxes", "web-forms", "templates", "segments"), Company._make_once),
}


def load(url: str, api_key: str) -> str:
    """Bring the sample company into the suite at `url`; answers how many records there are, in words."""
    return Company(url, api_key).load()
