"""The base of every job: where it stands, what its users may do about that, and what its runner notes.

The verbs are those of users: `queue` (by the kind's own `start` or `validate`), `pause`, `resume`, `cancel`, `revert`. What
a runner does, `take` to `fail`, is said to the freshly loaded record in the transaction of a step. So a job that was paused does
nothing more once the answer is out, and a runner that was overtaken finds another's mark and keeps nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from crm.common.v1 import job_pb2
from mongoengine import DateTimeField, StringField
from mongoengine.fields import BaseField

from chassis import transaction
from chassis.call import Call
from chassis.clock import now
from chassis.jobs.refusals import (
    JobAlreadyOver,
    JobAlreadyStarted,
    JobNotPaused,
    JobNotRevertible,
    JobNotUnderWay,
)
from chassis.jobs.step import Step
from chassis.mirror import Part
from chassis.owned import Owned
from chassis.principal import Principal, principal

VALIDATE, RUN, REVERT = "VALIDATE", "RUN", "REVERT"
DRAFT, QUEUED, VALIDATED, PAUSED, DONE = "DRAFT", "QUEUED", "VALIDATED", "PAUSED", "DONE"
FAILED, CANCELLED, REVERTED = "FAILED", "CANCELLED", "REVERTED"
UNDER_WAY = {VALIDATE: "VALIDATING", RUN: "RUNNING", REVERT: "REVERTING"}
OVER = {VALIDATE: VALIDATED, RUN: DONE, REVERT: REVERTED}
ACTIVE = (QUEUED, *UNDER_WAY.values())

WAKING: set[Callable[[], None]] = set()  # the runners of this process; those of others look twice a second

_COUNTS = [field.name for field in job_pb2.JobProgress.DESCRIPTOR.fields]


class Job(Owned):
    """Work that goes on by itself. Its contract has these fields, and whatever parameters and results its kind needs."""

    meta = {"abstract": True}
    revertible: ClassVar[bool] = False  # whether its kind knows the task REVERT

    state = StringField()
    task = StringField()
    progress = Part(job_pb2.JobProgress)
    start_time = DateTimeField()
    end_time = DateTimeField()
    failure = StringField()
    run = BaseField()  # the runner's own: never on the wire, {principal, reached, holder}

    # ---------------------------------------------------------------- what a kind says

    def steps(self, reached: Mapping[str, Any]) -> Iterator[Step]:
        """What is left of `self.task` after `reached`, which is empty at first and later what the last step said.

        Called again after a pause, a restart, a takeover. Works as the principal who asked for the task.
        """
        raise NotImplementedError

    def finished(self) -> None:
        """Note what follows from a task that ended well, in the transaction that says so."""

    @property
    def quiet(self) -> bool:
        """Whether workflows are to let its events be."""
        return False

    # ---------------------------------------------------------------- verbs of users

    @property
    def described(self) -> bool:
        """Whether it can still be described and started."""
        return self.state in (DRAFT, VALIDATED)

    def demand_described(self) -> None:
        """Refuse with JobAlreadyStarted what can only be done before the start."""
        if not self.described:
            raise JobAlreadyStarted(**self._told())

    def queue(self, task: str) -> None:
        """Do `task` as soon as it is its turn, from its start, as the caller."""
        self.state, self.task, self.progress = QUEUED, task, dict.fromkeys(_COUNTS, 0)
        self.start_time = self.end_time = self.failure = None
        self.run = {"principal": _kept(principal()), "reached": {}, "holder": ""}
        transaction.afterwards(_wake)

    def pause(self) -> None:
        """Stop for now; what was done stands."""
        if self.state not in ACTIVE:
            raise JobNotUnderWay(**self._told())
        self.state = PAUSED
        self.record_standard("Paused")

    def resume(self) -> None:
        """Go on where it stopped."""
        if self.state != PAUSED:
            raise JobNotPaused(**self._told())
        self.state = QUEUED
        self.record_standard("Resumed")
        transaction.afterwards(_wake)

    def cancel(self) -> None:
        """Call it off for good; what was done stands."""
        if self.state not in (*ACTIVE, DRAFT, VALIDATED, PAUSED):
            raise JobAlreadyOver(**self._told())
        self._end(CANCELLED)

    def revert(self) -> None:
        """Undo what was done."""
        begun = self.task == RUN and self.state in (DONE, FAILED, CANCELLED)
        again = self.task == REVERT and self.state in (FAILED, CANCELLED)
        if not self.revertible or not (begun or again):
            raise JobNotRevertible(**self._told())
        self.queue(REVERT)

    # ---------------------------------------------------------------- what its runner says

    @property
    def asked_by(self) -> Principal:
        """Whom the work speaks for: whoever asked for the task, with the grants of that moment."""
        kept = self.run["principal"]
        return Principal(**{**kept, "team_ids": tuple(kept["team_ids"]), "roles": tuple(kept["roles"])})

    @property
    def asked_in(self) -> Call:
        """The call that the work counts as: its events name the job, which says who asked, and whether workflows let them be."""
        return Call(request_id=self.id, quiet=self.quiet)

    def held_by(self, holder: str) -> bool:
        """Whether the work is still to be done, and by this holder."""
        return self.state in UNDER_WAY.values() and self.run["holder"] == holder

    def take(self, holder: str) -> None:
        """Come under way, or on another's way, in the hands of `holder`."""
        self.state, self.run = UNDER_WAY[self.task], {**self.run, "holder": holder}
        if not self.start_time:
            self.start_time = now()
            self.record_standard("Started")

    def reach(self, reached: Mapping[str, Any]) -> None:
        """Remember where to go on after a takeover."""
        self.run = {**self.run, "reached": dict(reached)}

    def count(self, **counts: int) -> None:
        """Add to the progress: `count(done_count=1000, created_count=990, refused_count=10)`."""
        self.progress = {**self.progress, **{name: self.progress[name] + more for name, more in counts.items()}}

    def finish(self) -> None:
        """End well."""
        self.finished()
        self._end(OVER[self.task])

    def fail(self, why: str) -> None:
        """Break off; what was done stands."""
        self.failure = why[:1000]
        self._end(FAILED)

    # ---------------------------------------------------------------- what a new one has

    def arrive(self) -> None:
        """A new job is a draft."""
        super().arrive()
        self.state, self.progress = DRAFT, dict.fromkeys(_COUNTS, 0)

    def amend(self, message: Any, paths: list[str]) -> bool:
        """Take the fields that `paths` names; refused with JobAlreadyStarted once there is a way back only by reverting."""
        self.demand_described()
        self.state = DRAFT  # what was tried is not what would be done now
        return super().amend(message, paths)

    def _end(self, state: str) -> None:
        self.state, self.end_time = state, now()
        self.record_standard("Finished")

    def _told(self) -> dict[str, Any]:
        return {"noun": self.about().noun.replace("_", " "), "id": self.id, "state": self.state}


def _wake() -> None:
    for wake in tuple(WAKING):
        wake()


def _kept(whom: Principal) -> dict[str, Any]:
    return {
        "tenant_id": whom.tenant_id, "user_id": whom.user_id, "team_ids": list(whom.team_ids),
        "grants": dict(whom.grants), "via": whom.via, "roles": list(whom.roles),
    }  # fmt: skip
