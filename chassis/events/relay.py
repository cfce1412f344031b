"""Takes events from the outbox to the bus.

A change stream tells of new rows at once; a sweep every few seconds, which reads what is not marked published, is the
certainty. Events of one record are published one after another, those of different records side by side, and marked when the
server has acknowledged them. A crash in between publishes again: the server drops the copy by its `Nats-Msg-Id` within its
window, the readers' inboxes do so for good. The promise is: every event at least once, and those of one record in the order
of their revisions. Replicas share the duty by a lease.
"""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from chassis import clock
from chassis.bus import STREAM_DAYS, Bus, NotAcknowledged, StreamMissing
from chassis.events import measures, outbox
from chassis.events.fact import headers, subject_on_bus
from chassis.events.lease import Lease
from chassis.events.tail import Tail

_REST_SECONDS = 0.2
_MARK_SECONDS = 0.1  # how long acknowledged rows are gathered before they are marked together

_log = structlog.get_logger(__name__)


class Relay:
    """The relay of one service; `start` and `stop` it with the process."""

    def __init__(
        self, database: Database, bus: Bus, service: str, *,
        sweep_seconds: float = 2.0, lease_seconds: float = 10.0,
    ) -> None:  # fmt: skip
        self._database, self._bus, self._service, self._sweep_seconds = database, bus, service, sweep_seconds
        self._lease = Lease(database, "relay", lease_seconds)
        self._tail = Tail(database[outbox.EVENTS])
        self._unmarked: list[str] = []  # acknowledged, not yet marked
        self._mark_at = self._sweep_at = 0.0
        self._stream_ensured = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    @property
    def active(self) -> bool:
        """Whether this process is the one that publishes."""
        return self._lease.held

    def start(self) -> None:
        """Begin to publish as soon as database, bus and lease allow."""
        self._bus.on_connect(self._connected)
        self._tail.start()
        self._thread.start()

    def stop(self) -> None:
        """Finish the round under way and give the lease up."""
        self._stopping.set()
        self._tail.wake()
        self._thread.join()
        self._tail.stop()

    def _connected(self) -> None:
        self._stream_ensured = False  # what the server had may be gone with its disk
        self._sweep_at = 0.0
        self._tail.wake()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._lease.hold() and self._bus.ready:
                    self._round()
                else:
                    self._sweep_at = 0.0  # another may publish, so what the tail has is no measure of what is left
            except Exception as fault:  # whatever it was, the next round may do better, and no round would be the end
                _log.warning("events wait in the outbox", error=repr(fault))
                self._sweep_at = 0.0
                self._stopping.wait(_REST_SECONDS)  # neither a server that is away nor the log is helped by haste
            self._tail.wait(self._until_next())
        self._end()

    def _round(self) -> None:
        self._ensure_stream()
        rows, complete = self._tail.take()
        if time.monotonic() >= self._sweep_at or not complete:
            self._sweep()
        else:
            self._publish(rows)
        if self._unmarked and time.monotonic() >= self._mark_at:
            self._mark()

    def _until_next(self) -> float:
        if not self._lease.held or not self._bus.ready:
            return _REST_SECONDS
        due = min(self._sweep_at, self._mark_at) if self._unmarked else self._sweep_at
        return max(0.0, due - time.monotonic())

    def _sweep(self) -> None:
        self._mark()
        while not self._stopping.is_set() and self._lease.hold():
            rows = outbox.unpublished(self._database)
            self._publish(rows)
            self._mark()
            if len(rows) < outbox.BATCH:
                break
        self._sweep_at = time.monotonic() + self._sweep_seconds
        measures.observe_outbox(self._database, self._service)

    def _ensure_stream(self) -> None:
        if self._stream_ensured:
            return
        if self._bus.run(self._bus.ensure_stream()):
            since = clock.now() - timedelta(days=STREAM_DAYS)
            again = outbox.replay(self._database, since)
            _log.warning("created the stream", stream=self._service, republished=again)
            self._sweep_at = 0.0
        self._stream_ensured = True

    def _publish(self, rows: list[outbox.Row]) -> None:
        if not rows:
            return
        records: dict[str, list[outbox.Row]] = defaultdict(list)
        for row in rows:
            records[row["record_id"]].append(row)
        if not self._unmarked:
            self._mark_at = time.monotonic() + _MARK_SECONDS
        fault = self._bus.run(self._publish_records(records.values()), seconds=60)
        if fault is not None:
            self._stream_ensured &= not isinstance(fault, StreamMissing)
            raise fault

    async def _publish_records(self, records: Iterable[list[outbox.Row]]) -> NotAcknowledged | None:
        endings = await asyncio.gather(*map(self._publish_in_order, records))
        return next((fault for fault in endings if fault is not None), None)

    async def _publish_in_order(self, rows: list[outbox.Row]) -> NotAcknowledged | None:
        for row in rows:
            try:
                await self._bus.publish(subject_on_bus(row), bytes(row["body"]), headers(row))
            except NotAcknowledged as fault:
                return fault  # the record's later events stay behind this one
            self._unmarked.append(row["_id"])
        return None

    def _mark(self) -> None:
        if published := list(self._unmarked):
            outbox.mark_published(self._database, published)
            del self._unmarked[: len(published)]
            measures.PUBLISHED.labels(self._service).inc(len(published))

    def _end(self) -> None:
        try:
            self._mark()
            self._lease.release()
        except PyMongoError as fault:
            _log.warning("the relay's last word is lost; it will publish some events again", error=repr(fault))
