"""Any file as a header and rows of cells, without holding it in memory.

A cell is text; of XLSX it may be a number, of NDJSON any JSON value. Bytes that are not of the file's encoding become lone
surrogates, which whoever takes the cell refuses: one bad cell is one bad row, not a bad file.
"""

import csv
import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chassis.tables import cards, delimited, lines, sheet
from chassis.tables.broken import Broken

CSV, XLSX, VCARD, NDJSON = "CSV", "XLSX", "VCARD", "NDJSON"
FORMATS = (CSV, XLSX, VCARD, NDJSON)

Open = Callable[[], io.BufferedReader]  # opens the file at its start; called as often as it is read

_SAMPLE = 256 * 1024
_HEAD_ROWS = 20
_CONTROLS = [chr(code) for code in range(32) if chr(code) not in "\t\n\v\f\r"]
_MOST_CONTROLS = 0.03  # of a text's characters; a tenth of what is none are such


class Unreadable(Exception):
    """The file is not of the format that it is taken for; says why."""


@dataclass(frozen=True)
class Shape:
    """How a file is to be read, and what its columns are called."""

    format: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    has_header: bool = True
    headers: tuple[str, ...] = ()
    samples: tuple[tuple[str, ...], ...] = ()  # the first cells of each column


def shape_of(open_file: Open, name: str, **told: Any) -> Shape:
    """The shape of a file: what is `told`, and the rest detected. Raises Unreadable."""
    with open_file() as file:
        head = file.read(_SAMPLE)
    told = {field: value for field, value in told.items() if value not in ("", None)}
    format = told.setdefault("format", _format(head, name))
    if format != XLSX:
        told.setdefault("encoding", delimited.encoding_of(head, whole=len(head) < _SAMPLE))
        _demand_text(head, told["encoding"])
    if format == CSV:
        told.setdefault("delimiter", delimited.delimiter_of(head, told["encoding"]))
    shape = Shape(**told)
    first: list[Any] = [row for _, row in itertools.islice(_raw(open_file, shape), _HEAD_ROWS + 2)]
    headers, first = _headed(shape, [row for row in first if not isinstance(row, Broken)])
    samples = tuple(tuple(_told(row, at, header) for row in first[:3]) for at, header in enumerate(headers))
    return Shape(**told, headers=tuple(headers), samples=samples)


def _headed(shape: Shape, first: list[Any]) -> tuple[list[str], list[Any]]:
    """What the columns are called, and the rows among the `first` ones of a file."""
    if shape.format in (VCARD, NDJSON):
        return list(dict.fromkeys(name for row in first for name in row)), first
    if shape.has_header:
        return _headers(first[0]) if first else [], first[1:]
    return [f"Column {at + 1}" for at in range(max(map(len, first), default=0))], first


def rows(open_file: Open, shape: Shape, after: int = 0) -> Iterator[tuple[int, list[Any] | Broken]]:
    """The rows behind the `after` first, each with its number from 1 and a cell per header. Raises Unreadable.

    A row of CSV with a cell that no header is over is Broken: most have a delimiter in a text without quotes, and would
    bring all that is behind it into wrong fields.
    """
    places = {header: at for at, header in enumerate(shape.headers)}
    width = len(shape.headers)
    skip = shape.has_header and shape.format in (CSV, XLSX)
    for number, (_, row) in enumerate(_raw(open_file, shape), 0 if skip else 1):
        if number <= after or number == 0:
            continue
        if isinstance(row, Broken):
            yield number, row
        elif isinstance(row, dict):
            cells = [""] * width
            for header, value in row.items():
                if header in places:
                    cells[places[header]] = value
            yield number, cells
        elif shape.format == CSV and any(row[width:]):
            yield number, Broken(f"has {len(row)} cells, but there are {width} columns", row)
        else:
            yield number, (row + [""] * (width - len(row)))[:width]


def _raw(open_file: Open, shape: Shape) -> Iterator[tuple[int, Any]]:
    try:
        with open_file() as file:
            if shape.format == XLSX:
                found = sheet.read(file, shape.sheet)
            else:
                encoding = shape.encoding or "utf-8"
                with io.TextIOWrapper(file, encoding, errors="surrogateescape", newline="") as text:
                    yield from enumerate(_READERS[shape.format](text, shape))
                    return
            yield from enumerate(found)
    except (csv.Error, LookupError, sheet.NoWorkbook) as fault:
        raise Unreadable(str(fault)) from fault


_READERS: dict[str, Callable[[Any, Shape], Iterator[Any]]] = {
    CSV: lambda text, shape: delimited.read(text, shape.delimiter or ","),
    VCARD: lambda text, shape: cards.read(text),  # noqa: ARG005  readers have one signature
    NDJSON: lambda text, shape: lines.read(text),  # noqa: ARG005
}


def _demand_text(head: bytes, encoding: str) -> None:
    try:
        text = head.decode(encoding, "replace")
    except LookupError as fault:
        raise Unreadable(str(fault)) from fault
    if sum(map(text.count, _CONTROLS)) > len(text) * _MOST_CONTROLS:
        raise Unreadable("it is neither a text nor a workbook")


def _format(head: bytes, name: str) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PK\x03\x04"):
        return XLSX
    if start[:11].upper() == b"BEGIN:VCARD":
        return VCARD
    if start.startswith(b"{") and not name.lower().endswith(".csv"):
        return NDJSON
    return CSV


def _headers(row: list[Any]) -> list[str]:
    found: list[str] = []
    for at, cell in enumerate(row):
        name = str(cell).strip() or f"Column {at + 1}"
        again = sum(1 for each in found if each == name or each.startswith(f"{name} (")) if name in found else 0
        found.append(f"{name} ({again + 1})" if again else name)
    return found


def _told(row: Any, at: int, header: str) -> str:
    cell = row.get(header, "") if isinstance(row, dict) else row[at] if at < len(row) else ""
    return str(cell).encode("utf-8", "replace").decode()[:100]
