"""Takes events from the outbox to the bus.

A change stream tells of new rows at once; a sweep every few seconds, which reads what is not marked published, is the
certainty. Many events are published together, which costs the server one sync; few are published side by side, those of one
record one after another. They are marked when the server has acknowledged them. A crash in between publishes again: the server
knows the copy by its `Nats-Msg-Id` within its window, the readers' inboxes do so for good. The promise is: every event at least
once, and those of one record in the order of their revisions. Replicas share the duty by a lease.
"""

import asyncio
import threading
import time
from collections import defaultdict
from datetime import timedelta

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from chassis import clock
from chassis.bus import MOST_TOGETHER, STREAM_DAYS, Bus, Message, NotAcknowledged, NotTaken, StreamMissing
from chassis.events import measures, outbox
from chassis.events.fact import headers, subject_on_bus
from chassis.events.lease import Lease
from chassis.events.tail import Tail

_REST_SECONDS = 0.2
_MARK_SECONDS = 0.1  # how long acknowledged rows are gathered before they are marked together
_MANY = 16  # from so many on, keeping messages together takes the server less time than keeping each

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
            self._unmarked.clear()  # what a lost stream has acknowledged is lost with it
            since = clock.now() - timedelta(days=STREAM_DAYS)
            again = outbox.replay(self._database, since)
            _log.warning("created the stream", stream=self._service, republished=again)
            self._sweep_at = 0.0
        self._stream_ensured = True

    def _publish(self, rows: list[outbox.Row]) -> None:
        if not rows:
            return
        if not self._unmarked:
            self._mark_at = time.monotonic() + _MARK_SECONDS
        try:
            self._bus.run(self._publish_all(rows), seconds=60)
        except StreamMissing:
            self._stream_ensured = False
            raise

    async def _publish_all(self, rows: list[outbox.Row]) -> None:
        held_up: dict[str, NotAcknowledged] = {}  # by the record whose later events stay behind
        for first in range(0, len(rows), MOST_TOGETHER):
            these = [row for row in rows[first : first + MOST_TOGETHER] if row["record_id"] not in held_up]
            if len(these) < _MANY or not await self._publish_together(these):
                held_up |= await self._publish_apart(these)
        for fault in held_up.values():
            raise fault

    async def _publish_together(self, rows: list[outbox.Row]) -> bool:
        try:
            await self._bus.publish_together([_message(row) for row in rows])
        except NotTaken as refusal:
            _log.info("events cannot be published together", events=len(rows), reason=str(refusal))
            return False
        self._unmarked += [row["_id"] for row in rows]
        return True

    async def _publish_apart(self, rows: list[outbox.Row]) -> dict[str, NotAcknowledged]:
        records: dict[str, list[outbox.Row]] = defaultdict(list)
        for row in rows:
            records[row["record_id"]].append(row)
        endings = await asyncio.gather(*map(self._publish_in_order, records.values()))
        return {record: fault for record, fault in zip(records, endings, strict=True) if fault is not None}

    async def _publish_in_order(self, rows: list[outbox.Row]) -> NotAcknowledged | None:
        for row in rows:
            try:
                await self._bus.publish(*_message(row))
            except NotAcknowledged as fault:
                return fault
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


def _message(row: outbox.Row) -> Message:
    return subject_on_bus(row), bytes(row["body"]), headers(row)
