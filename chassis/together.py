"""Several reads in one call. A call between processes costs about what a read costs, so whoever needs several asks at once.

The call is received once: one principal, one deadline, one thread. Each read then goes through the layers that it goes through
alone, and what is refused of one is no matter of the others.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pymongo
from crm.reads.v1 import service_pb2
from google.protobuf import message_factory
from google.protobuf.message import DecodeError, Message

from chassis.contract import RpcContract
from chassis.interceptors import Answer, status_of, traced, validated
from chassis.refusals import Invalid

_METHOD = service_pb2.DESCRIPTOR.services_by_name["ReadsService"].methods_by_name["ReadTogether"]
_RETURN_SECONDS = 0.05  # of the caller's deadline, for the answer to get there with what is ready by then

READ_TOGETHER = RpcContract(
    path=f"/{_METHOD.containing_service.full_name}/{_METHOD.name}", name=_METHOD.name, service="", permission="", reads=True,
    request=message_factory.GetMessageClass(_METHOD.input_type),
    response=message_factory.GetMessageClass(_METHOD.output_type),
)  # fmt: skip


@dataclass(frozen=True)
class _Read:
    rpc: RpcContract
    answer: Answer


class Together:
    """Answers ReadTogether for one service, by the reads that it was given."""

    def __init__(self, service: str, deadline_seconds: float) -> None:
        self.rpc = replace(READ_TOGETHER, service=service)
        self._deadline = deadline_seconds
        self._reads: dict[str, _Read] = {}

    def add(self, rpc: RpcContract, guarded: Answer) -> None:
        """Offer an rpc; it is left out when it writes, for one transaction is one call."""
        if rpc.reads:
            self._reads[rpc.path] = _Read(rpc, traced(rpc, guarded))

    def answer(self) -> Answer:
        """What answers, for a caller who is known."""
        return validated(self.rpc, self._answer)

    def _answer(self, request: Any, context: grpc.ServicerContext) -> Message:
        remaining = context.time_remaining()
        seconds = self._deadline if remaining is None else min(self._deadline, remaining - _RETURN_SECONDS)
        ends, response = time.monotonic() + seconds, service_pb2.ReadTogetherResponse()
        for place, asked in enumerate(request.reads):
            share = (ends - time.monotonic()) / (len(request.reads) - place)
            self._read(asked, response.answers.add(), share, context)
        return response

    def _read(self, asked: Any, answer: Any, seconds: float, context: grpc.ServicerContext) -> None:
        read = self._reads.get(asked.path)
        if read is None:
            answer.refusal.code = grpc.StatusCode.UNIMPLEMENTED.value[0]
        elif seconds <= 0:
            answer.refusal.code = grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
        else:
            try:
                with pymongo.timeout(seconds):
                    answer.response = read.answer(_parsed(read.rpc, asked.request), context).SerializeToString()
            except Exception as fault:
                answer.refusal.CopyFrom(status_of(read.rpc, fault))


def _parsed(rpc: RpcContract, request: bytes) -> Message:
    try:
        return rpc.request.FromString(request)
    except DecodeError:
        raise Invalid.field("", f"is no {rpc.request.DESCRIPTOR.name}") from None
