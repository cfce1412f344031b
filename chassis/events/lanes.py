"""A few threads that work on deliveries: different records side by side, those of one record one after another.

When a delivery fails and shall be tried again, the later ones of its record wait behind it in their order; other records go
on. So within one process no event overtakes an earlier one of its record.

What has piled up while a lane was at work is worked on together first, which costs much less than one by one; when that
fails, nothing of it has happened, and each goes alone.
"""

import heapq
import itertools
import queue
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable

from chassis.events.delivery import Delivery

Work = Callable[[Delivery], float | None]
"""Works on a delivery; answers None when it is settled, else the seconds until it shall be tried again."""
Together = Callable[[list[Delivery]], bool]
"""Works on deliveries in their order, all or none; answers whether they are settled."""

MOST_TOGETHER = 32


class Lanes:
    """The threads of one process; a record always goes to the same one."""

    def __init__(self, count: int, work: Work, together: Together) -> None:
        self._lanes = [_Lane(f"reactions-{number}", work, together) for number in range(count)]

    def start(self) -> None:
        """Begin to work."""
        for lane in self._lanes:
            lane.thread.start()

    def stop(self) -> None:
        """Finish the deliveries that are being worked on; the others are left."""
        for lane in self._lanes:
            lane.stopping = True
            lane.arrivals.put(None)
        for lane in self._lanes:
            lane.thread.join()

    def put(self, delivery: Delivery) -> None:
        """Add a delivery behind the others of its record."""
        self._lanes[zlib.crc32(delivery.record.encode()) % len(self._lanes)].arrivals.put(delivery)


class _Lane:
    def __init__(self, name: str, work: Work, together: Together) -> None:
        self.arrivals: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.stopping = False
        self._work, self._together = work, together
        self._held: dict[str, deque[Delivery]] = {}  # by record: the failed one first, then those behind it
        self._due: list[tuple[float, int, str]] = []
        self._order = itertools.count()

    def _run(self) -> None:
        while not self.stopping:
            arrived = self._arrived()
            free = [each for each in arrived if each.record not in self._held]
            if len(free) > 1 and self._together(free):
                arrived = [each for each in arrived if each.record in self._held]
            for each in arrived:
                self._take(each)
            while self._due and self._due[0][0] <= time.monotonic() and not self.stopping:
                record = heapq.heappop(self._due)[2]
                self._work_off(record, self._held.pop(record))

    def _arrived(self) -> list[Delivery]:
        found = []
        try:
            found.append(self.arrivals.get(timeout=self._until_due()))
            while len(found) < MOST_TOGETHER:
                found.append(self.arrivals.get_nowait())
        except queue.Empty:
            pass
        return [each for each in found if each is not None and not self.stopping]

    def _until_due(self) -> float | None:
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None

    def _take(self, delivery: Delivery) -> None:
        if delivery.record in self._held:
            self._held[delivery.record].append(delivery)
        else:
            self._work_off(delivery.record, deque([delivery]))

    def _work_off(self, record: str, waiting: deque[Delivery]) -> None:
        while waiting and not self.stopping:
            again_in = self._work(waiting[0])
            if again_in is None:
                waiting.popleft()
                continue
            self._held[record] = waiting
            heapq.heappush(self._due, (time.monotonic() + again_in, next(self._order), record))
            return
