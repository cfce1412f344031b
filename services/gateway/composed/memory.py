"""What callers were answered lately, to stand in for a service that fails. Each caller has a memory of its own.

The key is the caller with its tenant, teams and grants, and the record: what one caller was shown is never shown to another
one, nor to the same one with other rights.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

Key = tuple[bytes, str, str]  # the caller's identity, the overview, the record's id

MOST_BYTES = 16 * 1024 * 1024  # of one worker
_OVERHEAD = 500  # bytes of an entry beside its answers, about


@dataclass(frozen=True)
class Remembered:
    """A printed answer, when it was read as RFC 3339 has it, and at which second of this process's clock."""

    answer: bytes
    as_of: str
    second: float


Parts = dict[str, Remembered]  # by block


class Memory:
    """Answers of at most `seconds` of age and `most_bytes` together; those that were asked for longest ago go first."""

    def __init__(
        self, seconds: float, most_bytes: int = MOST_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._most, self.clock = seconds, most_bytes, clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, Parts] = OrderedDict()
        self.bytes = 0

    def recall(self, key: Key) -> Parts:
        """What is remembered and young enough."""
        oldest = self.clock() - self._seconds
        with self._lock:
            found = self._entries.get(key, {})
        return {name: part for name, part in found.items() if part.second > oldest}

    def keep(self, key: Key, parts: Parts) -> None:
        """Remember `parts` and nothing else of this key."""
        with self._lock:
            self.bytes -= _size(self._entries.pop(key, {}))
            if not parts or not self._seconds or _size(parts) > self._most:
                return
            self._entries[key] = parts
            self.bytes += _size(parts)
            while self.bytes > self._most:
                self.bytes -= _size(self._entries.popitem(last=False)[1])


def _size(parts: Parts) -> int:
    return sum(len(part.answer) for part in parts.values()) + _OVERHEAD if parts else 0
