"""Two words of one name kept as one: what both begin with, a letter of each in turn.

Twenty thousand Annas and five thousand Kowalskas need not be read to find the hundred who are both: `anna kowalska` is kept as
`&aknonwaa`, and whoever seeks `an kow` reads what begins with `&aknow`. The words stand in the order of the alphabet, which
their beginnings tell, too, unless one of these begins with the other.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, zip_longest

from chassis.listing.folding import fold

MARK = "&"  # no word begins with it
ANY = "\0"  # in a beginning: a letter that is not known
LETTERS = 4  # of each word
MOST_PAIRED = 3  # words of a record that are kept in pairs

_NO_NAME = re.compile(r"[\d@]")
_BLOCK = 0x100  # characters among which the letters of one alphabet stand, up to the punctuation
_ALPHABETS_END = 0x2000


def pairs(words: Sequence[str]) -> Iterator[str]:
    """Each two of the first three `words` as one; numbers are no names."""
    named = [word for word in words if nameable(word)]
    for first, second in combinations(named[:MOST_PAIRED], 2):
        yield of_whole(first, second)


def nameable(*words: str) -> bool:
    """Whether all the words could be names."""
    return not any(map(_NO_NAME.search, words))


def of_whole(word: str, other: str) -> str:
    """Two whole words as they are kept."""
    first, second = sorted((word, other))
    turns = zip_longest(first[:LETTERS], second[:LETTERS], fillvalue=" ")
    return MARK + "".join(map("".join, turns))


def of_beginnings(beginning: str, other: str) -> set[str]:
    """What each pair begins with whose words begin so: one text, or two where the order of the words is open."""
    orders = [sorted((beginning, other))]
    if beginning.startswith(other) or other.startswith(beginning):
        orders.append(orders[0][::-1])
    return {_begun(*each) for each in orders}


def _begun(first: str, second: str) -> str:
    known = min(len(first), len(second), LETTERS)
    turns = "".join(map("".join, zip(first[:known], second[:known], strict=True)))
    rest = ANY.join(first[known:LETTERS]) or "".join(ANY + letter for letter in second[known:LETTERS])
    return MARK + turns + rest


def is_whole(beginning: str) -> bool:
    """Whether no pair is longer: both words are known as far as they are kept."""
    return len(beginning) == len(MARK) + 2 * LETTERS and ANY not in beginning


def pattern(beginning: str) -> str:
    """The regular expression of the pairs that begin so, up to a second letter that is not known."""
    known, unknown, rest = _parted(beginning)
    return "^" + re.escape(known) + (f"[{unknown}]{re.escape(rest)}" if unknown else "")


def spelt_out(beginning: str) -> list[str]:
    """What the same pairs begin with when the letter that is not known is each of its alphabet.

    An index goes straight to what begins with a text, and would read all records that `pattern` may be true of.
    """
    known, unknown, rest = _parted(beginning)
    return [known + letter + rest for letter in unknown] if unknown else [known]


def _parted(beginning: str) -> tuple[str, str, str]:
    """What is known, the letters that may follow, and what is known behind them; nothing behind where it may be any."""
    known, _, rest = beginning.partition(ANY)
    unknown = _alphabet(known[-2]) if known != beginning else ""  # the letter before it in the same word
    return known, unknown, rest.partition(ANY)[0] if unknown else ""


@cache
def _alphabet(letter: str) -> str:
    """What may come behind a letter in a name: one of the letters of its block, or none; empty where these are too many."""
    first = ord(letter) // _BLOCK * _BLOCK
    near = map(chr, range(first, first + _BLOCK)) if first < _ALPHABETS_END else ()
    letters = "".join(each for each in near if unicodedata.category(each)[0] in "LM" and fold(each) == each)
    return f" {letters}" if letters else ""
