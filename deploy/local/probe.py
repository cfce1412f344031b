"""Whether a process of ours is ready: services say it by the gRPC health protocol, the gateway on `/readyz`."""

import urllib.error
import urllib.request

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.embedded import place


def service_ready(port: int) -> bool:
    """Whether the gRPC server on this port of 127.0.0.1 reports SERVING."""
    if not place.answers(port):  # a channel that fails once waits a second before it tries again
        return False
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=2)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def gateway_ready(host: str, port: int) -> bool:
    """Whether the gateway answers `/readyz` with 200."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
