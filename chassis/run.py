"""Runs one service process: start order, readiness, graceful stop. Every `__main__` of a service is one call of `run`.

Services and servers may start and restart in any order: a process waits for its database, and serves without NATS, for
events are safe in the outbox until it is back.
"""

import gc
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Protocol

import structlog
from pymongo.errors import PyMongoError

from chassis import idempotency, indexes, merging, mirror, retention, telemetry, transaction, turns
from chassis.bus import Bus
from chassis.config import ConfigFault, ServiceSettings, load
from chassis.document import Noun
from chassis.door import Door
from chassis.events import Consumers, Reaction, Relay, outbox, registered
from chassis.fields import FIELDS
from chassis.fields.definition import FieldDefinition
from chassis.projection import Projection

_PROBE_SECONDS = 2.0

log = structlog.get_logger()


class Companion(Protocol):
    """What works beside the door of a service: a sender, a listener. It is made with the settings of the process."""

    def start(self) -> None:
        """Begin; the database is there."""

    def stop(self) -> None:
        """End what is under way, and return when it has ended."""


def run(
    contract: ModuleType,
    servicer: Any,
    *,
    projections: tuple[type[Projection], ...] = (),
    settings: type[ServiceSettings] = ServiceSettings,
    prepare: Callable[[Any], None] | None = None,
    companions: Sequence[Callable[[Any], Companion]] = (),
) -> None:
    """Serve until SIGTERM or SIGINT. `contract` is the generated `service_pb2`; reactions are those that are imported.

    `prepare` is called with the settings once the database is there, and again should the database fail meanwhile, so it
    must bear to be repeated. `companions` are made with the settings, started after that, and stopped before the rest.

    Exits with 78 (EX_CONFIG) and one line per fault when the environment does not describe a process that can start.
    """
    try:
        loaded = load(settings)
    except ConfigFault as fault:
        sys.stderr.write(f"{fault}\n")
        sys.exit(78)
    process = Process(contract, servicer, loaded, projections, prepare, companions)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    process.start(stop)
    process.attend(stop)
    process.stop()


class Process:
    """The parts of a service process in the order in which they start."""

    def __init__(
        self,
        contract: ModuleType,
        servicer: Any,
        settings: ServiceSettings,
        projections: tuple[type[Projection], ...] = (),
        prepare: Callable[[Any], None] | None = None,
        companions: Sequence[Callable[[Any], Companion]] = (),
    ) -> None:
        self.settings = settings
        self.companions = [make(settings) for make in (retention.keeping(*servicer.nouns), *companions)]
        self.prepare = prepare
        definitions = (FieldDefinition,) if any(FIELDS in noun.about().fields for noun in servicer.nouns) else ()
        self.kept: tuple[type[Noun] | type[Projection], ...] = (*servicer.nouns, *definitions, *projections)
        self.service = servicer.nouns[0].about().service
        for noun in (*servicer.nouns, *definitions):
            mirror.check(noun, noun.contract)
        telemetry.start(self.service, settings)
        listeners = telemetry.mongo_listeners()
        self.database = transaction.connect(settings.mongo_url, settings.threads, event_listeners=listeners)
        self.bus = Bus(
            settings.nats_url,
            self.service,
            monitor_url=settings.nats_monitor_url,
            replicas=settings.nats_replicas,
        )
        self.door = Door(contract.DESCRIPTOR, servicer, settings)
        self.relay = Relay(self.database, self.bus, self.service)
        self.consumers = Consumers(self.database, self.bus, self.service, _reactions_of(servicer))
        self.page = telemetry.Page(settings.metrics_listen, self.ready)

    def start(self, stop: threading.Event) -> None:
        """Tell the health, wait for the database, and begin to answer, to relay and to react."""
        # Records come and go by thousands, and none is part of a circle: looking for circles less often saves a tenth of the CPU.
        gc.freeze()
        gc.set_threshold(20_000, 10, 50)
        self.page.start()
        self.door.open()
        self.bus.start()
        while not stop.is_set() and not self._prepared():
            stop.wait(0.2)
        self.door.let_in()
        self.relay.start()
        self.consumers.start()
        for companion in self.companions:
            companion.start()

    def attend(self, stop: threading.Event) -> None:
        """Keep the health up to date until `stop` is set."""
        while not stop.is_set():
            self.door.say(self.ready())
            stop.wait(_PROBE_SECONDS)

    def stop(self) -> None:
        """Stop in the opposite order: nothing new comes in, what is under way ends, nothing is half-done."""
        self.door.close(self.settings.shutdown_seconds)
        for companion in reversed(self.companions):
            companion.stop()
        self.consumers.stop()
        self.relay.stop()
        self.bus.stop()
        self.page.stop()
        transaction.disconnect()
        telemetry.stop()

    def ready(self) -> bool:
        """Whether the database takes writes, and the bus is none that would lose what it has acknowledged."""
        if not self.bus.durable:
            return False
        try:
            return bool(self.database.command("hello", maxTimeMS=1000).get("isWritablePrimary"))
        except PyMongoError:
            return False

    def _prepared(self) -> bool:
        try:
            for model in self.kept:
                indexes.prepare(model)
            idempotency.prepare(self.database)
            merging.prepare(self.database)
            turns.prepare(self.database)
            outbox.prepare(self.database, self.settings.events_retention_days)
            if self.prepare:
                self.prepare(self.settings)
        except PyMongoError as fault:
            log.warning("waiting for the database", fault=repr(fault))
            return False
        return True


def _reactions_of(servicer: Any) -> list[Reaction]:
    # Those that stand in the servicer's own package: a test may run several services in one process.
    package = type(servicer).__module__.rpartition(".")[0]
    return [each for each in registered() if each.effect.__module__.startswith(f"{package}.")]
