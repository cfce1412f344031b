"""Answers an overview: every block that can be had, each with how fresh it is, and nothing of a record that may not be seen."""

from typing import Any

import orjson
from flask import Response, g, request

from chassis.clock import now, told
from chassis.contract import RpcContract
from services.gateway.composed.blocks import Block, Overview
from services.gateway.composed.memory import Key, Memory, Parts, Remembered
from services.gateway.composed.round import Asked, Begin, Known, Round
from services.gateway.faults import Faults
from services.gateway.gate import Gate
from services.gateway.parameters import given_in
from services.gateway.problems import Problem
from services.gateway.refusals import Invalid, UnexpectedBody

FRESH, STALE, UNAVAILABLE = "FRESH", "STALE", "UNAVAILABLE"


class OverviewEndpoint:
    """One kind of overview as a Flask view."""

    def __init__(self, overview: Overview, gate: Gate, begin: Begin, memory: Memory) -> None:
        self._overview, self._gate, self._begin, self._memory = overview, gate, begin, memory

    def __call__(self, id: str) -> Response:
        g.exchange.route = self._overview.path
        caller = self._gate.admit(request)
        rpc: RpcContract = self._overview.record.rpc
        caller.demand(rpc.permission)
        _take_nothing()
        key = (caller.identity, self._overview.path, id)
        with self._begin(caller) as round:
            calls = self._ask(round, id)
            record = calls[self._overview.record.name].answer()
            if isinstance(record, Problem) and not failed(record):
                self._memory.keep(key, {})
                raise record
            self._follow(round, calls)
            return self._answer(key, {name: asked.answer() for name, asked in calls.items()})

    def _ask(self, round: Round, id: str) -> dict[str, Asked | Known]:
        blocks = [block for block in self._overview.blocks if not block.after]
        return {block.name: round.ask(block.rpc, block.request(id)) for block in blocks}

    def _follow(self, round: Round, calls: dict[str, Asked | Known]) -> None:
        for block in self._overview.blocks:
            if block.after:
                before = calls[block.after].answer()
                calls[block.name] = Known(before) if isinstance(before, Problem) else _next(round, block, before)
        round.send()

    def _answer(self, key: Key, answers: dict[str, Any]) -> Response:
        before, after, shown = self._memory.recall(key), Parts(), {}
        as_of, second = told(now()), self._memory.clock()
        for block in self._overview.blocks:
            answer = _heard(block, answers[block.name])
            if not isinstance(answer, Problem):
                after[block.name] = Remembered(orjson.dumps(block.print(answer)), as_of, second)
                shown[block.name] = _standing(FRESH, after[block.name])
            elif block.name in before and failed(answer):
                after[block.name] = before[block.name]
                shown[block.name] = _standing(STALE, before[block.name]) | {"problem": answer.document()}
            else:
                shown[block.name] = {"state": UNAVAILABLE, "problem": answer.document()}
        self._memory.keep(key, after)
        return Response(orjson.dumps(shown), content_type="application/json")


def failed(problem: Problem) -> bool:
    """Whether a service could not answer, rather than would not."""
    return problem.status >= 500 or problem.status == 429


def _heard(block: Block, answer: Any) -> Any:
    unheard = block.unheard and isinstance(answer, Problem) and answer.status == 404
    return block.rpc.response() if unheard else answer


def _standing(state: str, part: Remembered) -> dict[str, Any]:
    return {"state": state, "as_of": part.as_of, "answer": orjson.Fragment(part.answer)}


def _next(round: Round, block: Block, before: Any) -> Asked | Known:
    asked = block.request(before)
    return Known(block.rpc.response()) if asked is None else round.ask(block.rpc, asked)


def _take_nothing() -> None:
    faults = Faults()
    for name in given_in(request.environ["QUERY_STRING"], faults):
        faults.parameter(name, "there is no parameter of this name here")
    if faults:
        raise Invalid(faults)
    if request.content_length:
        raise UnexpectedBody
