"""How many requests a worker works on: so many at a time, so many waiting a moment, and the others turned away at once."""

import threading

from services.gateway.refusals import Overloaded

PATIENCE_SECONDS = 1.0


class Turnstile:
    """Counts requests in and out. A short wait takes up bursts; a long one would only make every answer late."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._inside = threading.Semaphore(threads + waiting)
        self._working = threading.Semaphore(threads)

    def enter(self) -> None:
        """Wait for a turn. Refused with Overloaded when too many wait already, or after a second."""
        if not self._inside.acquire(blocking=False):
            raise Overloaded(seconds=1)
        if not self._working.acquire(timeout=PATIENCE_SECONDS):
            self._inside.release()
            raise Overloaded(seconds=1)

    def leave(self) -> None:
        """Make room for the next one."""
        self._working.release()
        self._inside.release()
