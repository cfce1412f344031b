"""Traces by OpenTelemetry, carried as W3C `traceparent` through HTTP, gRPC metadata and NATS headers.

Spans are made only when the standard variables name an exporter (`OTEL_EXPORTER_OTLP_ENDPOINT` or
`OTEL_TRACES_EXPORTER`; `OTEL_SDK_DISABLED=true` wins). Without one a process still passes the traceparent on that it was
given, so that logs and problem documents of all services name the same trace, and a span costs no more than that.
"""

import os
import secrets
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACEPARENT = "traceparent"

_propagator = TraceContextTextMapPropagator()
_provider: TracerProvider | None = None
_tracer: trace.Tracer | None = None
_passed: ContextVar[str] = ContextVar(TRACEPARENT, default="")


def start_traces(service: str, exporter: SpanExporter | None = None) -> None:
    """Begin to trace when the environment names an exporter, or when one is given."""
    global _provider, _tracer
    exporter = exporter or _exporter()
    if exporter is None:
        return
    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", service)})
    _provider = TracerProvider(resource=resource)
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer("kith")


def stop_traces() -> None:
    """Export what is left and trace no more."""
    global _provider, _tracer
    if _provider is not None:
        _provider.shutdown()
    _provider = _tracer = None


def tracer() -> trace.Tracer | None:
    """What makes the spans; None when nobody asked for them."""
    return _tracer


def _exporter() -> SpanExporter | None:
    kind = os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or kind == "none":
        return None
    if kind == "console":
        return ConsoleSpanExporter()
    if kind == "otlp" or endpoint:
        # Slow to import, and rarely needed.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter()
    return None


@contextmanager
def span(
    name: str, *, carrier: Mapping[str, str] | None = None, kind: SpanKind = SpanKind.INTERNAL, **attributes: Any
) -> Iterator[Span]:
    """Trace the block as `name`, as a part of the trace that `carrier`'s traceparent names, else of the current one.

    An exception that leaves the block marks the span failed. Attributes are OpenTelemetry's, with `_` for `.`.
    """
    if _tracer is None:
        yield from _pass_on(carrier)
        return
    parent = _propagator.extract(carrier) if carrier is not None else context.get_current()
    given = {key.replace("_", "."): value for key, value in attributes.items()}
    with _tracer.start_as_current_span(name, parent, kind, given) as made:
        yield made


def _pass_on(carrier: Mapping[str, str] | None) -> Iterator[Span]:
    if carrier is None:
        yield trace.INVALID_SPAN
        return
    token = _passed.set(carrier.get(TRACEPARENT, ""))
    try:
        yield trace.INVALID_SPAN
    finally:
        _passed.reset(token)


def traceparent() -> str:
    """The traceparent to hand on from here, empty when there is no trace."""
    if _tracer is None:
        return _passed.get()
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return ""
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def new_traceparent() -> str:
    """A traceparent for a request that came without one, not sampled: it only gives the request's logs a common name."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


def inject(carrier: MutableMapping[str, str]) -> None:
    """Put the traceparent, if there is one, among headers or metadata to send."""
    if here := traceparent():
        carrier[TRACEPARENT] = here


def trace_id() -> str:
    """The current trace, 32 hexadecimal digits; empty when there is none."""
    return traceparent()[3:35]


def span_id() -> str:
    """The current span, 16 hexadecimal digits; empty when there is none."""
    return traceparent()[36:52]
