"""Writers: each gives the bytes of a file's head, of some rows, and of its end, so that the file goes out as it is made."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from xml.sax.saxutils import escape

import orjson

# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), also in their wide forms.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}


class Sink(Protocol):
    """What makes a file of rows."""

    def head(self, columns: Sequence[str]) -> bytes:
        """The bytes before the rows."""

    def rows(self, rows: Iterable[Sequence[Any]]) -> bytes:
        """The bytes of these rows."""

    def end(self) -> bytes:
        """The bytes after the rows."""


class Csv:
    """CSV in UTF-8 with its mark, which spreadsheets want. Text that looks like a formula gets an apostrophe, unless `raw`."""

    def __init__(self, delimiter: str, raw: bool) -> None:
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, delimiter=delimiter)
        self._cell = (lambda cell: cell) if raw else harmless

    def head(self, columns: Sequence[str]) -> bytes:
        """The mark and the header."""
        return b"\xef\xbb\xbf" + self.rows([columns])

    def rows(self, rows: Iterable[Sequence[Any]]) -> bytes:
        """The bytes of these rows."""
        self._writer.writerows([self._cell(cell) for cell in row] for row in rows)
        found = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        return found

    def end(self) -> bytes:
        """Nothing."""
        return b""


class Lines:
    """A JSON object per line. A row is the record itself."""

    def head(self, columns: Sequence[str]) -> bytes:  # noqa: ARG002  sinks have one signature
        """Nothing."""
        return b""

    def rows(self, rows: Iterable[Any]) -> bytes:
        """The bytes of these records."""
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)

    def end(self) -> bytes:
        """Nothing."""
        return b""


class Xlsx:
    """A workbook of one sheet (ECMA-376, its smallest form). Text is typed as text, so none of it is a formula."""

    def __init__(self) -> None:
        self._out = _Out()
        self._archive = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        for name, text in _PARTS.items():
            self._archive.writestr(name, _XML + text)
        self._sheet = self._archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)

    def head(self, columns: Sequence[str]) -> bytes:
        """The bytes before the rows, and the header."""
        self._sheet.write(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        return self.rows([columns])

    def rows(self, rows: Iterable[Sequence[Any]]) -> bytes:
        """The bytes of these rows."""
        self._sheet.write("".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows).encode())
        return self._out.taken()

    def end(self) -> bytes:
        """The end of the sheet and the directory of the archive."""
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._archive.close()
        return self._out.taken()


class Cards:
    """vCards 3.0 (RFC 2426), which every program reads. A row is the record, as an import's columns call its parts."""

    def head(self, columns: Sequence[str]) -> bytes:  # noqa: ARG002
        """Nothing."""
        return b""

    def rows(self, rows: Iterable[Any]) -> bytes:
        """The bytes of these cards: a row is a list of lines, each a name with its parameters and its parts."""
        return b"".join(_card(row) for row in rows)

    def end(self) -> bytes:
        """Nothing."""
        return b""


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _card(lines: Iterable[tuple[str, Sequence[str]]]) -> bytes:
    told = ["BEGIN:VCARD", "VERSION:3.0"]
    told += [f"{name}:{_value(name, parts)}" for name, parts in lines if any(parts)]
    return b"".join(_folded(line) for line in [*told, "END:VCARD"])


def _value(name: str, parts: Sequence[str]) -> str:
    if name.startswith("URL"):  # a URI, whose marks are its own (RFC 2426, 3.6.8)
        return parts[0]
    return ";".join(map(_escaped, parts))


def _escaped(text: str) -> str:
    for mark in "\\,;":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """A line in pieces of at most 75 bytes, never inside a character."""
    pieces, piece = [], b""
    for letter in line:
        byte = letter.encode("utf-8", "replace")
        if len(piece) + len(byte) > 74:
            pieces.append(piece)
            piece = b""
        piece += byte
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"


class _Out(io.RawIOBase):
    """Where the archive writes; it cannot go back."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held.append(bytes(data))
        return len(self._held[-1])

    def taken(self) -> bytes:
        """What was written since the last time."""
        found, self._held = b"".join(self._held), []
        return found


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    text = escape(str(value).translate(_CONTROL)[:32767])  # what a cell can hold
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
    f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Records" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
