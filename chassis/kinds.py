"""The nouns of this process by the names that definitions have for them: `contact`, `objects.machine`."""

from collections.abc import Iterable
from typing import Any

# Nouns of which there are many kinds, by what stands before the dot of the kind.
OF_MANY_KINDS = {"objects": "record"}

_nouns: dict[str, Any] = {}


def know(nouns: Iterable[Any]) -> None:
    """Let `noun_called` find the nouns of a service."""
    _nouns.update((noun.about().noun, noun) for noun in nouns)


def within(kind: str) -> dict[str, str]:
    """The query of the records of a kind among those of its noun."""
    return {"object": kind.partition(".")[2]} if kind.partition(".")[0] in OF_MANY_KINDS else {}


def noun_called(kind: str) -> Any:
    """The noun of this process, a subclass of `Noun`, that `kind` names; None for one of another service."""
    return _nouns.get(OF_MANY_KINDS.get(kind.partition(".")[0], kind))
