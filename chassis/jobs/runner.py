"""Does the jobs of a service, each for about a second at a time, so that nobody's long one holds up the others.

Of several processes the one that holds a job's lease does it. The lease only saves work: what keeps a step from being done twice
is its transaction, which finds the holder's mark in the job's own record and writes to it.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from pymongo import ASCENDING
from pymongo.errors import PyMongoError

from chassis import transaction
from chassis.call import answering
from chassis.events import Lease
from chassis.jobs.job import ACTIVE, QUEUED, WAKING, Job
from chassis.jobs.step import Step, later
from chassis.principal import acting_as
from chassis.refusals import Invalid, Refusal
from chassis.sweeper import Sweeper

LEASE_SECONDS = 15.0
SLICE_SECONDS = 1.0
_REST_SECONDS = 1.0
_AT_A_TIME = 64  # jobs that one process holds
_BROKEN = "An unforeseen fault broke it off; the service's log tells of it."

log = structlog.get_logger()


class Overtaken(Exception):
    """Another process has the job, or a user stopped it."""


@dataclass(frozen=True)
class Due:
    """A job that waits or is under way."""

    noun: type[Job]
    id: str
    tenant_id: str

    def load(self) -> Job:
        """The record, whoever may see it. Raises Overtaken when it was deleted."""
        alive = {"_id": self.id, "tenant_id": self.tenant_id, "deleted_time": None}
        row = self.noun._get_collection().find_one(alive, hint=transaction.BY_ID)
        if row is None:
            raise Overtaken
        return self.noun._loaded(row)


@dataclass
class Hand:
    """A job that this process has in hand: its mark, and what is left to do."""

    holder: str
    steps: Iterator[Step]


def doing(*nouns: type[Job]) -> Callable[[Any], "Runner"]:
    """The companion that does the jobs of these nouns: `run(…, companions=(doing(Import, Export),))`."""
    return lambda settings: Runner(nouns)  # noqa: ARG005  a companion is made with the settings


class Runner:
    """A companion of the service's process."""

    def __init__(self, nouns: tuple[type[Job], ...]) -> None:
        self._nouns = nouns
        self._leases: dict[str, Lease] = {}
        self._hands: dict[str, Hand] = {}
        self._rest_until: dict[str, float] = {}
        self._sweeper = Sweeper("jobs", self._due, self._slice, spoilt=self._spoilt, seconds=0.5)

    def start(self) -> None:
        """Begin."""
        for noun in self._nouns:
            waiting = {"state": {"$in": list(ACTIVE)}}
            noun._get_collection().create_index(
                [("state", ASCENDING), ("_id", ASCENDING)], name="active", partialFilterExpression=waiting
            )
        self._sweeper.start()
        WAKING.add(self._sweeper.wake)

    def stop(self) -> None:
        """End after the step under way, and let others go on at once."""
        WAKING.discard(self._sweeper.wake)
        self._sweeper.stop()
        try:
            for lease in self._leases.values():
                lease.release()
        except PyMongoError as fault:
            log.warning("the leases of jobs end by themselves", fault=repr(fault))

    def _due(self) -> list[Due]:
        found = [due for noun in self._nouns for due in _active(noun)]
        for id in self._leases.keys() - {due.id for due in found}:
            self._let_go(id)
        return [due for due in found if self._rest_until.get(due.id, 0.0) < time.monotonic() and self._holds(due.id)]

    def _holds(self, id: str) -> bool:
        lease = self._leases.get(id)
        if lease is None and len(self._leases) < _AT_A_TIME:
            lease = Lease(transaction.database(), f"jobs/{id}", LEASE_SECONDS)
        if lease is None or not lease.hold():
            self._leases.pop(id, None)
            self._hands.pop(id, None)
            return False
        self._leases[id] = lease
        return True

    def _let_go(self, id: str) -> None:
        self._hands.pop(id, None)
        self._rest_until.pop(id, None)
        self._leases.pop(id).release()

    def _slice(self, due: Due) -> None:
        """Do a job's next steps for a while. What breaks it off is told in its record."""
        until = time.monotonic() + SLICE_SECONDS
        try:
            hand = self._hands.get(due.id) or self._take(due)
            self._hands[due.id] = hand
            with _on_behalf_of(due.load()):
                while time.monotonic() < until and self._sweeper.sweeping and self._holds(due.id):
                    if not self._go_on(due, hand):
                        break
        except Overtaken:
            self._hands.pop(due.id, None)
        except Refusal as refusal:
            self._break_off(due, _told(refusal))
        except Exception:
            self._hands.pop(due.id, None)  # its steps ended with the fault: the next try makes them anew
            raise

    def _take(self, due: Due) -> Hand:
        holder = uuid.uuid4().hex

        def take() -> Job:
            job = due.load()
            if job.state not in ACTIVE:
                raise Overtaken
            with _on_behalf_of(job):
                job.take(holder)
                job.keep()
            return job

        job = transaction.run(take)
        return Hand(holder, job.steps(job.run["reached"]))

    def _go_on(self, due: Due, hand: Hand) -> bool:
        """The next step; False when there is none for now."""
        step = next(hand.steps, None)
        if step is later:
            self._rest_until[due.id] = time.monotonic() + _REST_SECONDS
            return False

        def do() -> None:
            job = due.load()
            if not job.held_by(hand.holder):
                raise Overtaken
            if step is None:
                job.finish()
            else:
                step.work(job)
                job.reach(step.reached)
            job.keep()

        transaction.run(do)
        return step is not None

    def _spoilt(self, due: Due, fault: Exception) -> None:
        log.error("a job broke", noun=due.noun.__name__, job=due.id, exc_info=fault)
        self._break_off(due, _BROKEN)

    def _break_off(self, due: Due, why: str) -> None:
        self._hands.pop(due.id, None)

        def fail() -> None:
            job = due.load()
            if job.state in ACTIVE:
                with _on_behalf_of(job):
                    job.fail(why)
                    job.keep()

        transaction.run(fail)


def _active(noun: type[Job]) -> Iterator[Due]:
    # Those under way before those that wait: what was begun is not starved by what comes in.
    found: list[Mapping[str, Any]] = list(
        noun._get_collection().find({"state": {"$in": list(ACTIVE)}}, {"tenant_id": 1, "state": 1}).limit(1000)
    )
    for row in sorted(found, key=lambda row: (row["state"] == QUEUED, row["_id"])):
        yield Due(noun, row["_id"], row["tenant_id"])


@contextmanager
def _on_behalf_of(job: Job) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(acting_as(job.asked_by))
        stack.enter_context(answering(job.asked_in))
        yield


def _told(refusal: Refusal) -> str:
    if isinstance(refusal, Invalid):
        return "; ".join(f"{each.field}: {each.description}" for each in refusal.violations) or refusal.detail
    return refusal.detail
