"""One rpc in traces and measures."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opentelemetry.trace import SpanKind
from prometheus_client import Histogram

from chassis.telemetry.traces import TRACEPARENT, span

_SECONDS = Histogram(
    "kith_rpc_seconds", "Time of an rpc, by whether it was answered or refused", ["rpc", "outcome"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30),
)  # fmt: skip


@contextmanager
def rpc_span(path: str, metadata: Iterable[tuple[str, str | bytes]]) -> Iterator[None]:
    """Trace and time the answer to the rpc `path`, as a part of the caller's trace that its metadata names."""
    carrier = {key: value for key, value in metadata if key == TRACEPARENT and isinstance(value, str)}
    started, outcome = time.perf_counter(), "refused"
    try:
        with span(path, carrier=carrier, kind=SpanKind.SERVER, rpc_system="grpc", rpc_method=path):
            yield
        outcome = "answered"
    finally:
        _SECONDS.labels(path, outcome).observe(time.perf_counter() - started)
