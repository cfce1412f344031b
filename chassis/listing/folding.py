"""Reads text without regard to case and accents, and finds text in text that was stored as written.

Folding is Unicode's compatibility decomposition (NFKD) and case folding, without combining marks; what then composes
again composes (a Hangul syllable stays one character). Letters with a stroke, and letters that one keyboard writes for
those of another, do not decompose: for these there is a table.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

# The blocks whose characters a pattern reads folded: alphabets, ligatures and width variants. Elsewhere (signs of
# units, mathematical letters) a character is only itself, which keeps patterns short.
_BLOCKS = ((0x41, 0x2071), (0x212A, 0x212C), (0x2C00, 0x2E00), (0x3040, 0x3100), (0xA640, 0xA800), (0xAB30, 0xABC0),
           (0xF900, 0xFB50), (0xFE80, 0xFEFD), (0xFF01, 0xFFDD), (0x10400, 0x10450))  # fmt: skip
# Marks that may follow a letter of a text that is stored decomposed: those of names in common scripts.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670\u3099\u309a"
_MARK = re.compile(f"[{_MARKS}]")
# What people write for letters that they cannot type, as in passports (ICAO 9303) where that is usual; Persian letters
# and endings as an Arabic keyboard has them.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h", "ŧ": "t", "ŋ": "n",
     "\u0649": "\u064a", "\u06cc": "\u064a", "\u0629": "\u0647", "\u06a9": "\u0643"}
)  # fmt: skip


def fold(text: str) -> str:
    """`text` without case and accents: `Ångström` → `angstrom`, `Straße` → `strasse`."""
    if text.isascii():
        return text.lower()
    bare = "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
    return unicodedata.normalize("NFC", bare.casefold().translate(_PLAIN))


def pattern(sought: str) -> str:
    """A regular expression that finds `sought` in text as it was written; empty when `sought` holds only marks.

    It means the same to Python's `re` and to MongoDB's PCRE2, for it names each character that it takes and needs no
    flag. It matches a run of whole characters that, folded, spell the folded `sought`, read from the left: `strasse`
    finds `Straße`, and a single `s` does not find half of `ß`.
    """
    return "".join(_unit(unit) for unit in _units(_MARK.sub("", sought)))


def start_pattern(sought: str) -> str:
    """A regular expression like `pattern` that finds `sought` only where a text begins with it."""
    return f"^[{_MARKS}]*{pattern(sought)}"


def _units(sought: str) -> Iterator[str]:
    # A character of several letters stays together; letters that such a character could stand for come together.
    folded, spellings = _folded(), _spellings()
    place = 0
    while place < len(sought):
        width = next((width for width in (3, 2) if _plain(sought[place : place + width]) in spellings), 1)
        yield folded.get(sought[place], sought[place]) if width == 1 else _plain(sought[place : place + width])
        place += width


def _plain(letters: str) -> str:
    # The folded letters where each stays one letter; else nothing, which is no spelling.
    folded = [_folded().get(each, each) for each in letters]
    return "".join(folded) if len(letters) > 1 and all(len(each) == 1 for each in folded) else ""


def _unit(unit: str) -> str:
    if len(unit) == 1:
        return f"{_class([unit, *_spellings().get(unit, ())])}[{_MARKS}]*"
    letters = "".join(_unit(each) for each in unit)
    return f"(?:{_class(_spellings()[unit])}[{_MARKS}]*|{letters})"


def _class(characters: Iterable[str]) -> str:
    codes = sorted({ord(each) for each in characters})
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    if len(codes) == 1:
        return re.escape(chr(codes[0]))
    return f"[{''.join(_range(*each) for each in ranges)}]"


def _range(first: int, last: int) -> str:
    ends = [re.escape(chr(first)), re.escape(chr(last))]
    return ends[0] if first == last else "-".join(ends) if last > first + 1 else "".join(ends)


@cache
def _folded() -> dict[str, str]:
    """Character → what it folds to, for those that change."""
    characters = (chr(code) for first, end in _BLOCKS for code in range(first, end))
    return {each: folded for each in characters if (folded := fold(each)) != each and folded}


@cache
def _spellings() -> dict[str, list[str]]:
    """Folded letters → the characters that fold to them."""
    spellings: dict[str, list[str]] = {}
    for each, folded in _folded().items():
        spellings.setdefault(folded, []).append(each)
    return spellings
