"""The only source of time.

Instants are aware, in UTC, and whole in milliseconds: that is what MongoDB keeps, so a record equals itself after a
round trip.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_frozen: datetime | None = None


def now() -> datetime:
    """The instant, in UTC, to the millisecond."""
    instant = _frozen or datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def told(at: datetime) -> str:
    """An instant as every answer and every file of ours tells it: `2026-11-22T03:00:00.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def today() -> str:
    """The calendar day in UTC as ISO 8601, `2026-11-22`."""
    return now().date().isoformat()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Stop the clock of this process at `at`; for tests."""
    global _frozen
    before, _frozen = _frozen, at
    try:
        yield
    finally:
        _frozen = before
