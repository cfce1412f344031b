"""The texts of a stored record in which searches find words, read as its contract says where they stand."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from chassis.listing import Step, catalogue

Read = Callable[[Mapping[str, Any]], list[str]]


def texts(descriptor: Any, paths: tuple[str, ...], row: Mapping[str, Any]) -> list[str]:
    """The texts at these paths, `emails.address`, of the stored row of a noun with this descriptor; none that are empty."""
    return [text for read in _readers(descriptor, paths) for text in read(row)]


@cache
def _readers(descriptor: Any, paths: tuple[str, ...]) -> list[Read]:
    fields = catalogue(descriptor)
    return [_reader(fields[path].steps) for path in paths]


def _reader(steps: Sequence[Step]) -> Read:
    first, *rest = steps
    within = _reader(rest) if rest else None

    def read(row: Mapping[str, Any]) -> list[str]:
        value = row.get(first.key)
        entries = (value or ()) if first.is_list else (value,)
        found = entries if within is None else [text for each in entries if each for text in within(each)]
        return [text for text in found if text]

    return read
