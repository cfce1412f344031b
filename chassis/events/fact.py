"""What is known of an event besides its message, and how it travels: outbox row → NATS headers → fact.

The headers are CloudEvents 1.0 in the binary mode of its NATS binding (`ce-…`), so that foreign consumers can read them.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from crm.options.v1 import options_pb2
from google.protobuf.message import Message

SCHEMA_VERSION = "1"


class Unreadable(Exception):
    """What came from the bus is not the event that it says it is."""


@dataclass(frozen=True)
class Fact:
    """One event as its readers see it.

    `type` is the message's full name, `subject` its place among the service's events (`opportunity.won`), `revision` the one
    that the record had after the change. `causation_id` is the event that the announcing service reacted to, empty when a
    request did it; `correlation_id` is the first event or request of the whole chain. `schema_version` is that of the contract,
    and after a dot that of the tenant's own fields: `1.7`. `quiet` asks workflows to let it be: it is part of an import that
    says so.
    """

    id: str
    tenant_id: str
    service: str
    type: str
    subject: str
    record_id: str
    revision: int
    time: datetime
    actor_id: str
    via: str
    request_id: str
    causation_id: str
    correlation_id: str
    traceparent: str
    schema_version: str = SCHEMA_VERSION
    quiet: bool = False


reacting_to: ContextVar[Fact | None] = ContextVar("fact", default=None)
"""The fact that this thread is reacting to; events that come of it name it as their cause."""


def subject_of(event: type[Message]) -> str:
    """The subject that an event message declares, `opportunity.won`. Raises TypeError for a message that is no event."""
    subject = _subject(event.DESCRIPTOR)
    if not subject:
        raise TypeError(f"{type_of(event)} declares no option crm.options.v1.event")
    return subject


@cache
def _subject(descriptor: Any) -> str:
    subject: str = descriptor.GetOptions().Extensions[options_pb2.event].subject
    return subject


def service_of(event: type[Message]) -> str:
    """The service that announces an event: `sales` for `crm.sales.v1.OpportunityWon`."""
    return type_of(event).split(".")[1]


def type_of(event: type[Message]) -> str:
    """The name that an event travels under, `crm.sales.v1.OpportunityWon`."""
    return event.DESCRIPTOR.full_name


def subject_on_bus(row: Mapping[str, Any]) -> str:
    """Where a row is published: `crm.<tenant>.<service>.<noun>.<past_participle>`."""
    return f"crm.{row['tenant_id']}.{row['service']}.{row['subject']}"


def headers(row: Mapping[str, Any]) -> dict[str, str]:
    """The headers that a row of the outbox is published with."""
    known = {
        "Nats-Msg-Id": row["_id"], "ce-specversion": "1.0", "ce-id": row["_id"], "ce-type": row["type"],
        "ce-source": f"/crm/{row['service']}", "ce-time": row["time"].isoformat(timespec="milliseconds"),
        "ce-subject": row["record_id"], "ce-datacontenttype": "application/protobuf",
        "ce-schemaversion": row.get("schema_version", SCHEMA_VERSION), "ce-tenantid": row["tenant_id"],
        "ce-revision": str(row["revision"]),
        "ce-actorid": row["actor_id"], "ce-via": row["via"], "ce-requestid": row["request_id"],
        "ce-causationid": row["causation_id"], "ce-correlationid": row["correlation_id"],
        "traceparent": row["traceparent"],
    }  # fmt: skip
    if row.get("quiet"):
        known["ce-quiet"] = "true"
    return {name: value for name, value in known.items() if value}


def read(subject: str, given: Mapping[str, str]) -> Fact:
    """The fact that a message on `subject` with these headers tells of. Raises Unreadable when it tells of none.

    Tenant and service are those of the subject, which the server lets only that service publish on.
    """
    try:
        _, tenant_id, service, noun, verb = subject.split(".")
        return Fact(
            id=given["ce-id"], tenant_id=tenant_id, service=service, type=given["ce-type"], subject=f"{noun}.{verb}",
            record_id=given["ce-subject"], revision=int(given["ce-revision"]),
            time=datetime.fromisoformat(given["ce-time"]).astimezone(UTC), actor_id=given.get("ce-actorid", ""),
            via=given.get("ce-via", ""), request_id=given.get("ce-requestid", ""),
            causation_id=given.get("ce-causationid", ""), correlation_id=given.get("ce-correlationid", ""),
            traceparent=given.get("traceparent", ""), schema_version=given.get("ce-schemaversion", SCHEMA_VERSION),
            quiet=given.get("ce-quiet") == "true",
        )  # fmt: skip
    except KeyError as missing:
        raise Unreadable(f"the header {missing} is missing") from missing
    except ValueError as fault:
        raise Unreadable(f"the subject {subject} and its headers tell of no event: {fault}") from fault
