"""What a service knows of the call it answers, beside the principal: ids for the trail, and the caller's conditions."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

MOMENT = "kith-moment"  # metadata of an answer to a write: when it was; of a read: what it must not be older than


@dataclass(frozen=True)
class Call:
    """One call of an rpc."""

    request_id: str = ""
    idempotency_key: str = ""
    if_match: str = ""
    quiet: bool = False  # workflows are to let its events be
    hints: list[tuple[str, str]] = field(default_factory=list, compare=False)
    not_before: str = ""  # the moment of a write that a read must see


_MOST_HINTS = 40
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


def hint(name: str, value: str) -> None:
    """Tell the caller something beside the answer: a header of its own, `possible-duplicates`. Nobody is told by a reaction.

    What does not fit into the headers of an answer is left out: they have room for some 40 values.
    """
    told = call().hints
    if call() is not _NONE and len(told) < _MOST_HINTS:
        told.append((name, value))
