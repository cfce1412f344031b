"""The newest rows of the outbox, as their commits happen."""

import threading

import structlog
from bson import decode
from bson.raw_bson import DEFAULT_RAW_BSON_OPTIONS, RawBSONDocument
from pymongo.change_stream import CollectionChangeStream
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from chassis.events.outbox import Row

MOST = 5000
_LONGEST_WAIT_MS = 500

_log = structlog.get_logger(__name__)


class Tail:
    """Follows the outbox with a change stream, which gives rows in the order of their commits.

    It may have gaps: while it is broken, or when nobody takes its rows. `complete` is False after one, and whoever takes
    the rows then reads the outbox itself.
    """

    def __init__(self, events: Collection) -> None:
        self._events = events
        self._rows: list[RawBSONDocument] = []
        self._complete = False
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay-tail", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End; takes up to half a second."""
        self._stopping.set()
        self._thread.join()

    def wake(self) -> None:
        """Let `wait` return."""
        self._news.set()

    def wait(self, seconds: float) -> None:
        """Return when there is something new, or after `seconds`."""
        self._news.wait(seconds)
        self._news.clear()

    def take(self) -> tuple[list[Row], bool]:
        """The rows since the last time, and whether they are all that were committed since then."""
        with self._lock:
            rows, complete = self._rows, self._complete
            self._rows, self._complete = [], True
        return [decode(row.raw, self._events.codec_options) for row in rows], complete

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._watch() as changes:
                    self._lose()  # what came while nobody followed
                    while changes.alive and not self._stopping.is_set():
                        if (change := changes.try_next()) is not None:
                            self._add(change["fullDocument"])
            except PyMongoError as fault:
                _log.info("the outbox cannot be followed; the sweep goes on", error=repr(fault))
                self._stopping.wait(1)

    def _watch(self) -> CollectionChangeStream:
        # Whoever is behind reads the outbox itself, so rows are decoded only once they are taken.
        undecoded = self._events.with_options(codec_options=DEFAULT_RAW_BSON_OPTIONS)
        return undecoded.watch([{"$match": {"operationType": "insert"}}], max_await_time_ms=_LONGEST_WAIT_MS)

    def _add(self, row: RawBSONDocument) -> None:
        with self._lock:
            if len(self._rows) < MOST:
                self._rows.append(row)
            else:
                self._rows, self._complete = [], False
        self._news.set()

    def _lose(self) -> None:
        with self._lock:
            self._rows, self._complete = [], False
        self._news.set()
