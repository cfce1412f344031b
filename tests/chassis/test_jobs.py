"""Jobs: every step once, whoever does it, and as the one who asked; users stop them and undo them."""

import threading
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from chassis import transaction
from chassis.jobs.job import WAKING
from chassis.testing import Caller, reason


def a_rehearsal(caller: Caller, start: bool = True, **fields: Any) -> Any:
    made = caller.CreateRehearsal(_pb().CreateRehearsalRequest(rehearsal={"length": 5} | fields))
    return _do(caller, "Start", made.id) if start else made


def _pb() -> Any:
    from crm.drill.v1 import service_pb2

    return service_pb2


def _do(caller: Caller, verb: str, id: str) -> Any:
    return getattr(caller, f"{verb}Rehearsal")(_pb().RehearsalRequest(id=id))


def state(message: Any) -> str:
    from crm.common.v1 import job_pb2

    return job_pb2.JobState.Name(message.state)


def until(caller: Caller, id: str, *states: str, seconds: float = 20.0) -> Any:
    from crm.common.v1 import requests_pb2

    deadline = time.monotonic() + seconds
    while state(found := caller.GetRehearsal(requests_pb2.GetRequest(id=id))) not in states:
        assert state(found) != "FAILED", found.failure
        assert time.monotonic() < deadline, f"it is still {state(found)}"
        time.sleep(0.02)
    return found


def marks(id: str) -> list[int]:
    return sorted(mark["step"] for mark in transaction.database()["marks"].find({"rehearsal": id}))


def events(id: str) -> list[str]:
    rows = transaction.database()["events"].find({"record_id": id}).sort([("revision", 1), ("ordinal", 1)])
    return [row["subject"] for row in rows]


def test_a_job_does_every_step_once_and_ends(caller: Caller) -> None:
    job = until(caller, a_rehearsal(caller).id, "DONE")
    assert marks(job.id) == [1, 2, 3, 4, 5]
    assert (job.progress.done_count, job.progress.created_count) == (5, 5)
    assert job.start_time.ToDatetime() <= job.end_time.ToDatetime()
    assert events(job.id) == ["rehearsal.started", "rehearsal.finished"]


def test_a_job_that_is_queued_wakes_the_runners_of_its_process(caller: Caller) -> None:
    woken = threading.Event()
    WAKING.add(woken.set)
    try:
        a_rehearsal(caller, start=False)
        assert not woken.is_set()
        a_rehearsal(caller)
        assert woken.is_set()
    finally:
        WAKING.discard(woken.set)


def test_a_draft_waits_to_be_started(caller: Caller) -> None:
    assert state(a_rehearsal(caller, start=False)) == "DRAFT"


def test_a_job_is_started_once(caller: Caller) -> None:
    job = until(caller, a_rehearsal(caller).id, "DONE")
    with pytest.raises(grpc.RpcError) as refused:
        _do(caller, "Start", job.id)
    assert reason(refused.value) == "JOB_ALREADY_STARTED"


def test_a_job_works_as_whoever_asked(caller: Caller) -> None:
    job = until(caller, a_rehearsal(caller).id, "DONE")
    assert set(transaction.database()["marks"].distinct("by", {"rehearsal": job.id})) == {caller.whom.user_id}


def test_a_paused_job_does_nothing_more_and_goes_on_where_it_stopped(caller: Caller) -> None:
    job = a_rehearsal(caller, length=60, step_millis=20)
    while not marks(job.id):
        time.sleep(0.01)
    assert state(_do(caller, "Pause", job.id)) == "PAUSED"
    played = marks(job.id)
    time.sleep(0.3)
    assert marks(job.id) == played
    assert len(played) < 60
    _do(caller, "Resume", job.id)
    until(caller, job.id, "DONE")
    assert marks(job.id) == list(range(1, 61))


