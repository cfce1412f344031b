"""Hears what other services announce without the bus, in any order and as often as a test wants."""

from typing import Any

from chassis import new_id, now, transaction
from chassis.events import Fact, registered
from chassis.events.fact import service_of, subject_of, type_of
from chassis.testing import Caller


def hear(caller: Caller, event: Any, record_id: str, revision: int = 1, service: str = "contacts") -> None:
    """Let every reaction of `service` to `event` take effect."""
    kind = type(event)
    fact = Fact(
        id=new_id("evt"), tenant_id=caller.whom.tenant_id, service=service_of(kind), type=type_of(kind),
        subject=subject_of(kind), record_id=record_id, revision=revision, time=now(), actor_id=caller.whom.user_id,
        via="session", request_id="", causation_id="", correlation_id="", traceparent="",
    )  # fmt: skip
    heard = [each for each in registered() if each.event is kind and f"services.{service}." in each.effect.__module__]
    assert heard, f"{service} does not hear {fact.type}"
    for reaction in heard:
        reaction.run(transaction.database(), service, event.SerializeToString(), fact, seconds=10)
