"""What can be measured of events; names and meanings stand in the help texts, which the metrics page shows."""

import time
from datetime import timedelta

from prometheus_client import Counter, Gauge, Histogram
from pymongo import ASCENDING
from pymongo.database import Database

from chassis import clock

UNPUBLISHED = Gauge("kith_outbox_unpublished", "Events that wait in the outbox, counted up to 10,000", ["service"])
OLDEST = Gauge("kith_outbox_oldest_seconds", "Age of the oldest event that waits in the outbox", ["service"])
PUBLISHED = Counter("kith_events_published", "Events that the server has acknowledged", ["service"])
REACTIONS = Counter("kith_reactions", "Reactions by how they ended", ["service", "reaction", "outcome"])
UNKNOWN = Counter("kith_events_unknown", "Events of a type that this process does not know, left alone", ["service"])
DEAD = Gauge("kith_dead_letters", "Dead letters that nobody has replayed yet", ["service"])
LAG = Histogram(
    "kith_reaction_lag_seconds", "Time from an event to the commit of a reaction to it", ["service", "reaction"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 300, 3600),
)  # fmt: skip

_EVERY_SECONDS = 2.0
_MOST = 10_000
_last: dict[str, float] = {}


def observe_outbox(database: Database, service: str) -> None:
    """Set depth and age of the outbox, at most every two seconds."""
    if time.monotonic() < _last.get(service, 0.0) + _EVERY_SECONDS:
        return
    _last[service] = time.monotonic()
    waiting, index = {"published": False}, "unpublished"
    UNPUBLISHED.labels(service).set(database.events.count_documents(waiting, hint=index, limit=_MOST))
    oldest = database.events.find_one(waiting, {"time": 1}, sort=[("_id", ASCENDING)], hint=index)
    age = clock.now() - oldest["time"] if oldest else timedelta(0)
    OLDEST.labels(service).set(max(0.0, age.total_seconds()))
