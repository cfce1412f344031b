"""Calls to several services at once, begun by one thread, under one deadline and as one caller."""

import time
from dataclasses import dataclass
from typing import Any, Self

import grpc
from google.protobuf.message import Message

from chassis.contract import RpcContract
from chassis.refusals import Refusal
from services.gateway import problems
from services.gateway.callers import Caller
from services.gateway.channels import Channels
from services.gateway.gate import metadata
from services.gateway.places import Places
from services.gateway.problems import Problem


@dataclass
class Asked:
    """What was asked of a service."""

    service: str
    _call: Any = None
    _answer: Any = None

    def answer(self) -> Any:
        """The answer, or the Problem in its place; waits for it."""
        if self._answer is None:
            try:
                self._answer = next(self._call)
            except grpc.RpcError as error:
                self._answer = problems.of_call(error, self.service, Places(body="*"), conditional=False)
        return self._answer

    def forget(self) -> None:
        """Nobody waits for the answer any more."""
        self._call.cancel()


class Round:
    """Asks services for one caller; what has not come at the end of the block is called off."""

    def __init__(self, channels: Channels, caller: Caller, seconds: float) -> None:
        self._channels, self._caller = channels, caller
        self._trail = metadata(caller)
        self._ends = time.monotonic() + seconds
        self._asked: list[Asked] = []

    def ask(self, rpc: RpcContract, request: Message) -> Asked:
        """Begin a call. What the caller's role cannot do is not asked at all: the answer is the problem that it is forbidden."""
        try:
            self._caller.demand(rpc.permission)
            left = max(0.0, self._ends - time.monotonic())
            asked = Asked(rpc.service, self._channels.begin(rpc, request, self._trail, left))
        except Refusal as refusal:
            return known(problems.of_refusal(refusal))
        self._asked.append(asked)
        return asked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._asked:
            each.forget()


def known(answer: Message | Problem) -> Asked:
    """An answer that nobody had to be asked for."""
    return Asked("", _answer=answer)
