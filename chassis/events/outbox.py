"""The collection `events`: outbox, audit trail and journal at once.

A verb's events are written here in the transaction that keeps its record, so there is no state without its event and no
event without its state. Rows stay after publication; nothing of a row ever changes but `published` and `publish_time`, until a
person is erased: then what the row tells of the person goes, and it is marked `erased` and published no more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bson.binary import Binary
from google.protobuf.message import Message
from pymongo import ASCENDING
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from chassis import clock, ids, transaction
from chassis.call import call
from chassis.events.fact import SCHEMA_VERSION, reacting_to, service_of, subject_of, type_of
from chassis.principal import principal
from chassis.telemetry import traceparent

EVENTS = "events"
UNPUBLISHED = "unpublished"
BATCH = 500
EVERYWHERE = "schema"  # the contract that every service serves, for its own nouns
_RETENTION = "retention"

Row = dict[str, Any]


def write(
    database: Database,
    service: str,
    record_id: str,
    revision: int,
    messages: Sequence[Message],
    schema_version: str = SCHEMA_VERSION,
) -> None:
    """Keep the events that one change of one record announces, in their order, within the transaction of this thread.

    `revision` is the record's after the change; `schema_version` says which fields of a tenant's own it may have. Raises
    TypeError for a message that is no event of `service`.
    """
    if messages:
        events = transaction.remembered(EVENTS, lambda: database[EVENTS])
        transaction.defer(events, rows(service, record_id, revision, messages, schema_version))


def announce(record_id: str, *messages: Message, revision: int = 0) -> None:
    """Announce events of what is no noun, such as the lines of a ledger, within the transaction of this thread."""
    write(transaction.database(), service_of(type(messages[0])), record_id, revision, messages)


def rows(
    service: str, record_id: str, revision: int, messages: Sequence[Message], schema_version: str = SCHEMA_VERSION
) -> list[Row]:
    """The rows that `write` keeps, with what this thread knows of actor, request, cause and trace."""
    whom, cause, request_id, at = principal(), reacting_to.get(), call().request_id, clock.now()
    if cause is not None:
        request_id = cause.request_id
    common = {
        "tenant_id": whom.tenant_id, "service": service, "record_id": record_id, "revision": revision, "time": at,
        "actor_id": whom.user_id, "via": whom.via, "request_id": request_id,
        "causation_id": cause.id if cause else "",
        "correlation_id": (cause.correlation_id or cause.id) if cause else request_id,
        "traceparent": traceparent(), "published": False, "publish_time": None,
        "schema_version": schema_version,
    }  # fmt: skip
    if call().quiet or (cause is not None and cause.quiet):
        common["quiet"] = True
    return [_row(common, ordinal, message) for ordinal, message in enumerate(messages)]


def _row(common: Row, ordinal: int, message: Message) -> Row:
    event = type(message)
    if service_of(event) not in (common["service"], EVERYWHERE):
        raise TypeError(f"{type_of(event)} is no event of {common['service']}")
    return {
        "_id": ids.new_id("evt"), **common, "ordinal": ordinal, "type": type_of(event), "subject": subject_of(event),
        "body": Binary(message.SerializeToString()),
    }  # fmt: skip


def prepare(database: Database, retention_days: int = 0) -> None:
    """Create the indexes that relay, history and journal read by; `retention_days` above 0 lets published rows expire."""
    events = database[EVENTS]
    unpublished = {"published": False}
    events.create_index(
        [("published", ASCENDING), ("_id", ASCENDING)], name=UNPUBLISHED, partialFilterExpression=unpublished
    )
    history = [("tenant_id", ASCENDING), ("record_id", ASCENDING), ("revision", ASCENDING), ("ordinal", ASCENDING)]
    events.create_index(history, name="history")
    events.create_index([("tenant_id", ASCENDING), ("_id", ASCENDING)], name="journal")
    _ensure_retention(database, retention_days)


def _ensure_retention(database: Database, days: int) -> None:
    # An unpublished row has publish_time null, which never expires.
    events, seconds = database[EVENTS], days * 86400
    kept = events.index_information().get(_RETENTION, {}).get("expireAfterSeconds")
    if kept is not None and kept != seconds:
        events.drop_index(_RETENTION)
    if seconds:
        events.create_index("publish_time", name=_RETENTION, expireAfterSeconds=seconds)


def unpublished(database: Database) -> list[Row]:
    """The next rows to publish, those of each record in their order: at most about `BATCH`, fewer when there are no more."""
    # A snapshot shows no revision without the ones before it, even while a scan goes on.
    events = database[EVENTS].with_options(read_concern=ReadConcern("snapshot"))
    waiting: dict[str, Any] = {"published": False}
    rows = list(events.find(waiting).sort("_id", ASCENDING).limit(BATCH).hint(UNPUBLISHED))
    if len(rows) == BATCH and (changed := {row["record_id"] for row in rows if row["revision"] > 1}):
        # Ids of two processes may sort otherwise than their commits did, so the limit could cut off a record's earlier
        # revision; it is fetched here. What tells of a first revision has none before it.
        waiting["record_id"] = {"$in": list(changed)}
        earlier = {row["_id"]: row for row in events.find(waiting).hint(UNPUBLISHED)}
        rows = list(({row["_id"]: row for row in rows} | earlier).values())
    return sorted(rows, key=lambda row: (row["revision"], row["ordinal"]))


def mark_published(database: Database, event_ids: list[str]) -> None:
    """Note that the server has acknowledged these rows."""
    mark = {"$set": {"published": True, "publish_time": clock.now()}}
    database[EVENTS].update_many({"_id": {"$in": event_ids}}, mark)


def replay(database: Database, since: datetime) -> int:
    """Have the relay publish the kept events from `since` on once more, and answer their number.

    Readers that have had them know it by their inbox; those that have not get them in the order of each record.
    """
    kept = {"published": True, "time": {"$gte": since}, "erased": None}
    afresh = {"$set": {"published": False, "publish_time": None}}
    return database[EVENTS].update_many(kept, afresh).modified_count