def test_a_cancelled_job_keeps_what_was_done_and_can_be_reverted(caller: Caller) -> None:
    job = a_rehearsal(caller, length=500, step_millis=10)
    while len(marks(job.id)) < 3:
        time.sleep(0.01)
    _do(caller, "Cancel", job.id)
    assert len(marks(job.id)) >= 3
    assert state(_do(caller, "Revert", job.id)) == "QUEUED"
    until(caller, job.id, "REVERTED")
    assert marks(job.id) == []


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("Pause", "JOB_NOT_UNDER_WAY"),
        ("Resume", "JOB_NOT_PAUSED"),
        ("Cancel", "JOB_ALREADY_OVER"),
        ("Start", "JOB_ALREADY_STARTED"),
    ],
)
def test_a_job_that_is_over_stays_over(caller: Caller, verb: str, name: str) -> None:
    job = until(caller, a_rehearsal(caller).id, "DONE")
    with pytest.raises(grpc.RpcError) as refused:
        _do(caller, verb, job.id)
    assert reason(refused.value) == name


def test_what_did_nothing_cannot_be_reverted(caller: Caller) -> None:
    job = a_rehearsal(caller, start=False)
    with pytest.raises(grpc.RpcError) as refused:
        _do(caller, "Revert", job.id)
    assert reason(refused.value) == "JOB_NOT_REVERTIBLE"


def test_a_refusal_breaks_a_job_off_and_is_told(caller: Caller) -> None:
    job = until(caller, a_rehearsal(caller, refused_at=3).id, "FAILED")
    assert job.failure == "Step 3 is out of tune."
    assert marks(job.id) == [1, 2]


def test_a_fault_breaks_a_job_off_without_a_word_of_what_it_was(caller: Caller) -> None:
    job = until(caller, a_rehearsal(caller, broken_at=2).id, "FAILED")
    assert "string" not in job.failure
    assert job.failure


def test_a_job_that_waits_goes_on_when_what_it_waits_for_is_there(caller: Caller) -> None:
    job = a_rehearsal(caller, waits_at=4)
    deadline = time.monotonic() + 10
    while marks(job.id) != [1, 2, 3] and time.monotonic() < deadline:
        time.sleep(0.02)
    transaction.database()["marks"].insert_one({"rehearsal": job.id, "step": 1000})
    until(caller, job.id, "DONE")
    assert marks(job.id) == [1, 2, 3, 4, 5, 1000]


def test_a_long_job_does_not_hold_up_another(caller: Caller) -> None:
    long = a_rehearsal(caller, length=400, step_millis=20)
    short = until(caller, a_rehearsal(caller).id, "DONE", seconds=10)
    assert len(marks(long.id)) < 400
    assert marks(short.id) == [1, 2, 3, 4, 5]
    _do(caller, "Cancel", long.id)


def test_two_runners_of_which_one_lost_its_lease_play_every_step_once(caller: Caller) -> None:
    from chassis.jobs.runner import Due, Overtaken, Runner
    from tests.chassis.drill.rehearsal import Rehearsal

    job = a_rehearsal(caller, start=False, length=40)
    row = {"state": "QUEUED", "task": "RUN", "run": _mark(caller)}
    runners = [Runner((Rehearsal,)), Runner((Rehearsal,))]
    due = Due(Rehearsal, job.id, caller.whom.tenant_id)
    turn = threading.Barrier(2)

    def go_on(runner: Runner) -> None:
        turn.wait()
        while state(_get(caller, job.id)) != "DONE":
            try:
                hand = runner._take(due)
                while runner._go_on(due, hand):
                    pass
            except Overtaken:
                time.sleep(0.005)

    # Both work without regard to any lease, and take the job from each other.
    transaction.database()["rehearsals"].update_one({"_id": job.id}, {"$set": row})
    threads = [threading.Thread(target=_as(caller, go_on), args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert marks(job.id) == list(range(1, 41))
    assert _get(caller, job.id).progress.done_count == 40


def _as(caller: Caller, work: Callable[..., None]) -> Callable[..., None]:
    from chassis.principal import acting_as

    def done(*given: Any) -> None:
        with acting_as(caller.whom):
            work(*given)

    return done


def _mark(caller: Caller) -> dict[str, Any]:
    from chassis.jobs.job import _kept

    return {"principal": _kept(caller.whom), "request_id": "", "reached": {}, "holder": ""}


def _get(caller: Caller, id: str) -> Any:
    from crm.common.v1 import requests_pb2

    return caller.GetRehearsal(requests_pb2.GetRequest(id=id))
