"""Brings the facts of other services to this service's reactions.

There is one durable consumer per service that is listened to; it asks the server only for the subjects that reactions
name. The promise: a reaction's effect happens once per event, whatever crashes. Within one process a record's events come in
their order, also when one fails for a while and is tried again. Replicas of a service share its consumer, so between
processes, and after an event went to the dead letters, order is not promised: a projection also compares revisions.

A refusal goes to the dead letters at once, other errors after the last of the back-offs; while the service's own database is
away nothing is counted and everything waits. An event of a type that this version does not know is left alone and counted.
"""

import threading
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

import grpc
import structlog
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, NetworkTimeout, PyMongoError

from chassis.bus import Bus
from chassis.events import dead_letters, fact
from chassis.events.delivery import Delivery
from chassis.events.fact import Unreadable
from chassis.events.lanes import Lanes
from chassis.events.reactions import Reaction, react_to_all, registered
from chassis.events.subscription import Subscription
from chassis.refusals import Refusal

BACK_OFF = (1.0, 5.0, 15.0, 60.0, 300.0)

_log = structlog.get_logger(__name__)


class Consumers:
    """All that a service hears; `start` and `stop` it with the process."""

    def __init__(
        self, database: Database, bus: Bus, service: str, reactions: Sequence[Reaction] | None = None, *,
        threads: int = 4, back_off: Sequence[float] = BACK_OFF, sweep_seconds: float = 2.0, reaction_seconds: float = 10.0,
    ) -> None:  # fmt: skip
        """`reactions` are those of the process when not given; `database` is the one that `chassis.transaction` writes to.

        `back_off` has the seconds between one attempt and the next; after the one that follows the last it is over.
        `reaction_seconds` is the longest that one attempt may take, its retries of a conflict included.
        """
        reactions = registered() if reactions is None else reactions
        self._database, self._service, self._reactions = database, service, reactions
        self._back_off, self._sweep_seconds, self._seconds = back_off, sweep_seconds, reaction_seconds
        self._lanes = Lanes(threads, self._work, self._work_together)
        by_source: dict[str, list[Reaction]] = defaultdict(list)
        for reaction in reactions:
            by_source[reaction.source].append(reaction)
        self._subscriptions = [Subscription(bus, service, *each, self._lanes.put) for each in by_source.items()]
        self._stopping = threading.Event()
        self._replays = threading.Thread(target=self._replay_letters, name="dead-letters", daemon=True)

    def start(self) -> None:
        """Begin to listen as soon as the bus and the other services' streams are there."""
        self._lanes.start()
        self._replays.start()
        for subscription in self._subscriptions:
            subscription.start()

    def stop(self) -> None:
        """Fetch no more, finish the reactions under way, and give back the rest."""
        self._stopping.set()
        for subscription in self._subscriptions:
            subscription.stop_fetching()
        self._lanes.stop()
        self._replays.join()
        for subscription in self._subscriptions:
            subscription.stop()

    def _work(self, delivery: Delivery) -> float | None:
        try:
            while delivery.reactions:
                self._react(delivery, delivery.reactions[0])
                delivery.reactions.pop(0)
        except _TryAgain as again:
            return again.seconds
        delivery.settle(delivery)
        return None

    def _work_together(self, deliveries: list[Delivery]) -> bool:
        try:
            react_to_all(
                self._database,
                self._service,
                [
                    (reaction, delivery.body, fact.read(delivery.subject, delivery.headers))
                    for delivery in deliveries
                    for reaction in delivery.reactions
                ],
                self._seconds,
            )
        except Exception as error:  # whatever it was, nothing has happened; alone, each meets its own fate
            _log.info("events go one by one", count=len(deliveries), error=repr(error))
            return False
        for delivery in deliveries:
            delivery.reactions.clear()
            delivery.settle(delivery)
        return True

    def _react(self, delivery: Delivery, reaction: Reaction) -> None:
        try:
            told = fact.read(delivery.subject, delivery.headers)
            reaction.run(self._database, self._service, delivery.body, told, self._seconds)
        except Exception as error:  # whatever one reaction does wrong must not stop the others
            if _database_is_away(error):
                raise _TryAgain(self._back_off[0], error) from error
            delivery.attempts += 1
            if not _final(error) and delivery.attempts <= len(self._back_off):
                raise _TryAgain(self._back_off[delivery.attempts - 1], error) from error
            self._bury(delivery, reaction, error)

    def _bury(self, delivery: Delivery, reaction: Reaction, error: Exception) -> None:
        try:
            dead_letters.bury(self._database, self._service, delivery, reaction.name, error)
        except PyMongoError as fault:
            raise _TryAgain(self._back_off[0], fault) from fault

    def _replay_letters(self) -> None:
        prepared = False
        while not self._stopping.wait(self._sweep_seconds):
            try:
                if not prepared:
                    dead_letters.prepare(self._database)
                    prepared = True
                dead_letters.observe(self._database, self._service)
                while letter := dead_letters.take_for_replay(self._database):
                    self._replay(letter)
            except PyMongoError as fault:
                _log.warning("the dead letters cannot be read", error=repr(fault))

    def _replay(self, letter: dict[str, Any]) -> None:
        reactions = [
            each for each in self._reactions if each.type == letter["type"] and letter["reaction"] in ("", each.name)
        ]
        if not reactions:
            dead_letters.leave(self._database, letter["_id"], "no reaction of this name hears this type now")
            return
        settle = partial(self._close, letter["_id"])
        self._lanes.put(Delivery(letter["subject"], letter["headers"], bytes(letter["body"]), reactions, settle))

    def _close(self, letter_id: str, delivery: Delivery) -> None:
        if not delivery.buried:
            dead_letters.close(self._database, letter_id)


class _TryAgain(Exception):
    def __init__(self, seconds: float, fault: Exception) -> None:
        _log.warning("an event waits for another attempt", error=repr(fault), again_in=seconds)
        super().__init__()
        self.seconds = seconds


def _final(error: Exception) -> bool:
    # A refusal stays one, however often it is asked for; but not one that only tells of the moment.
    return isinstance(error, Unreadable) or (isinstance(error, Refusal) and error.code not in _MOMENTARY)


_MOMENTARY = (grpc.StatusCode.ABORTED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


def _database_is_away(error: Exception) -> bool:
    # A timeout of the network may be the reaction's own slowness, so that one counts as an attempt.
    return isinstance(error, ConnectionFailure) and not isinstance(error, NetworkTimeout)
