"""Tells words that one slip of the hand parts: a letter left out, put in, exchanged, or two that changed places.

Two words that differ by one slip become equal when each leaves out at most one letter (Garbe's symmetric deletion). So words
are kept with the beginnings that are left of them, a misspelt one is looked up by what is left of it, and the few that come
are compared by their distance (optimal string alignment). Numbers and addresses are never alike: one digit makes another.
"""

import re
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA

BEGINNING = 7  # letters of a word that are spelt in all ways
_SHORTEST = 4  # letters; below, one slip makes another word too often
_LONG = 8  # letters from which two slips are alike, the second behind the beginning
_NO_WORD = re.compile(r"[\d@]")


def spelt(word: str) -> bool:
    """Whether a word can be misspelt: four letters at least, and no digit."""
    return len(word) >= _SHORTEST and (word.isalpha() or not _NO_WORD.search(word))


def alike(word: str) -> list[str]:
    """The spellings of the beginning of `word`: whole, and without each letter."""
    beginning = word[:BEGINNING]
    return list(dict.fromkeys([beginning, *(beginning[:at] + beginning[at + 1 :] for at in range(len(beginning)))]))


def slips(word: str, other: str) -> int | None:
    """How many slips lie between two words; None when they are more than make words alike."""
    allowed = 0 if not spelt(word) else 2 if len(word) >= _LONG else 1
    found = 0 if other.startswith(word) else OSA.distance(word, other, score_cutoff=allowed)
    return found if found <= allowed else None


def distance(words: Sequence[str], kept: Iterable[str]) -> int | None:
    """How many slips lie between `words` and those that a record kept; None when one of them is like none of those."""
    kept = list(kept)
    least = [min((count for each in kept if (count := slips(word, each)) is not None), default=None) for word in words]
    return None if None in least else sum(each for each in least if each)
