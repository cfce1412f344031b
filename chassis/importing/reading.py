"""The cells of a file that may be a table, whatever they mean."""

from collections.abc import Iterator
from typing import Any

from chassis.files.file import File
from chassis.files.store import ContentLost
from chassis.tables import Broken, Unreadable, rows, shape_of


def cells_of(file: File) -> Iterator[list[Any]]:
    """The headers and then the rows of a file, as its format is detected; of what is no table, and of what is lost, none."""
    try:
        shape = shape_of(file.opened, file.name)
        yield list(shape.headers)
        for _, row in rows(file.opened, shape):
            yield list(row.cells) if isinstance(row, Broken) else row
    except (Unreadable, ContentLost):
        return
