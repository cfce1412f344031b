"""Works through what is due, one item after the other, in a thread of its own; no item blocks the next.

For work that neither a request nor an event starts: mails to read, mails to send, times that have come. What is due stands
in the database, so nothing is lost when the process ends, and several processes may sweep at once: whoever is second meets a
stale revision and lets the item be.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pymongo
import structlog
from pymongo.errors import DocumentTooLarge, PyMongoError

from chassis.refusals import StaleRevision

log = structlog.get_logger()

_ITEM_SECONDS = 60.0


class Sweeper:
    """Asks `due` for items and does `work` with each. Starts and stops like every part of a process.

    `spoilt` is called with an item whose work broke and with what broke, so that it need not come again; without it the item
    is due again at the next sweep. A database that does not answer is no fault of the item: the sweep ends and is tried again.
    """

    def __init__(
        self,
        name: str,
        due: Callable[[], Sequence[Any]],
        work: Callable[[Any], None],
        *,
        spoilt: Callable[[Any, Exception], None] | None = None,
        seconds: float = 1.0,
    ) -> None:
        self._name, self._due, self._work, self._spoilt, self._seconds = name, due, work, spoilt, seconds
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to sweep."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the item at hand, and sweep no more."""
        self._stop.set()
        self._wake.set()
        self._thread.join(_ITEM_SECONDS)

    @property
    def sweeping(self) -> bool:
        """Whether nobody has asked it to stop; work that can be broken into parts asks between them."""
        return not self._stop.is_set()

    def wake(self) -> None:
        """Sweep now: something has become due."""
        self._wake.set()

    def sweep(self) -> int:
        """Work through what is due now; the number of items. Raises PyMongoError."""
        items = self._due()
        for item in items:
            if self._stop.is_set():
                break
            self.take(item)
        return len(items)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                busy = self.sweep() > 0
            except PyMongoError as fault:
                log.warning("a sweep was cut short", sweep=self._name, fault=repr(fault))
                busy = False
            except Exception:
                log.exception("a sweep broke", sweep=self._name)
                busy = False
            if not busy:
                self._wake.wait(self._seconds)

    def take(self, item: Any) -> None:
        """Do the work with one item. Raises PyMongoError when the database does not answer."""
        try:
            with pymongo.timeout(_ITEM_SECONDS):
                self._work(item)
        except PyMongoError as fault:
            if not _fault_of_item(fault):
                raise
            self._spoil(item, fault)
        except StaleRevision:
            log.debug("another process was faster", sweep=self._name)
        except Exception as fault:
            self._spoil(item, fault)

    def _spoil(self, item: Any, fault: Exception) -> None:
        log.error("the work on an item broke", sweep=self._name, item=str(item), fault=repr(fault))
        if self._spoilt is not None:
            self._spoilt(item, fault)


def _fault_of_item(fault: PyMongoError) -> bool:
    # What the store cannot hold, it will never hold.
    return isinstance(fault, DocumentTooLarge)
