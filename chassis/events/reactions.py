"""What a service does when it hears a fact: `@on(OpportunityWon) def credit_the_campaign(event, fact)`.

A reaction runs as the service itself, for the event's tenant, in one transaction with its inbox record: its effect happens
once however often the event comes. It may run several times before it commits, so it must have no effects outside the
database. Its function's name is its identity in inbox and dead letters and must not change lightly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pymongo
from google.protobuf.message import DecodeError, Message
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from chassis import clock, telemetry, transaction
from chassis.events import measures
from chassis.events.fact import Fact, Unreadable, reacting_to, service_of, subject_of, type_of
from chassis.principal import acting_as, of_service

INBOX = "inbox"
Effect = Callable[[Any, Fact], None]
Function = TypeVar("Function", bound=Effect)


class _DoneBefore(Exception):
    """The inbox has the event already."""


@dataclass(frozen=True)
class Reaction:
    """One function that hears one kind of event."""

    event: type[Message]
    effect: Effect

    @property
    def name(self) -> str:
        """Its identity: the function's name."""
        return self.effect.__name__

    @property
    def type(self) -> str:
        """The full name of the event that it hears."""
        return type_of(self.event)

    @property
    def source(self) -> str:
        """The service that announces the event."""
        return service_of(self.event)

    @property
    def subject(self) -> str:
        """Where the event is heard, for all tenants: `crm.*.sales.opportunity.won`."""
        return f"crm.*.{self.source}.{subject_of(self.event)}"

    def run(self, database: Database, service: str, body: bytes, fact: Fact, seconds: float) -> None:
        """React to an event within `seconds`, unless the inbox has it. Raises Unreadable, and what the function raises."""
        message = self.read(body)
        outcome = "done"
        carrier = {"traceparent": fact.traceparent}
        with telemetry.span(f"react {self.name}", carrier=carrier, messaging_message_id=fact.id):
            try:
                with acting_as(of_service(service, fact.tenant_id)), pymongo.timeout(seconds):
                    transaction.run(lambda: self._once(database, message, fact))
            except _DoneBefore:
                outcome = "done before"
        self.observe(service, fact, outcome)

    def inbox_key(self, fact: Fact) -> str:
        """What the inbox knows this reaction to this event by."""
        return f"{self.name}:{fact.id}"

    def read(self, body: bytes) -> Message:
        """The event's message. Raises Unreadable."""
        try:
            return self.event.FromString(body)
        except DecodeError as fault:
            raise Unreadable(f"the body is no {self.type}: {fault}") from fault

    def _once(self, database: Database, message: Message, fact: Fact) -> None:
        try:
            # First, so that a second delivery is known before it can have an effect.
            database[INBOX].insert_one({"_id": self.inbox_key(fact), "tenant_id": fact.tenant_id, "time": clock.now()})
        except DuplicateKeyError:
            raise _DoneBefore from None
        self.take_effect(message, fact)

    def take_effect(self, message: Message, fact: Fact) -> None:
        """Call the function, with the fact as the cause of what it announces."""
        token = reacting_to.set(fact)
        try:
            self.effect(message, fact)
        finally:
            reacting_to.reset(token)

    def observe(self, service: str, fact: Fact, outcome: str) -> None:
        """Count the reaction, and how long after the fact it came."""
        measures.REACTIONS.labels(service, self.name, outcome).inc()
        measures.LAG.labels(service, self.name).observe((clock.now() - fact.time).total_seconds())


def react_to_all(database: Database, service: str, told: list[tuple[Reaction, bytes, Fact]], seconds: float) -> None:
    """React to many events in one transaction, in their order, each once; all or none. Raises what any of them raises."""
    messages = [(reaction, reaction.read(body), fact) for reaction, body, fact in told]
    with pymongo.timeout(seconds):
        transaction.run(lambda: _all_once(database, service, messages))
    for reaction, _, fact in told:
        reaction.observe(service, fact, "done")


def _all_once(database: Database, service: str, messages: list[tuple[Reaction, Message, Fact]]) -> None:
    keys = [reaction.inbox_key(fact) for reaction, _, fact in messages]
    done = set(database[INBOX].distinct("_id", {"_id": {"$in": keys}}))
    for key, (reaction, message, fact) in zip(keys, messages, strict=True):
        if key in done:
            continue
        done.add(key)
        transaction.defer(database[INBOX], [{"_id": key, "tenant_id": fact.tenant_id, "time": clock.now()}])
        with (
            telemetry.span(
                f"react {reaction.name}", carrier={"traceparent": fact.traceparent}, messaging_message_id=fact.id
            ),
            acting_as(of_service(service, fact.tenant_id)),
        ):
            reaction.take_effect(message, fact)


_registered: list[Reaction] = []


def on(*events: type[Message]) -> Callable[[Function], Function]:
    """Make a function the reaction to these events. Raises TypeError for a message that is no event, or a name used twice."""

    def register(effect: Function) -> Function:
        for each in _registered:
            if each.name == effect.__name__ and each.effect is not effect:
                raise TypeError(f"there is a reaction {effect.__name__} already; reactions are known by their names")
        for event in events:
            subject_of(event)
            _registered.append(Reaction(event, effect))
        return effect

    return register


def registered() -> tuple[Reaction, ...]:
    """The reactions of this process."""
    return tuple(_registered)
