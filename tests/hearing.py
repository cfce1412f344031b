"""Hears what services announce without the bus, in any order and as often as a test wants."""

from typing import Any

from google.protobuf.message import Message

from chassis import new_id, now, transaction
from chassis.events import Fact, registered
from chassis.events.fact import service_of, subject_of, type_of
from chassis.testing import Caller


def a_fact(caller: Caller, event: Message, record_id: str, revision: int = 1, **fields: Any) -> Fact:
    """What comes with `event`, announced in the caller's tenant; `fields` say otherwise."""
    kind = type(event)
    given: dict[str, Any] = {
        "id": new_id("evt"), "tenant_id": caller.whom.tenant_id, "service": service_of(kind), "type": type_of(kind),
        "subject": subject_of(kind), "record_id": record_id, "revision": revision, "time": now(),
        "actor_id": caller.whom.user_id, "via": "session",
    }  # fmt: skip
    unsaid = dict.fromkeys(("request_id", "causation_id", "correlation_id", "traceparent"), "")
    return Fact(**(unsaid | given | fields))


def react(event: Message, fact: Fact, *, by: str) -> None:
    """Let every reaction of the service `by` take effect; it must have one."""
    own = [each for each in registered() if f"services.{by}." in each.effect.__module__]
    heard = [each for each in own if each.event is type(event)]
    assert heard, f"{by} does not hear {fact.type}"
    for reaction in heard:
        reaction.run(transaction.database(), by, event.SerializeToString(), fact, seconds=10)


def hear(caller: Caller, event: Message, record_id: str, revision: int = 1, *, by: str) -> None:
    """Let the service `by` react to `event`, announced in the caller's tenant."""
    react(event, a_fact(caller, event, record_id, revision), by=by)
