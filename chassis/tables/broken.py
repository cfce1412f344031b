"""A row that cannot be read: it is refused alone, and the file goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Broken:
    """Stands where the row's cells would be: what there is of them, and why they cannot be taken, as `is no JSON object`."""

    reason: str
    cells: Sequence[Any] = ()
