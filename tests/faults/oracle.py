"""What the databases know, read beside every door: the final judge of what was lost or done twice."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient

from tests.suite import Suite

SERVICES = ("identity", "contacts", "sales")


class Oracle:
    """Looks into every database of a suite; never writes."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        self._client = client

    def rows(self, service: str, collection: str, **query: Any) -> list[dict[str, Any]]:
        """The stored rows that match."""
        return list(self._client[f"kith_{service}"][collection].find(query))

    def counts(self, service: str, collection: str, by: str, **query: Any) -> Counter[str]:
        """How many rows there are by the value of the field `by`."""
        return Counter(row[by] for row in self.rows(service, collection, **query))

    def unpublished(self) -> int:
        """How many events wait in the outboxes."""
        return self._events({"published": False})

    def published(self) -> int:
        """How many events the broker has acknowledged."""
        return self._events({"published": True})

    def reactions(self, service: str) -> Counter[str]:
        """How often each reaction was done for each event, as `reaction:event`."""
        return self.counts(service, "inbox", "_id")

    def dead_letters(self) -> int:
        """How many events were given up on."""
        return sum(self._client[f"kith_{each}"]["dead_letters"].count_documents({}) for each in SERVICES)

    def _events(self, query: dict[str, Any]) -> int:
        return sum(self._client[f"kith_{each}"]["events"].count_documents(query) for each in SERVICES)


@contextmanager
def looking(suite: Suite) -> Iterator[Oracle]:
    """An oracle for the length of the block."""
    with MongoClient(suite.mongo_admin_url(), tz_aware=True) as client:
        yield Oracle(client)


def eventually(fact: Callable[[], None], seconds: float = 30.0) -> None:
    """Wait until the fact holds; the last AssertionError when it does not."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return fact()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
