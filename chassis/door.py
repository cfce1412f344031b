"""The gRPC door of a service: every rpc of its contract with the layers around it, and its health."""

from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
from crm.schema.v1 import service_pb2
from google.protobuf.descriptor import FileDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from chassis.config import ServiceSettings
from chassis.contract import RpcContract, rpc_of
from chassis.fields.door import SchemaServicer
from chassis.interceptors import Answer, guarded, received
from chassis.together import Together

_OPTIONS = (
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.max_connection_age_ms", 120_000),  # so that clients notice replicas that were added
    ("grpc.max_connection_age_grace_ms", 60_000),
    ("grpc.so_reuseport", 0),  # a port that is taken is told, not shared
)


class _Threshold(grpc.ServerInterceptor):
    """Turns rpcs away until somebody is let in; health is told all the time."""

    def __init__(self) -> None:
        self.crossed = False

    def intercept_service(
        self, continuation: Callable[[Any], grpc.RpcMethodHandler | None], details: Any
    ) -> grpc.RpcMethodHandler | None:
        """The rpc, or UNAVAILABLE in its place."""
        if self.crossed or details.method.startswith(f"/{health.SERVICE_NAME}/"):
            return continuation(details)
        return grpc.stream_stream_rpc_method_handler(_turn_away)


def _turn_away(_: Any, context: grpc.ServicerContext) -> Iterator[Any]:
    context.abort(grpc.StatusCode.UNAVAILABLE, "")


class Door:
    """A gRPC server for one service. `contract` is the file that holds the service, `servicer` answers its rpcs."""

    def __init__(self, contract: FileDescriptor, servicer: Any, settings: ServiceSettings) -> None:
        self._health = health.HealthServicer(experimental_non_blocking=True)
        self._threshold = _Threshold()
        self._pool = futures.ThreadPoolExecutor(settings.threads, thread_name_prefix="rpc")
        self._server = grpc.server(
            self._pool, options=_OPTIONS, interceptors=[self._threshold],
            maximum_concurrent_rpcs=settings.threads + settings.max_waiting,
        )  # fmt: skip
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._together = Together(servicer.nouns[0].about().service, settings.deadline_seconds)
        self._offer(contract, servicer, settings)
        self._offer(service_pb2.DESCRIPTOR, SchemaServicer(servicer.nouns), settings)
        self._offer_together(settings)
        self.port = self._server.add_insecure_port(settings.listen)

    def _offer(self, contract: FileDescriptor, servicer: Any, settings: ServiceSettings) -> None:
        for service in contract.services_by_name.values():
            handlers = {}
            for rpc in map(rpc_of, service.methods):
                answer = guarded(rpc, getattr(servicer, rpc.name), servicer.nouns)
                handlers[rpc.name] = _handler(rpc, answer, settings)
                self._together.add(rpc, answer)
            self._serve(service.full_name, handlers)

    def _offer_together(self, settings: ServiceSettings) -> None:
        rpc = self._together.rpc
        self._serve(rpc.path.split("/")[1], {rpc.name: _handler(rpc, self._together.answer(), settings)})

    def _serve(self, service: str, handlers: dict[str, grpc.RpcMethodHandler]) -> None:
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))

    def open(self) -> None:
        """Begin to tell the health."""
        self.say(False)  # the health service is born serving
        self._server.start()

    def let_in(self) -> None:
        """Begin to answer rpcs: the service is prepared. Earlier, indexes that keep values unique may not be there."""
        self._threshold.crossed = True

    def say(self, ready: bool) -> None:
        """Tell the health service whether requests should come here."""
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        self._health.set("", status)

    def close(self, seconds: float) -> None:
        """Take no more requests, let those under way finish for at most `seconds`, and stop."""
        self._health.enter_graceful_shutdown()
        self._server.stop(seconds).wait()
        self._pool.shutdown()


def _handler(rpc: RpcContract, answer: Answer, settings: ServiceSettings) -> grpc.RpcMethodHandler:
    kind = grpc.unary_unary_rpc_method_handler
    if rpc.streams_in:
        kind = grpc.stream_unary_rpc_method_handler
    elif rpc.streams_out:
        kind = grpc.unary_stream_rpc_method_handler
    return kind(
        received(rpc, answer, settings.principal_public_key, settings.deadline_seconds),
        request_deserializer=rpc.request.FromString, response_serializer=rpc.response.SerializeToString,
    )  # fmt: skip
