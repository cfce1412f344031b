"""Structured logs: one JSON object per line on standard output, with service, trace and span; secrets hidden."""

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.types import EventDict, Processor

from chassis.telemetry.redaction import redact
from chassis.telemetry.traces import span_id, trace_id


def start_logs(service: str, form: str = "json", level: str = "INFO") -> None:
    """Send our logs and those of the libraries to standard output; `form` is `json` or `console`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"), _Origin(service),
        structlog.processors.format_exc_info, _redacted,
    ]  # fmt: skip
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(), wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )  # fmt: skip
    last: Processor = structlog.dev.ConsoleRenderer() if form == "console" else _json
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("pymongo").setLevel(logging.WARNING)  # it logs each heartbeat and command below that
    logging.getLogger("nats").setLevel(logging.CRITICAL)  # the bus says the same in our words


class _Origin:
    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: Any, _method: str, entry: EventDict) -> EventDict:
        entry["service"] = self._service
        if trace := trace_id():
            entry["trace_id"], entry["span_id"] = trace, span_id()
        return entry


def _redacted(_logger: Any, _method: str, entry: EventDict) -> EventDict:
    # What structlog carries along for itself, `_record` among it, is no part of the line.
    own = {name: value for name, value in entry.items() if name[0] == "_"}
    return redact({name: value for name, value in entry.items() if name not in own}) | own


def _json(_logger: Any, _method: str, entry: EventDict) -> str:
    return orjson.dumps(entry, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
