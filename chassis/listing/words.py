"""Finds records by words: a record keeps the words of its searched fields, folded; a query's words must each begin one.

A word is a run of letters, marks and digits. Where a script writes no spaces (Han, kana, Thai, …), or names run together
(Hangul), every two neighbours are a word, so that any part of a run is found. An e-mail address is also kept whole; a
telephone number also without its country code.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from bson.regex import Regex

from chassis.listing import pairs
from chassis.listing.folding import fold
from chassis.validation.formats import telephone

TOKENS = "search_tokens"  # the stored field
MOST_TOKENS = 200  # of a record; words beyond are not found
LONGEST_TEXT = 5_000  # characters of one field; what follows is not found
MOST_NAMES, LONGEST_NAME = 12, 200  # words of a record that are found misspelt, characters of a field
LONGEST_TOKEN = 64  # of a word; an address is kept whole

# Thai to Lao, Myanmar, Khmer, kana, Han, Hangul.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^{_UNSPACED}]+")
_ASCII_WORD = re.compile(r"[^\W_]+", re.ASCII)
_AROUND_ADDRESS = "<>()[]{},;:\"'"
_E164 = re.compile(r"\+[1-9][0-9]{4,14}\Z")
_DIALLED = re.compile(r"[+(]?[0-9][0-9\s()/.-]*\Z", re.ASCII)
_LEAST_DIALLED = 6  # digits from which a query is read as a telephone number


def tokens(texts: Iterable[str]) -> list[str]:
    """The words of `texts`, each once, the first 200 in their order."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _of(text[:LONGEST_TEXT]):
            found[word] = None
            if len(found) == MOST_TOKENS:
                return list(found)
    return list(found)


def search_tokens(texts: Iterable[str]) -> list[str]:
    """What a record keeps to be found by: the words of `texts`, the first 200, and its first names in pairs."""
    texts = list(texts)
    return [*tokens(texts), *pairs.pairs(names(texts))]


def names(texts: Iterable[str]) -> list[str]:
    """The words of `texts` that are misspelt when searched for, each once, the first 12: addresses are copied or guessed."""
    found = dict.fromkeys(word for text in texts if "@" not in text for word in _words(fold(text[:LONGEST_NAME])))
    return list(found)[:MOST_NAMES]


@dataclass(frozen=True)
class Term:
    """What one word of a query asks of a record: a token that begins so, or one of some whole tokens."""

    beginnings: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()

    @property
    def is_one_word(self) -> bool:
        """Whether one whole token is asked for."""
        return not self.beginnings and len(self.whole) == 1

    @property
    def is_pair(self) -> bool:
        """Whether a pair of words is asked for."""
        return (*self.beginnings, *self.whole)[0].startswith(pairs.MARK)

    @property
    def condition(self) -> dict[str, Any]:
        """The MongoDB query for the records that have such a token."""
        begins = [pairs.pattern(each) if self.is_pair else f"^{re.escape(each)}" for each in self.beginnings]
        return _one_of(begins, self.whole)

    @property
    def leading(self) -> dict[str, Any]:
        """The same, so that an index tells it and no record is read."""
        if not self.is_pair:
            return self.condition
        begins = [f"^{re.escape(each)}" for beginning in self.beginnings for each in pairs.spelt_out(beginning)]
        return _one_of(begins, self.whole)


def _one_of(begins: list[str], whole: tuple[str, ...]) -> dict[str, Any]:
    if len(begins) + len(whole) == 1:
        return {TOKENS: {"$regex": begins[0]} if begins else whole[0]}
    # Python's own patterns bring a flag for which MongoDB would read the whole index.
    return {TOKENS: {"$in": [*map(Regex, begins), *whole]}}


Way = tuple[Term, ...]
# One of which a record must satisfy, with all its terms; any record where there is none.
Ways = tuple[Way, ...]


def together(way: Way) -> Ways:
    """The same, of records that keep the first two words as a pair; nothing where there are no two that could be names."""
    named = [term for term in way if pairs.nameable(*term.beginnings, *term.whole)]
    if len(named) < 2:
        return ()
    first, second = named[:2]
    whole = {pairs.of_whole(word, other) for word in first.whole for other in second.whole}
    begun = {
        begins
        for word in (*first.beginnings, *first.whole)
        for other in (*second.beginnings, *second.whole)
        if word in first.beginnings or other in second.beginnings
        for begins in pairs.of_beginnings(word, other)
    }
    whole |= {each for each in begun if pairs.is_whole(each)}
    return ((Term(tuple(sorted(begun - whole)), tuple(sorted(whole))), *way),)


def begun(query: str) -> Ways:
    """Each word of `query` begins a token."""
    words = sought(query)
    # A word that another one begins with is found with it.
    needed = [word for place, word in enumerate(words) if not any(each.startswith(word) for each in words[:place])]
    return _ways(query, needed, lambda word: Term((word,)))


def holding(query: str) -> Ways:
    """Each word of `query` is a token."""
    return _ways(query, sought(query), lambda word: Term(whole=(word,)))


def found_by(ways: Ways) -> dict[str, Any]:
    """The MongoDB query for the records that satisfy one of `ways`; all records when there is none."""
    each = [{"$and": [term.condition for term in way]} for way in ways]
    return {"$or": each} if len(each) > 1 else each[0] if each else {}


def sought(query: str) -> list[str]:
    """The words of `query`, each once; the longest come first, for they narrow the index most."""
    return sorted(dict.fromkeys(_sought(query)), key=len, reverse=True)


def _ways(query: str, words: list[str], wanted: Callable[[str], Term]) -> Ways:
    # What looks like a telephone number is sought as one, too.
    number = _dialled(query)
    each = (tuple(wanted(word) for word in words), (wanted(number),) if number else ())
    return tuple(way for way in each if way)


def _of(text: str) -> Iterator[str]:
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
