"""What a process tells about itself, and what it keeps to itself."""

import io
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pymongo import MongoClient

from chassis import telemetry
from chassis.telemetry import traces
from chassis.telemetry.redaction import HIDDEN

GIVEN = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Traces are on and their spans are kept."""
    kept = InMemorySpanExporter()
    telemetry.start_traces("sales", kept)
    yield kept
    telemetry.stop_traces()


@pytest.fixture
def logged() -> Iterator:
    """Logs as a service writes them; the function gives the lines so far."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    telemetry.start_logs("sales")
    root.handlers[0].setStream(stream := io.StringIO())
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def spans(exporter: InMemorySpanExporter) -> dict:
    traces._provider.force_flush()
    return {span.name: span for span in exporter.get_finished_spans()}


def test_without_an_exporter_the_traceparent_is_passed_on_as_it_came():
    headers: dict[str, str] = {}
    with telemetry.span("rpc", carrier={"traceparent": GIVEN}), telemetry.span("inner"):
        telemetry.inject(headers)
    assert headers == {"traceparent": GIVEN}
    assert telemetry.trace_id() == ""


def test_without_an_exporter_no_span_is_made():
    with telemetry.span("rpc", carrier={"traceparent": GIVEN}) as outer, telemetry.span("inner") as inner:
        assert outer is inner is trace.INVALID_SPAN
        assert trace.get_current_span() is trace.INVALID_SPAN


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, False),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "console"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
    ],
)
def test_the_standard_variables_turn_traces_on(monkeypatch, environment, on):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    telemetry.start_traces("sales")
    assert (traces.tracer() is not None) is on
    telemetry.stop_traces()


def test_spans_continue_the_trace_of_their_carrier(exporter):
    with telemetry.span("rpc", carrier={"traceparent": GIVEN}), telemetry.span("inner", messaging_system="nats"):
        assert telemetry.traceparent().startswith(GIVEN[:36])
    rpc, inner = spans(exporter)["rpc"], spans(exporter)["inner"]
    assert f"{rpc.context.trace_id:032x}" == GIVEN[3:35] == f"{inner.context.trace_id:032x}"
    assert f"{rpc.parent.span_id:016x}" == GIVEN[36:52]
    assert inner.parent.span_id == rpc.context.span_id
    assert inner.attributes["messaging.system"] == "nats"


def test_database_commands_are_spans_of_their_request(exporter, servers):
    with MongoClient(servers.mongo_url("sales"), event_listeners=telemetry.mongo_listeners()) as client:
        with telemetry.span("rpc"):
            client.kith_sales.quotes.find_one({"_id": 1})
        client.kith_sales.quotes.find_one({"_id": 2})
    [find] = [span for span in exporter.get_finished_spans() or spans(exporter).values() if "find" in span.name]
    assert find.name == "find kith_sales.quotes"
    assert find.parent.span_id == spans(exporter)["rpc"].context.span_id


def test_an_rpc_is_timed_and_traced(exporter):
    with telemetry.rpc_span("/crm.sales.v1.Sales/WinOpportunity", [("traceparent", GIVEN), ("x-bin", b"\0")]):
        pass
    assert f"{spans(exporter)['/crm.sales.v1.Sales/WinOpportunity'].context.trace_id:032x}" == GIVEN[3:35]


def test_a_log_line_is_json_and_names_service_and_trace(logged):
    with telemetry.span("rpc", carrier={"traceparent": GIVEN}):
        structlog.get_logger("kith").info("won", opportunity="opp_1")
        logging.getLogger("library").warning("slow %s", "disk")
    ours, theirs = logged()
    assert (ours["event"], ours["opportunity"], ours["level"], ours["service"]) == ("won", "opp_1", "info", "sales")
    assert ours["trace_id"] == GIVEN[3:35] == theirs["trace_id"]
    assert (theirs["event"], theirs["service"]) == ("slow disk", "sales")


def test_an_exception_is_logged_in_one_line(logged):
    try:
        raise ZeroDivisionError("password=… mongodb://sales:hunter2@host/db")
    except ZeroDivisionError:
        structlog.get_logger("kith").exception("broke")
    [line] = logged()
    assert "ZeroDivisionError" in line["exception"]
    assert "hunter2" not in line["exception"]


@pytest.mark.parametrize(
    "secret",
    [
        {"password": "hunter2"},
        {"request": {"headers": [{"Authorization": "hunter2"}]}},
        {"api_key": "hunter2"},
        {"session_token": "hunter2"},
        {"text": "the key kith_hunter2hunter2 is"},
        {"url": "nats://sales:hunter2@127.0.0.1:4222"},
        {"header": "Bearer hunter2hunter2"},
        {"jwt": "eyJhunter2hunter2.eyJhunter2.hunter2"},
        {"pem": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"},
    ],
)
def test_secrets_do_not_reach_the_logs(secret):
    hidden = repr(telemetry.redact(secret))
    assert "hunter2" not in hidden
    assert HIDDEN in hidden


def test_what_is_no_secret_stays():
    entry = {"event": "won", "count": 3, "names": ["Ada", None], "password": ""}
    assert telemetry.redact(entry) == entry


def fetch(page: telemetry.Page, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{page.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def test_the_page_shows_metrics_and_health():
    ready = False
    page = telemetry.Page("127.0.0.1:0", lambda: ready)
    page.start()
    try:
        assert fetch(page, "/healthz")[0] == 200
        assert fetch(page, "/readyz")[0] == 503
        ready = True
        assert fetch(page, "/readyz")[0] == 200
        assert "kith_events_published" in fetch(page, "/metrics")[1]
        assert fetch(page, "/other")[0] == 404
    finally:
        page.stop()


def test_without_an_address_there_is_no_page():
    page = telemetry.Page("", lambda: True)
    page.start()
    page.stop()
