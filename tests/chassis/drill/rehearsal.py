"""A job whose steps leave a mark each."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from crm.drill.v1 import service_pb2

from chassis import IntField, Refused, StringField, principal, transaction
from chassis.files import File, file_rpcs, purging
from chassis.jobs import REVERT, RUN, Job, Step, doing, later
from chassis.standard import standard, verbs

WAKES = 1000


class OutOfTune(Refused):
    """Step {step} is out of tune."""


def marks() -> Any:
    return transaction.database()["marks"]


class Recording(File):
    contract = service_pb2.Recording
    meta = {"collection": "recordings"}


class Rehearsal(Job):
    """Plays steps 1 to `length`, each once; reverting takes the marks away, last first."""

    contract = service_pb2.Rehearsal
    meta = {"collection": "rehearsals"}
    revertible = True
    indexed = (("recording_id",),)

    length = IntField(default=0)
    step_millis = IntField(default=0)
    refused_at = IntField(default=0)
    broken_at = IntField(default=0)
    waits_at = IntField(default=0)
    recording_id = StringField()

    def steps(self, reached: Mapping[str, Any]) -> Iterator[Step]:
        if self.task == REVERT:
            for step in range(reached.get("step", self.length + 1) - 1, 0, -1):
                yield Step(lambda job, step=step: _take_back(job, step), {"step": step})
            return
        for step in range(reached.get("step", 0) + 1, self.length + 1):
            if step == self.refused_at:
                raise OutOfTune(step=step)
            if step == self.broken_at:
                raise ValueError("a string broke")
            while step == self.waits_at and not marks().find_one({"rehearsal": self.id, "step": WAKES}):
                yield later
            time.sleep(self.step_millis / 1000)
            yield Step(lambda job, step=step: _play(job, step), {"step": step})


def _play(job: Rehearsal, step: int) -> None:
    marks().insert_one({"rehearsal": job.id, "step": step, "by": principal().user_id})
    job.count(done_count=1, created_count=1)


def _take_back(job: Rehearsal, step: int) -> None:
    marks().delete_one({"rehearsal": job.id, "step": step})
    job.count(done_count=1)


class Drill(
    standard(Rehearsal, Recording), verbs(Rehearsal, "pause", "resume", "cancel", "revert"), file_rpcs(Recording)
):  # type: ignore[misc]
    """The door."""

    def StartRehearsal(self, request: Any, context: Any) -> Any:
        with Rehearsal.change(request) as rehearsal:
            rehearsal.demand_described()
            rehearsal.queue(RUN)
        return rehearsal.message()


LINKS = ((Rehearsal, "recording_id"),)
COMPANIONS = (doing(Rehearsal), purging(Recording, *LINKS))
