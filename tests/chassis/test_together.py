"""How reads of one call share the time that the call has."""

import time
from typing import Any

import grpc
import pytest
from crm.contacts.v1 import service_pb2
from pymongo import _csot

from chassis.contract import rpc_of
from chassis.together import READ_TOGETHER, Together

RPC = rpc_of(service_pb2.DESCRIPTOR.services_by_name["ContactsService"].methods_by_name["GetAccount"])


class Context:
    """As much of gRPC's context as a read looks at."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds

    def time_remaining(self) -> float | None:
        return self._seconds

    def invocation_metadata(self) -> tuple[Any, ...]:
        return ()


def answers(naps: list[float], seconds: float | None) -> tuple[list[Any], list[float]]:
    """What reads that take so long are answered in a call with so much time, and how much each was given."""
    together, given, left = Together("contacts", 30.0), [], iter(naps)

    def answer(_request: Any, _context: Any) -> Any:
        given.append(_csot.get_timeout())
        time.sleep(next(left))
        return RPC.response()

    together.add(RPC, answer)
    request = READ_TOGETHER.request(reads=[{"path": RPC.path}] * len(naps))
    return list(together.answer()(request, Context(seconds)).answers), given  # type: ignore[attr-defined, arg-type]


def test_no_read_may_take_more_than_its_share_of_what_is_left() -> None:
    _, given = answers([0.0, 0.0, 0.0], 3.05)
    assert given == pytest.approx([1.0, 1.5, 3.0], abs=0.2)  # what one leaves, those behind it have


def test_what_is_ready_when_the_time_is_over_is_answered() -> None:
    found, given = answers([0.3, 0.0], 0.25)
    assert len(given) == 1
    assert found[0].WhichOneof("outcome") == "response"
    assert found[1].refusal.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]


def test_a_call_without_deadline_has_the_time_of_the_service() -> None:
    _, given = answers([0.0], None)
    assert given == pytest.approx([30.0], abs=0.2)
