"""CSV as RFC 4180 has it and as programs write it: any encoding, any of four delimiters, line breaks inside quotes."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from charset_normalizer import from_bytes

DELIMITERS = ",;\t|"
_LONGEST = 1 << 20  # characters of a cell
_LOOK = 50  # rows that the delimiter is told from
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# Of encodings that fit a text equally well the one that people have: bytes below 128 are the same in nearly all.
_LIKELY = (
    "cp1252",
    "cp1250",
    "cp1251",
    "shift_jis",
    "cp932",
    "gb18030",
    "big5",
    "euc_kr",
    "cp1253",
    "cp1254",
    "cp1255",
)


def encoding_of(head: bytes) -> str:
    """The encoding of a text that begins with `head`: by its mark, UTF-8 if it can be, else the likeliest."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    try:
        head.decode()
    except UnicodeDecodeError as fault:
        if fault.start < len(head) - 4:  # else the sample only ends inside a character
            best = from_bytes(head, cp_isolation=["utf_16_le", "utf_16_be", *_LIKELY]).best()
            return best.encoding if best else "cp1252"
    return "utf-8"


def delimiter_of(head: bytes, encoding: str) -> str:
    """The delimiter by which the first rows come apart into the same number of cells, the more the better."""
    text = head.decode(encoding, errors="replace")
    return max(DELIMITERS, key=lambda each: (_agreement(text, each), -DELIMITERS.index(each)))


def _agreement(text: str, delimiter: str) -> tuple[float, int]:
    widths: Counter[int] = Counter()
    try:
        for number, row in enumerate(read(io.StringIO(text, newline=""), delimiter)):
            widths[len(row)] += 1
            if number == _LOOK:
                break
    except csv.Error:
        return 0.0, 0
    if not widths or max(widths) == 1:
        return 0.0, 0
    width, often = max(widths.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]))
    return often / widths.total(), width


def read(text: Any, delimiter: str) -> Iterator[list[str]]:
    """The rows; empty lines are none. Raises csv.Error."""
    csv.field_size_limit(_LONGEST)
    return (row for row in csv.reader(text, delimiter=delimiter) if row)
