"""Brings the company in through the batch upserts of the public API, 200 records at a time, by external id."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.journeys.maven import records
from tests.journeys.maven.files import Files
from tests.journeys.maven.records import Named, Record
from tests.rest import Client

BATCH = 200
OUTCOMES = ("CREATED", "UPDATED", "UNCHANGED", "REFUSED")


@dataclass
class Loaded:
    """What came of a run: how many of each noun had which outcome, and the ids by noun and name."""

    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    ids: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def all_outcomes(self) -> Counter[str]:
        """How many records had which outcome."""
        return sum(self.outcomes.values(), Counter())


class Loader:
    """Brings the files' company into the tenant of `client`."""

    def __init__(self, client: Client, files: Files) -> None:
        self._client, self._files = client, files
        self.loaded = Loaded()

    def run(self) -> Loaded:
        """Bring everything in, what is referred to first. Doing it again changes nothing."""
        files = self._files
        self._bring_in("teams", "team", records.teams(files))
        self._bring_in("users", "user", records.managers(files))
        self._bring_in("users", "user", records.agents(files))
        self._bring_in("products", "product", records.products(files))
        self._bring_in("accounts", "account", records.accounts(files))
        self._bring_in("opportunities", "opportunity", records.opportunities(files))
        return self.loaded

    def _bring_in(self, plural: str, noun: str, waiting: list[Record]) -> None:
        began = time.monotonic()
        while waiting:
            ready, later = [], []
            for record in waiting:
                # A record that refers to one of its own kind waits until that one has come in.
                (ready if self._known(record) else later).append(record)
            if not ready:
                for record in later:
                    self._refuse(plural, _name(record), "it refers to a record that is not there")
                break
            for start in range(0, len(ready), BATCH):
                self._send(plural, noun, ready[start : start + BATCH])
            waiting = later
        self.loaded.seconds[plural] += time.monotonic() - began

    def _send(self, plural: str, noun: str, batch: list[Record]) -> None:
        items = [{"client_ref": _name(record), noun: self._resolved(record)} for record in batch]
        for result in self._client.post(f"/v1/{plural}:batchUpsert", {"items": items})["results"]:
            name = result["client_ref"]
            if "error" in result:
                self._refuse(plural, name, result["error"].get("detail", str(result["error"])))
            else:
                self.loaded.outcomes[plural][result["outcome"]] += 1
                self.loaded.ids[plural][name] = result[noun]["id"]

    def _refuse(self, plural: str, name: str, reason: str) -> None:
        self.loaded.outcomes[plural]["REFUSED"] += 1
        self._files.notes.refused[f"{plural}: {reason}"].append(name)

    def _known(self, record: Record) -> bool:
        return all(reference.name in self.loaded.ids[reference.plural] for reference in _references(record))

    def _resolved(self, value: Any) -> Any:
        """The record with ids in the place of names."""
        if isinstance(value, Named):
            return self.loaded.ids[value.plural][value.name]
        if isinstance(value, dict):
            return {name: self._resolved(each) for name, each in value.items()}
        return [self._resolved(each) for each in value] if isinstance(value, list) else value


def _references(value: Any) -> list[Named]:
    if isinstance(value, Named):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [reference for each in inner for reference in _references(each)]


def _name(record: Record) -> str:
    return str(record["external_ids"][0]["id"])
