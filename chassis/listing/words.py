"""Finds records by words: a record keeps the words of its searched fields, folded; a query's words must each begin one.

A word is a run of letters, marks and digits. Where a script writes no spaces (Han, kana, Thai, …) every two neighbours
are a word, so that any part of a run is found. An e-mail address is also kept whole; a telephone number also without
its country code.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from chassis.listing.folding import fold
from chassis.validation.formats import telephone

TOKENS = "search_tokens"  # the stored field
MOST_TOKENS = 200  # of a record; words beyond are not found
LONGEST_TEXT = 5_000  # characters of one field; what follows is not found
LONGEST_TOKEN = 64  # of a word; an address is kept whole

# Thai to Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^{_UNSPACED}]+")
_ASCII_WORD = re.compile(r"[^\W_]+", re.ASCII)
_AROUND_ADDRESS = "<>()[]{},;:\"'"
_E164 = re.compile(r"\+[1-9][0-9]{4,14}\Z")
_DIALLED = re.compile(r"[+(]?[0-9][0-9\s()/.-]*\Z", re.ASCII)
_LEAST_DIALLED = 6  # digits from which a query is read as a telephone number


def tokens(texts: Iterable[str]) -> list[str]:
    """The words of `texts`, each once, the first 200 in their order: what a record keeps in `search_tokens`."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _kept(text[:LONGEST_TEXT]):
            found[word] = None
            if len(found) == MOST_TOKENS:
                return list(found)
    return list(found)


def found_by(query: str) -> dict[str, Any]:
    """The MongoDB query for the records of which each word of `query` begins a token; all records when it has none."""
    words = sorted(set(_sought(query)), key=len, reverse=True)
    # A word that another one begins with is found with it; the longest comes first, for it narrows the index most.
    needed = [word for place, word in enumerate(words) if not any(each.startswith(word) for each in words[:place])]
    each_word = [_begins(word) for word in needed]
    ways = [{"$and": each_word}] if each_word else []
    if number := _dialled(query):
        ways.append(_begins(number))
    return {"$or": ways} if len(ways) > 1 else ways[0] if ways else {}


def _begins(word: str) -> dict[str, Any]:
    return {TOKENS: {"$regex": f"^{re.escape(word)}"}}


def _kept(text: str) -> Iterator[str]:
    folded = fold(text)
    if "@" in folded:
        yield from _addresses(folded)
    yield from _words(folded)
    if _E164.match(text) and (number := telephone(text)):
        yield str(number.national_number)


def _sought(query: str) -> Iterator[str]:
    for chunk in fold(query).split():
        # An address is sought whole, as far as it is written; one half of it is words.
        yield from list(_addresses(chunk)) or _words(chunk, last_alone=False)


def _addresses(folded: str) -> Iterator[str]:
    for chunk in folded.split():
        bare = chunk.strip(_AROUND_ADDRESS)
        if "@" in bare.strip("@") and not bare.startswith("@") and not bare.endswith("@"):
            yield bare


def _words(folded: str, last_alone: bool = True) -> Iterator[str]:
    # A long text says most of its words more than once; each is looked at once.
    if folded.isascii():  # where there are neither marks nor scripts without spaces
        yield from (word[:LONGEST_TOKEN] for word in dict.fromkeys(_ASCII_WORD.findall(folded)))
        return
    for word in dict.fromkeys(_word().findall(folded)):
        for run in _RUN.finditer(word):
            if run["unspaced"]:
                yield from _pairs(run["unspaced"], last_alone)
            else:
                yield run.group()[:LONGEST_TOKEN]


def _pairs(run: str, last_alone: bool) -> Iterator[str]:
    yield from (run[place : place + 2] for place in range(len(run) - 1))
    if last_alone or len(run) == 1:
        yield run[-1]  # no pair begins with it


def _dialled(query: str) -> str:
    if not _DIALLED.match(query.strip()):
        return ""
    digits = re.sub(r"[^0-9]", "", query)
    return digits.lstrip("0") if len(digits) >= _LEAST_DIALLED else ""


@cache
def _word() -> re.Pattern[str]:
    # Python's \w knows no marks, which are parts of words in Indic and other scripts.
    marks = "".join(each for each in map(chr, range(0x300, 0x10000)) if unicodedata.category(each).startswith("M"))
    return re.compile(f"(?:[^\\W_]|[{marks}])+")
