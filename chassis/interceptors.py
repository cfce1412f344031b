"""What happens around every rpc, outermost first: trace, refusals, identity, permission, validation, sight, transaction.

Each layer is a function that takes the rpc's contract and the next layer, once at start, and gives back a function of
(request, context). A write runs in one transaction together with the record of its Idempotency-Key.
"""

from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pymongo
import structlog
from google.protobuf.message import Message
from google.rpc import status_pb2
from grpc_status import rpc_status
from pymongo import errors as mongo

from chassis import idempotency, moment, telemetry, transaction
from chassis.call import MOMENT, Call, answering, call
from chassis.contract import RpcContract
from chassis.fields.sight import concealing
from chassis.principal import acting_as, principal, verify
from chassis.refusals import Invalid, Refusal, Unauthenticated, to_status
from chassis.validation import violations

Answer = Callable[[Any, grpc.ServicerContext], Message]

log = structlog.get_logger()


def received(rpc: RpcContract, answer: Answer, public_key: str, deadline_seconds: float) -> Answer:
    """`answer` with the layers around a call: it is traced, and done within its deadline for the one who calls.

    What streams goes on for as long as its caller lets it.
    """
    answer = identified(answer, public_key)
    if not (rpc.streams_in or rpc.streams_out):
        answer = bounded(answer, deadline_seconds)
    answer = refusing(rpc, answer)
    return traced(rpc, answer)


def guarded(rpc: RpcContract, answer: Answer, nouns: Sequence[Any] = ()) -> Answer:
    """`answer` with the layers around what is asked for; `nouns` are those whose records answers may hold.

    A stream that comes in checks its pieces itself.
    """
    if rpc.streams_in:
        answer = concealed(rpc, taking_in(rpc, answer), nouns)
    else:
        answer = reading(answer) if rpc.reads else writing(rpc, answer)
        answer = validated(rpc, concealed(rpc, answer, nouns))
    return permitted(rpc, answer)


def traced(rpc: RpcContract, answer: Answer) -> Answer:
    """Continue the caller's trace, and count and time the rpc."""

    def layer(request: Any, context: grpc.ServicerContext) -> Message:
        with telemetry.rpc_span(rpc.path, context.invocation_metadata()):
            return answer(request, context)

    return layer


def refusing(rpc: RpcContract, answer: Answer) -> Answer:
    """Answer refusals as their status, and anything unforeseen as INTERNAL without a word of what it was."""

    def layer(request: Any, context: grpc.ServicerContext) -> Message:
        try:
            return answer(request, context)
        except Exception as fault:
            context.abort_with_status(rpc_status.to_status(status_of(rpc, fault)))
        raise AssertionError("abort always raises")

    return layer


def status_of(rpc: RpcContract, fault: Exception) -> status_pb2.Status:
    """How a fault travels; what only we can mend is logged here, and told without a word of what it was."""
    match fault:
        case Refusal():
            return to_status(fault, f"{rpc.service}.crm")
        case mongo.DocumentTooLarge() | mongo.InvalidDocument() | OverflowError() | UnicodeEncodeError():
            too_big = Invalid.field("", "the record would be larger or deeper than the store can hold")
            return to_status(too_big, f"{rpc.service}.crm")
        case mongo.PyMongoError():
            log.error("the database did not answer", rpc=rpc.path, fault=repr(fault))
            code = grpc.StatusCode.DEADLINE_EXCEEDED if fault.timeout else grpc.StatusCode.UNAVAILABLE
        case _:
            log.error("an rpc broke", rpc=rpc.path, exc_info=fault)
            code = grpc.StatusCode.INTERNAL
    return status_pb2.Status(code=code.value[0])


def bounded(answer: Answer, deadline_seconds: float) -> Answer:
    """Give the database no more time than the caller has left, so that nothing goes on after the caller is gone."""

    def layer(request: Any, context: grpc.ServicerContext) -> Message:
        remaining = context.time_remaining()
        with pymongo.timeout(min(deadline_seconds, remaining) if remaining is not None else deadline_seconds):
            return answer(request, context)

    return layer


def identified(answer: Answer, public_key: str) -> Answer:
    """Work as the principal whom the gateway signed for, and as nobody without its token."""

    def layer(request: Any, context: grpc.ServicerContext) -> Message:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        token = metadata.get("kith-principal")
        if not token:
            raise Unauthenticated
        this = Call(
            request_id=metadata.get("x-request-id", ""),
            idempotency_key=metadata.get("idempotency-key", ""),
            if_match=metadata.get("if-match", ""),
            not_before=metadata.get(MOMENT, ""),
        )
        with acting_as(verify(token, public_key)), answering(this):
            return answer(request, context)

    return layer


def concealed(rpc: RpcContract, answer: Answer, nouns: Sequence[Any]) -> Answer:
    """Leave out of answers what the caller may not see of custom fields."""
    conceal = concealing(rpc.response, nouns)
    if conceal is None:
        return answer

    def layer(request: Any, context: grpc.ServicerContext) -> Message:
        response = answer(request, context)
        conceal(response)
        return response

    return layer


def permitted(rpc: RpcContract, answer: Answer) -> Answer:
    """Refuse callers without the rpc's permission before anything is read."""

    def layer(request: Any, context: grpc.ServicerContext) -> Message:
        principal().demand(rpc.permission)
        return answer(request, context)

    return layer


def validated(rpc: RpcContract, answer: Answer) -> Answer:
    """Refuse requests that do not fit the contract, naming every field at fault."""

    def layer(request: Any, context: grpc.ServicerContext) -> Message:
        # A batch refuses its items one by one, so that a fault of one does not touch the others.
        if faults := [each for each in violations(request, rpc.name) if not each.field.startswith("items[")]:
            raise Invalid(faults)
        return answer(request, context)

    return layer


def taking_in(rpc: RpcContract, answer: Callable[..., Any]) -> Answer:
    """Take a stream in, and do the write that it comes to: `answer` gives a request in its place, and what answers that."""

    def layer(pieces: Any, context: grpc.ServicerContext) -> Message:
        request, write = answer(pieces, context)
        return writing(rpc, write)(request, context)

    return layer


def reading(answer: Answer) -> Answer:
    """Answer a read that names the moment of a write from what was there then, or later."""

    def layer(request: Any, context: grpc.ServicerContext) -> Message:
        if not call().not_before:
            return answer(request, context)
        with moment.reached(call().not_before):
            return answer(request, context)

    return layer


def writing(rpc: RpcContract, answer: Answer) -> Answer:
    """Run a write in one transaction with its idempotency record; a repeated key gets the first answer.

    The answer comes with the moment of the commit, for reads that must see it.
    """

    def layer(request: Any, context: grpc.ServicerContext) -> Message:
        def answered() -> Message:
            call().hints.clear()  # of a run that was undone
            return answer(request, context)

        if not call().idempotency_key:
            response, replayed = transaction.run(answered), False
        else:
            response, replayed = transaction.run(lambda: idempotency.once(rpc, request, answered))
        beside = [(MOMENT, moment.written()), *call().hints, *([("idempotency-replayed", "true")] if replayed else [])]
        context.set_trailing_metadata(tuple(beside))
        return response

    return layer
