"""Database commands in the trace."""

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from chassis.telemetry import traces


def mongo_listeners() -> list[CommandListener]:
    """The `event_listeners` of a MongoClient: none when there are no traces, for a listener costs with each command."""
    return [MongoSpans()] if traces.tracer() else []


class MongoSpans(CommandListener):
    """A span per database command; give it to MongoClient as an event listener."""

    _QUIET = frozenset({"hello", "ping", "endSessions", "getMore", "saslStart", "saslContinue", "killCursors"})

    def __init__(self) -> None:
        self._open: dict[int, Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Begin the span, below the current one; commands outside of any trace get none."""
        tracer, command = traces.tracer(), event.command_name
        if tracer is None or command in self._QUIET or not trace.get_current_span().is_recording():
            return
        known = {"db.system.name": "mongodb", "db.namespace": event.database_name, "db.operation.name": command}
        name = f"{command} {event.database_name}"
        if isinstance(collection := event.command.get(command), str):
            known["db.collection.name"], name = collection, f"{name}.{collection}"
        self._open[event.request_id] = tracer.start_span(name, kind=SpanKind.CLIENT, attributes=known)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """End the span."""
        if made := self._open.pop(event.request_id, None):
            made.end()

    def failed(self, event: CommandFailedEvent) -> None:
        """End the span as failed; the failure's text may quote data, so only its code is kept."""
        if made := self._open.pop(event.request_id, None):
            made.set_status(Status(StatusCode.ERROR, str(event.failure.get("codeName", ""))))
            made.end()
