"""A stand-in for the services at the true edge: a real gRPC server that can be told what to say."""

from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from functools import partial
from typing import Any

import grpc
from google.rpc import status_pb2
from grpc_status import rpc_status

from chassis.contract import RpcContract, rpc_of
from chassis.refusals import Refusal, to_status
from chassis.together import READ_TOGETHER
from services.gateway import contract

RPCS = {rpc_of(method).path: rpc_of(method) for service in contract.services() for method in service.methods}


def refuse(error: Exception) -> Callable[[Any], Any]:
    """What a service says that answers with `error`."""

    def say(_: Any) -> Any:
        raise error

    return say


class StandIn(grpc.GenericRpcHandler):
    """Answers every rpc: by what a test puts into `says`, else with an empty answer. Notes what it was asked."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.says: dict[str, Callable[[Any], Any]] = {}
        self.asked: list[tuple[str, Any, dict[str, Any]]] = []
        self.trailing: tuple[tuple[str, str], ...] = ()
        self.together: list[list[str]] = []  # names of the rpcs that were asked in one call
        self.new = True  # whether it is of a version that answers several reads in one call
        self.takes: Callable[[Any], Any] | None = None  # what to do with a stream instead of keeping it
        self.taken: Any = None
        self.head: tuple[tuple[str, Any], ...] = ()

    def service(self, details: Any) -> grpc.RpcMethodHandler | None:
        if details.method == READ_TOGETHER.path and self.new:
            return _handler(READ_TOGETHER, self._together)
        rpc = RPCS.get(details.method)
        return rpc and _handler(rpc, partial(self._streamed if rpc.streams_out else self._alone, rpc))

    def _alone(self, rpc: RpcContract, request: Any, context: grpc.ServicerContext) -> Any:
        if rpc.streams_in and self.takes:
            self.taken, request = self.takes(request), None
        elif rpc.streams_in:
            request = list(request)
        said = self._said(rpc, request, context)
        if isinstance(said, status_pb2.Status):
            context.abort_with_status(rpc_status.to_status(said))
        return said

    def _streamed(self, rpc: RpcContract, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        context.send_initial_metadata(self.head)
        said = self._alone(rpc, request, context)
        yield from said if isinstance(said, list) else [said]

    def _together(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.together.append([read.path.rpartition("/")[2] for read in request.reads])
        response = READ_TOGETHER.response()
        for read in request.reads:
            said = self._said(RPCS[read.path], RPCS[read.path].request.FromString(read.request), context)
            if isinstance(said, status_pb2.Status):
                response.answers.add(refusal=said)
            else:
                response.answers.add(response=said.SerializeToString())
        return response

    def _said(self, rpc: RpcContract, request: Any, context: grpc.ServicerContext) -> Any:
        self.asked.append((rpc.name, request, dict(context.invocation_metadata())))
        context.set_trailing_metadata(self.trailing)
        try:
            return self.says.get(rpc.name, lambda _: rpc.response())(request)
        except Refusal as refusal:
            return to_status(refusal, f"{rpc.service}.crm")

    def asked_for(self, answer: Any) -> set[str]:
        """The rpcs that were called for the request of this answer; calls of others may have been called off just now."""
        mine = answer.headers["X-Request-Id"]
        return {name for name, _, metadata in self.asked if metadata.get("x-request-id") == mine}

    def last(self, name: str) -> tuple[Any, dict[str, Any]]:
        """The latest request of an rpc and its metadata."""
        return next((request, metadata) for asked, request, metadata in reversed(self.asked) if asked == name)


def _handler(rpc: RpcContract, answer: Any) -> grpc.RpcMethodHandler:
    kind = grpc.unary_unary_rpc_method_handler
    if rpc.streams_in:
        kind = grpc.stream_unary_rpc_method_handler
    elif rpc.streams_out:
        kind = grpc.unary_stream_rpc_method_handler
    return kind(answer, request_deserializer=rpc.request.FromString, response_serializer=rpc.response.SerializeToString)


@contextmanager
def serving(stand_in: StandIn) -> Iterator[str]:
    """Serve on a free port of the loopback; the address."""
    server = grpc.server(futures.ThreadPoolExecutor(8), handlers=[stand_in])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
