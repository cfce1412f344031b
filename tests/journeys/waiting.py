"""Words of journeys: `eventually` for what an event brings about, `refused` for what the suite will not do, `said` for what
may go either way.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from tests import eventually as waiting
from tests.rest import Answer, Problem

T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 60) -> T:
    """What `look` gives as soon as it is something; a record that is not there yet counts as nothing."""

    def found() -> T | None:
        try:
            return look()
        except Problem as problem:
            if problem.status != 404:
                raise
        return None

    return waiting.eventually(found, seconds)  # type: ignore[return-value]


@contextlib.contextmanager
def refused(status: int, type: str = "") -> Iterator[None]:
    """The block must end with a problem of this status and, where one is given, this type."""
    with pytest.raises(Problem) as raised:
        yield
    assert (raised.value.status, type or raised.value.type) == (status, raised.value.type), raised.value


def said(call: Callable[[], Answer]) -> Answer:
    """The answer, whether the suite did what was asked or refused."""
    try:
        return call()
    except Problem as problem:
        return problem.answer
