"""The only source of identity: prefixed, opaque, time-ordered ids.

An id is a noun's prefix, `_` and a UUIDv7 (RFC 9562, section 5.7) in lower-case Crockford base32: 26 characters that
sort by the time they were made. Within one process they also sort by the order they were made in.
"""

import io
import os
import re
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SHAPE = re.compile(r"[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}\Z")
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_SHIFTS = tuple(range(120, -1, -10))
_POOL = (
    4096  # random bytes that are asked for at a time: each question to the system costs as much as the rest of an id
)
_lock = threading.Lock()
_last = 0
_random = io.BytesIO()


def new_id(prefix: str) -> str:
    """A fresh id, `opp_01h…`, greater than every one this process made before with the same prefix."""
    return f"{prefix}_{_base32(_uuid7())}"


def is_id(text: str, prefix: str = "") -> bool:
    """Whether `text` has the shape of an id, with this prefix when one is given."""
    return bool(_SHAPE.match(text)) and (not prefix or text.startswith(f"{prefix}_"))


def _uuid7() -> int:
    # 48 bits of milliseconds, then 74 bits: random in a new millisecond, counted up inside one (section 6.2, method 2).
    global _last
    with _lock:
        random = int.from_bytes(_ten_bytes()) & ((1 << 74) - 1)
        tick = time.time_ns() // 1_000_000
        if tick > _last >> 74:
            _last = tick << 74 | random >> 1  # the top bit stays free, so that counting up does not overflow
        else:
            _last += 1 + (random & 0xFFFFFFFF)
        value = _last
    high, low = value >> 62, value & ((1 << 62) - 1)
    return (high >> 12) << 80 | 7 << 76 | (high & 0xFFF) << 64 | 0b10 << 62 | low


def _ten_bytes() -> bytes:
    global _random
    found = _random.read(10)
    if len(found) < 10:
        _random = io.BytesIO(os.urandom(_POOL))
        found = _random.read(10)
    return found


def _forget() -> None:
    # A forked process that went on with its parent's bytes would make its parent's ids.
    global _random
    _random = io.BytesIO()


os.register_at_fork(after_in_child=_forget)


def _base32(value: int) -> str:
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])
