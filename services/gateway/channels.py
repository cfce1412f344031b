"""One channel per service, made in the process that uses it, and calls over it with a deadline."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import grpc
import grpc.experimental
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from chassis.contract import RpcContract, rpc_of
from chassis.refusals import Unavailable
from services.gateway.settings import GatewaySettings

Metadata = tuple[tuple[str, str], ...]

_LARGEST_ANSWER = 64 * 1024 * 1024
_RETRY = {
    "maxAttempts": 3,
    "initialBackoff": "0.05s",
    "maxBackoff": "0.5s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


class Channels:
    """The ways to the services. Made after the fork of a worker: a channel does not survive one."""

    def __init__(self, settings: GatewaySettings, services: Iterable[ServiceDescriptor]) -> None:
        self._deadline = float(settings.deadline_seconds)
        self._channels: dict[str, grpc.Channel] = {}
        self._rpcs: dict[str, grpc.UnaryUnaryMultiCallable] = {}
        self._begun: dict[str, grpc.UnaryStreamMultiCallable] = {}  # the reads again, for `begin`
        for service in services:
            rpcs = [rpc_of(method) for method in service.methods]
            target = settings.target(rpcs[0].service)
            if target:
                channel = self._channels[rpcs[0].service] = grpc.insecure_channel(target, _options(service, rpcs))
                self._rpcs.update((rpc.path, channel.unary_unary(rpc.path, *_codec(rpc))) for rpc in rpcs)
                reads = [rpc for rpc in rpcs if rpc.reads]
                self._begun.update((rpc.path, channel.unary_stream(rpc.path, *_codec(rpc))) for rpc in reads)

    def call(self, rpc: RpcContract, request: Message, metadata: Metadata) -> tuple[Any, grpc.Call]:
        """The answer and its call. Raises grpc.RpcError; refused with Unavailable where the service has no target."""
        if rpc.path not in self._rpcs:
            raise Unavailable(service=rpc.service)
        answer: tuple[Any, grpc.Call] = self._rpcs[rpc.path].with_call(
            request, timeout=self._deadline, metadata=metadata
        )
        return answer

    def begin(self, rpc: RpcContract, request: Message, metadata: Metadata, seconds: float) -> Any:
        """A read that goes on while its caller begins others; `next` of it waits for the answer, or raises grpc.RpcError.

        Refused with Unavailable where the service has no target.
        """
        # As a stream of one answer, whose events the caller's own thread takes: 190 µs of CPU in the client. The future of a
        # unary call costs 350, for its events come by another thread; on the wire there is no difference.
        if rpc.path not in self._begun:
            raise Unavailable(service=rpc.service)
        return self._begun[rpc.path](request, timeout=seconds, metadata=metadata)

    def knows(self, service: str) -> bool:
        """Whether the service has a target."""
        return service in self._channels

    def health(self, service: str) -> str:
        """`ready`, `down` or `not configured`, asked from the service within 0.2 s."""
        if service not in self._channels:
            return "not configured"
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        try:
            answer = health_pb2_grpc.HealthStub(self._channels[service]).Check(
                health_pb2.HealthCheckRequest(), timeout=0.2
            )
        except grpc.RpcError:
            return "down"
        return "ready" if answer.status == health_pb2.HealthCheckResponse.SERVING else "down"

    def close(self) -> None:
        """Close every channel; for tests and the end of the process."""
        for channel in self._channels.values():
            channel.close()


def _codec(rpc: RpcContract) -> tuple[Callable[..., bytes], Callable[[bytes], Any]]:
    return rpc.request.SerializeToString, rpc.response.FromString


def _options(service: ServiceDescriptor, rpcs: list[RpcContract]) -> list[tuple[str, Any]]:
    reads = [{"service": service.full_name, "method": rpc.name} for rpc in rpcs if rpc.reads]
    config = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [{"name": reads, "retryPolicy": _RETRY}] if reads else [],
        "retryThrottling": {"maxTokens": 50, "tokenRatio": 0.1},
    }
    return [
        ("grpc.service_config", json.dumps(config)),
        (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1),
        ("grpc.enable_retries", 1),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),  # a service that was restarted is found within a second
        ("grpc.max_receive_message_length", _LARGEST_ANSWER),
        ("grpc.max_send_message_length", _LARGEST_ANSWER),
    ]
