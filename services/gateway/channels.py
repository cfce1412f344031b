"""One channel per service, made in the process that uses it, and calls over it with a deadline."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.rpc import status_pb2

from chassis.contract import RpcContract, rpc_of
from chassis.refusals import Unavailable
from chassis.together import READ_TOGETHER
from services.gateway.contract import EVERYWHERE
from services.gateway.settings import GatewaySettings

Metadata = tuple[tuple[str, str], ...]
Call = Callable[..., Any]  # gives the answer and its call, or the call that streams

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
        self._stream_deadline = float(settings.stream_seconds)
        self._calls: dict[tuple[str, str], Call] = {}  # by service and rpc
        by_name: dict[str, list[RpcContract]] = {}
        for service in services:
            rpcs = [rpc_of(method) for method in service.methods]
            by_name.setdefault(rpcs[0].service, []).extend(rpcs)
        everywhere = [*by_name.pop(EVERYWHERE, []), READ_TOGETHER]
        for name, own in by_name.items():
            if target := settings.target(name):
                rpcs = own + everywhere
                channel = self._channels[name] = grpc.insecure_channel(target, _options(rpcs))
                self._calls.update(((name, rpc.path), _call(channel, rpc)) for rpc in rpcs)

    def call(
        self,
        rpc: RpcContract,
        request: Message | Iterator[Message],
        metadata: Metadata,
        at: str = "",
        *,
        seconds: float | None = None,
    ) -> tuple[Any, grpc.Call]:
        """The answer and its call, of the rpc's own service or of that called `at`, within `seconds` where they are given.

        Raises grpc.RpcError; refused with Unavailable where the service has no target.
        """
        usual = self._stream_deadline if rpc.streams_in else self._deadline
        return self._way(rpc, at)(request, timeout=usual if seconds is None else seconds, metadata=metadata)

    def stream(self, rpc: RpcContract, request: Message, metadata: Metadata) -> Any:
        """The call of an rpc that streams its answer. Refused with Unavailable where the service has no target."""
        return self._way(rpc)(request, timeout=self._stream_deadline, metadata=metadata)

    def _way(self, rpc: RpcContract, at: str = "") -> Call:
        call = self._calls.get((at or rpc.service, rpc.path))
        if call is None:
            raise Unavailable(service=at or rpc.service)
        return call

    def read_together(
        self, service: str, reads: Sequence[tuple[RpcContract, Message]], metadata: Metadata, seconds: float
    ) -> list[Message | status_pb2.Status]:
        """The answers to several reads of one service, in their order; the status of those that were refused.

        Raises and is refused as `call`.
        """
        asked = [{"path": rpc.path, "request": request.SerializeToString()} for rpc, request in reads]
        answer, _ = self.call(READ_TOGETHER, READ_TOGETHER.request(reads=asked), metadata, service, seconds=seconds)
        return [
            each.refusal if each.HasField("refusal") else rpc.response.FromString(each.response)
            for (rpc, _), each in zip(reads, answer.answers, strict=True)
        ]

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


def _call(channel: grpc.Channel, rpc: RpcContract) -> Call:
    how: Any = {"request_serializer": rpc.request.SerializeToString, "response_deserializer": rpc.response.FromString}
    if rpc.streams_out:
        return channel.unary_stream(rpc.path, **how)
    return (channel.stream_unary if rpc.streams_in else channel.unary_unary)(rpc.path, **how).with_call


def _options(rpcs: list[RpcContract]) -> list[tuple[str, Any]]:
    reads = [{"service": rpc.path.split("/")[1], "method": rpc.name} for rpc in rpcs if rpc.reads]
    config = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [{"name": reads, "retryPolicy": _RETRY}] if reads else [],
        "retryThrottling": {"maxTokens": 50, "tokenRatio": 0.1},
    }
    return [
        ("grpc.service_config", json.dumps(config)),
        ("grpc.enable_retries", 1),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),  # a service that was restarted is found within a second
        ("grpc.max_receive_message_length", _LARGEST_ANSWER),
        ("grpc.max_send_message_length", _LARGEST_ANSWER),
    ]
