"""Token buckets: how many requests a user, a tenant, an address may send, and the headers that say so.

Buckets live in the memory of one worker; a bucket holds a minute's worth and fills evenly. Headers as in the IETF draft
draft-ietf-httpapi-ratelimit-headers.
"""

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from chassis.refusals import TooMany

WINDOW = 60
_MOST = 50_000


@dataclass(frozen=True)
class Level:
    """A bucket after a request: what remains, and in how many seconds it is full again."""

    policy: str
    quota: int
    remaining: int
    reset: int


class Buckets:
    """One policy's buckets, by key. A quota of 0 means no limit."""

    def __init__(self, policy: str, quota: int) -> None:
        self.policy = policy
        self.quota = quota
        self._rate = quota / WINDOW
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (tokens, when)

    def spend(self, key: str, cost: int = 1) -> Level:
        """Take `cost` from the key's bucket. Refused with TooMany when it holds less."""
        if not self.quota:
            return Level(self.policy, 0, 0, 0)
        now = time.monotonic()
        with self._lock:
            tokens, when = self._buckets.pop(key, (float(self.quota), now))
            tokens = min(float(self.quota), tokens + (now - when) * self._rate)
            short = cost - tokens
            tokens -= cost if short <= 0 else 0
            self._buckets[key] = tokens, now
            if len(self._buckets) > _MOST:  # the key that was quiet longest is nearly full anyway
                self._buckets.popitem(last=False)
        if short > 0:
            raise TooMany(policy=self.policy, seconds=max(1, math.ceil(short / self._rate)))
        return Level(self.policy, self.quota, int(tokens), math.ceil((self.quota - tokens) / self._rate))


def headers(levels: list[Level]) -> dict[str, str]:
    """`RateLimit` and `RateLimit-Policy`; none where there is no limit."""
    limited = [level for level in levels if level.quota]
    if not limited:
        return {}
    return {
        "RateLimit-Policy": ", ".join(f'"{level.policy}";q={level.quota};w={WINDOW}' for level in limited),
        "RateLimit": ", ".join(f'"{level.policy}";r={level.remaining};t={level.reset}' for level in limited),
    }
