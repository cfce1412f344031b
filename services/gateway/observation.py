"""What every request leaves behind: an id, a trace, a count, a duration."""

import re
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from flask import Request, Response, g
from opentelemetry.trace import Span, SpanKind
from prometheus_client import Counter, Histogram

from chassis import telemetry
from chassis.ids import new_id
from services.gateway.edge import EXTRA
from services.gateway.limits import Level

REQUESTS = Counter("kith_gateway_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "kith_gateway_request_seconds", "Time from a request's first line to its answer.", ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
_PARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as far as they are known. Kept in `g.exchange`, whose look-ups are slow."""

    request_id: str
    trace_id: str
    trail: tuple[tuple[str, str], ...]  # metadata that every call for this request carries
    headers: dict[str, str]  # of the answer
    span: Span
    scope: AbstractContextManager[Span]
    route: str = ""
    levels: list[Level] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)


def begin(request: Request) -> Exchange:
    """Give the request its id and its span, continuing the caller's trace where `traceparent` names one."""
    environ = request.environ
    given, parent = environ.get("HTTP_X_REQUEST_ID", ""), environ.get("HTTP_TRACEPARENT", "")
    request_id = given if _REQUEST_ID.match(given) else new_id("req")
    parent = parent if _PARENT.match(parent) else telemetry.new_traceparent()
    scope = telemetry.span(request.method, carrier={"traceparent": parent}, kind=SpanKind.SERVER)
    span = scope.__enter__()
    here = telemetry.traceparent()
    headers = environ[EXTRA]
    headers["X-Request-Id"] = request_id
    trail = (("x-request-id", request_id), ("traceparent", here))
    exchange = g.exchange = Exchange(request_id, here[3:35], trail, headers, span, scope)
    return exchange


def finish(request: Request, response: Response) -> None:
    """Count the answer and name the span by its route."""
    exchange: Exchange = g.exchange
    method, status = request.method, response.status_code
    route = exchange.route or (request.url_rule.rule if request.url_rule else "unknown")
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(time.perf_counter() - exchange.began)
    if exchange.span.is_recording():
        exchange.span.update_name(f"{method} {route}")
        exchange.span.set_attribute("http.request.method", method)
        exchange.span.set_attribute("http.route", route)
        exchange.span.set_attribute("http.response.status_code", status)


def leave() -> None:
    """End the span."""
    if "exchange" in g:
        g.exchange.scope.__exit__(None, None, None)
