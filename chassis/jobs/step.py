"""The unit of a job: what is done in one transaction, and where the job stands once it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


def _nothing(job: Any) -> None:
    """For steps that only move on."""


@dataclass(frozen=True)
class Step:
    """`work` is done with the job, freshly loaded, in one transaction that also keeps `reached`; so it happens once.

    It may run several times before it commits, so it has no effects outside the database, and it should take less than five
    seconds: a lease lasts fifteen. Reading and preparing belong before the step is made.
    """

    work: Callable[[Any], None] = _nothing
    reached: Mapping[str, Any] = field(default_factory=dict)


later = Step()
"""Yielded instead of a step by a job that waits for something: it is asked again after a second or so."""
