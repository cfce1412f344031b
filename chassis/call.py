"""What a service knows of the call it answers, beside the principal: ids for the trail, and the caller's conditions."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One call of an rpc."""

    request_id: str = ""
    idempotency_key: str = ""
    if_match: str = ""
    quiet: bool = False  # workflows are to let its events be


_NONE = Call()
_current: ContextVar[Call] = ContextVar("call", default=_NONE)


def call() -> Call:
    """The call that this thread answers; an empty one outside of any."""
    return _current.get()


@contextmanager
def answering(this: Call) -> Iterator[None]:
    """Answer `this` for the length of the block."""
    token = _current.set(this)
    try:
        yield
    finally:
        _current.reset(token)
