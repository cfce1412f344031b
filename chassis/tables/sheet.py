"""XLSX: one sheet of a workbook, row by row. Numbers are numbers; all else is told as text, dates in ISO 8601."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

_LARGEST = 2 << 30  # bytes that the parts of a workbook may unpack to


class NoWorkbook(Exception):
    """The file is no workbook that we read."""


def read(file: io.BufferedIOBase, name: str) -> Iterator[list[Any]]:
    """The rows of the sheet called `name`, or of the first one; empty rows are none. Raises NoWorkbook."""
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(part.file_size for part in archive.infolist()) > _LARGEST:
                raise NoWorkbook("the workbook unpacks to more than 2 GiB")
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as fault:
        raise NoWorkbook(f"the file is no XLSX workbook: {fault}") from fault
    if name and name not in book.sheetnames:
        raise NoWorkbook(f"there is no sheet {name!r}; there are {', '.join(book.sheetnames)}")
    for row in (book[name] if name else book.worksheets[0]).iter_rows(values_only=True):
        cells = [_told(cell) for cell in row]
        while cells and cells[-1] == "":
            cells.pop()
        if cells:
            yield cells


def _told(cell: Any) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return int(cell) if isinstance(cell, int) or cell.is_integer() else cell
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)
