"""What the databases know, read beside every door: the final judge of what was lost or done twice."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from google.protobuf.message import Message
from pymongo import MongoClient
from pymongo.database import Database

from chassis.events.fact import service_of, type_of
from deploy.local import table
from tests.suite import Suite

SERVICES = tuple(program.name for program in table.SERVICES)

Event = TypeVar("Event", bound=Message)
Row = dict[str, Any]


class Oracle:
    """Looks into every database of a suite; never writes."""

    def __init__(self, client: MongoClient[Row]) -> None:
        self._client = client

    def rows(self, service: str, collection: str, fields: dict[str, int] | None = None, **query: Any) -> list[Row]:
        """The stored rows that match, whole or with only some fields."""
        return list(self._of(service)[collection].find(query, fields))

    def counts(self, service: str, collection: str, by: str, **query: Any) -> Counter[str]:
        """How many rows there are by the value of the field `by`."""
        return self._grouped(service, collection, by, [{"$match": query}])

    def spread(self, service: str, collection: str, by: str, **query: Any) -> Counter[str]:
        """How many rows there are by each value in the list `by`."""
        return self._grouped(service, collection, by, [{"$match": query}, {"$unwind": f"${by}"}])

    def ids_by(self, service: str, collection: str, by: str) -> dict[str, list[str]]:
        """The ids of all rows by the value of the field `by`."""
        found: dict[str, list[str]] = {}
        for row in self.rows(service, collection, {by: 1}):
            found.setdefault(row[by], []).append(row["_id"])
        return found

    def told(self, event: type[Event], **query: Any) -> list[Event]:
        """The events of a type, as their service announced them."""
        rows = self.rows(service_of(event), "events", type=type_of(event), **query)
        return [event.FromString(row["body"]) for row in rows]

    def unpublished(self) -> int:
        """How many events wait in the outboxes."""
        return self._count("events", {"published": False})

    def published(self) -> int:
        """How many events the broker has acknowledged."""
        return self._count("events", {"published": True})

    def reactions(self, service: str) -> Counter[str]:
        """How often each reaction was done for each event, as `reaction:event`."""
        return Counter(row["_id"] for row in self.rows(service, "inbox", {"_id": 1}))

    def dead_letters(self) -> int:
        """How many events were given up on."""
        return self._count("dead_letters", {})

    def _of(self, service: str) -> Database[Row]:
        return self._client[f"kith_{service}"]

    def _count(self, collection: str, query: Row) -> int:
        return sum(self._of(service)[collection].count_documents(query) for service in SERVICES)

    def _grouped(self, service: str, collection: str, by: str, steps: list[Row]) -> Counter[str]:
        counted = self._of(service)[collection].aggregate([*steps, {"$group": {"_id": f"${by}", "rows": {"$sum": 1}}}])
        return Counter({row["_id"]: row["rows"] for row in counted})


@contextmanager
def looking(suite: Suite) -> Iterator[Oracle]:
    """An oracle for the length of the block."""
    with MongoClient[Row](suite.mongo_admin_url(), tz_aware=True) as client:
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
