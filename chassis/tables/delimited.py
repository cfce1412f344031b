"""CSV as RFC 4180 has it and as programs write it: any encoding, any of four delimiters, line breaks inside quotes."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from charset_normalizer import from_bytes

from chassis.tables import alphabets

DELIMITERS = ",;\t|"
_LONGEST = 1 << 20  # characters of a cell
_LOOK = 50  # rows that the delimiter is told from
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# Those with two bytes for a letter, as far as people have them; the others are told apart by their alphabets.
_WIDE = ["shift_jis", "cp932", "gb18030", "big5", "euc_kr"]
_UTF_16 = ["utf_16_le", "utf_16_be"]  # nearly any bytes are letters of it; but in a table there are zeros among them


def encoding_of(head: bytes, *, whole: bool = False) -> str:
    """The encoding of a text that begins with `head`, or is `whole`: by its mark, UTF-8 if it can be, else the likeliest."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        wide = from_bytes(head, cp_isolation=_WIDE + (_UTF_16 if b"\0" in head else [])).best()
        candidates = (*alphabets.ENCODINGS, *([wide.encoding] if wide else []))
        return max(candidates, key=lambda each: alphabets.fit(head.decode(each, errors="replace"), each))
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
    """The rows; empty ones are none, neither lines without a letter nor `,,,`. Raises csv.Error."""
    csv.field_size_limit(_LONGEST)
    return (row for row in csv.reader(text, delimiter=delimiter) if any(row))
