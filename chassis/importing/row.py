"""A row of a file on its way to a record."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Fault = tuple[str, str, str]  # column, cell, reason


@dataclass
class Row:
    """What it says, what is wrong with it, and what its record is found by. One that cannot be read has no cells."""

    number: int
    message: Any
    cells: Sequence[Any] = ()
    faults: list[Fault] = field(default_factory=list)
    links: dict[str, dict[str, str]] = field(default_factory=dict)  # by name of the link: field and value
    keys: set[tuple[str, Any]] = field(default_factory=set)  # what its record is found by, and has for itself alone
    entries: dict[tuple[str, str], Any] = field(default_factory=dict)  # of lists, while they are being filled

    def copy(self) -> "Row":
        """The row for whoever puts into it what is found, which another try may find different."""
        message = type(self.message)()
        message.CopyFrom(self.message)
        return replace(self, message=message)
