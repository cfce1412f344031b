"""Events that a reaction could not take: kept whole, with the reason, until somebody replays them.

A replay is asked for in the database and done by the running service, which alone has the reactions; that of one letter
happens once, whatever else runs at the time. A letter whose replay succeeds is gone, one that fails again has the new reason.
"""

import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import structlog
from bson.binary import Binary
from pymongo import ASCENDING
from pymongo.database import Database

from chassis import clock
from chassis.events import measures
from chassis.events.delivery import Delivery
from chassis.telemetry import redact

DEAD_LETTERS = "dead_letters"
_TAKEN_FOR = timedelta(minutes=5)

_log = structlog.get_logger(__name__)


class NoSuchLetter(LookupError):
    """There is no dead letter of this id."""


def bury(database: Database, service: str, delivery: Delivery, reaction: str, error: Exception) -> None:
    """Keep a delivery that `reaction` (empty: none could be chosen) does not get, and raise the alarm."""
    letter = _letter(delivery, reaction, error)
    delivery.buried = True
    database[DEAD_LETTERS].replace_one({"_id": letter["_id"]}, letter, upsert=True)
    measures.REACTIONS.labels(service, reaction, "dead letter").inc()
    _log.error(
        "an event came to the dead letters", letter=letter["_id"], event_type=letter["type"], reaction=reaction,
        error=letter["error"], attempts=letter["attempts"], replay="python -m chassis.events dead-letters replay --id …",
    )  # fmt: skip


def _letter(delivery: Delivery, reaction: str, error: Exception) -> dict[str, Any]:
    headers, parts = delivery.headers, delivery.subject.split(".")
    event_id = headers.get("ce-id", "unknown")
    return {
        "_id": f"{reaction}:{event_id}", "tenant_id": parts[1] if len(parts) > 1 else "", "reaction": reaction,
        "event_id": event_id, "type": headers.get("ce-type", ""), "record_id": delivery.record,
        "subject": delivery.subject, "headers": headers, "body": Binary(delivery.body),
        "error": redact(f"{type(error).__name__}: {error}"),
        "traceback": redact("".join(traceback.format_exception(error))), "attempts": delivery.attempts,
        "time": clock.now(), "replay": "",
    }  # fmt: skip


def prepare(database: Database) -> None:
    """Create the indexes that list and replay read by."""
    database[DEAD_LETTERS].create_index([("time", ASCENDING)], name="by_time")
    asked = {"replay": {"$gt": ""}}
    database[DEAD_LETTERS].create_index([("replay", ASCENDING)], name="asked", partialFilterExpression=asked)


def waiting(database: Database) -> Iterator[dict[str, Any]]:
    """The letters, oldest first, without their bodies."""
    return iter(database[DEAD_LETTERS].find({}, {"body": 0, "traceback": 0}).sort("time", ASCENDING))


def find(database: Database, letter_id: str) -> dict[str, Any]:
    """One letter whole. Raises NoSuchLetter."""
    letter: dict[str, Any] | None = database[DEAD_LETTERS].find_one({"_id": letter_id})
    if letter is None:
        raise NoSuchLetter(letter_id)
    return letter


def ask_for_replay(database: Database, letter_id: str = "") -> int:
    """Have the running service try one letter, or all, once more, and answer their number. Raises NoSuchLetter."""
    which = {"_id": find(database, letter_id)["_id"]} if letter_id else {}
    return database[DEAD_LETTERS].update_many(which, {"$set": {"replay": "asked"}}).modified_count


def take_for_replay(database: Database) -> dict[str, Any] | None:
    """A letter whose replay is asked for, which from now on is the caller's for five minutes; None when there is none."""
    lapsed = clock.now() - _TAKEN_FOR
    free = {"$or": [{"replay": "asked"}, {"replay": "taken", "taken_time": {"$lt": lapsed}}]}
    taken = {"$set": {"replay": "taken", "taken_time": clock.now()}}
    letter: dict[str, Any] | None = database[DEAD_LETTERS].find_one_and_update(free, taken)
    return letter


def leave(database: Database, letter_id: str, reason: str) -> None:
    """Let a letter be that cannot be replayed here."""
    database[DEAD_LETTERS].update_one({"_id": letter_id}, {"$set": {"replay": "", "error": reason}})
    _log.error("a dead letter cannot be replayed", letter=letter_id, error=reason)


def close(database: Database, letter_id: str) -> None:
    """Remove a letter whose replay succeeded."""
    database[DEAD_LETTERS].delete_one({"_id": letter_id})
    _log.info("a dead letter was replayed", letter=letter_id)


def observe(database: Database, service: str) -> None:
    """Set the number of letters."""
    measures.DEAD.labels(service).set(database[DEAD_LETTERS].count_documents({}, limit=10_000))
