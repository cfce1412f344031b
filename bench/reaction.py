"""From commit to reaction done: read from MongoDB's own log of writes, so that measuring costs the suite nothing.

The oplog keeps the wall clock of every commit to the millisecond. An event's row and the inbox record of the reaction to it
carry the same event id: the time between the two commits is the time that everybody else's view of the fact lagged behind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bson import Timestamp
from pymongo import MongoClient

from bench.load import Load, write_requests
from bench.side import Side
from bench.turns import Turn, quietest, take

CONNECTIONS = 16
SOURCE, READER = "kith_contacts.events", "kith_sales.inbox"


@dataclass(frozen=True)
class Lag:
    """Milliseconds from commit to reaction done, ordered; `missing` events have no reaction yet."""

    milliseconds: list[float]
    per_second: float
    missing: int
    others: float = 0.0  # share of the machine that others used meanwhile

    def percentile(self, share: float) -> float:
        """The lag that this share of the events did not exceed."""
        return self.milliseconds[min(len(self.milliseconds) - 1, int(len(self.milliseconds) * share))]


def measure(side: Side, rate: float, seconds: float, folder: Path) -> Lag:
    """Create accounts at an even `rate` per second through the door, and see when sales knows each.

    Of as many tries as a disturbed machine makes needful, the quietest counts.
    """
    lags: list[Lag] = []
    load = Load(side.port, write_requests(folder / "reaction", side.requests["create"]), CONNECTIONS, seconds, rate)

    def play_round() -> list[Turn]:
        lag, turn = _try(side, load)
        lags.append(lag)
        return [turn]

    quietest(1, play_round)
    return min(lags, key=lambda lag: lag.others)


def _try(side: Side, load: Load) -> tuple[Lag, Turn]:
    assert side.suite
    with MongoClient(side.suite.mongo_admin_url(), tz_aware=True) as client:
        since = client.local["oplog.rs"].find().sort("$natural", -1).next()["ts"]
        turn = take(side, load)
        told, heard = _commits(client, since)
    lags = sorted((heard[id] - at).total_seconds() * 1000 for id, at in told.items() if id in heard)
    return Lag(lags, turn.tally.per_second, len(told) - len(lags), turn.others), turn


def _commits(client: MongoClient[dict[str, Any]], since: Timestamp) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """When each event was committed, and when the first reaction to it was."""
    told: dict[str, datetime] = {}
    heard: dict[str, datetime] = {}
    for entry in client.local["oplog.rs"].find({"ts": {"$gt": since}}):
        for change in _changes(entry):
            if change["op"] == "i" and change["ns"] == SOURCE:
                told[change["o"]["_id"]] = entry["wall"]
            elif change["op"] == "i" and change["ns"] == READER:
                heard.setdefault(change["o"]["_id"].rpartition(":")[2], entry["wall"])
    return told, heard


def _changes(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The single changes of an entry: a transaction's come together."""
    yield from entry["o"].get("applyOps", ()) if entry["op"] == "c" else (entry,)
