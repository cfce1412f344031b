"""What a process tells about itself: traces, metrics, logs. Quiet and nearly free where nobody asked for it."""

from chassis.config import ServiceSettings
from chassis.telemetry.logs import start_logs
from chassis.telemetry.mongo import mongo_listeners
from chassis.telemetry.page import Page
from chassis.telemetry.redaction import redact
from chassis.telemetry.rpc import rpc_span
from chassis.telemetry.traces import inject, new_traceparent, span, start_traces, stop_traces, trace_id, traceparent

__all__ = [
    "Page", "inject", "mongo_listeners", "new_traceparent", "redact", "rpc_span", "span", "start", "start_logs",
    "start_traces", "stop", "trace_id", "traceparent",
]  # fmt: skip


def start(service: str, settings: ServiceSettings) -> None:
    """Begin to log, and to trace when the environment names an exporter; before the first connection is made."""
    start_logs(service, settings.log_format, settings.log_level)
    start_traces(service)


def stop() -> None:
    """Export the last spans."""
    stop_traces()
