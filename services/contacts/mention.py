"""Whether a row of a table names a person: by an address, a number, an id, or by all words of a name, in whatever cells."""

import re
from collections.abc import Iterable
from typing import Any

from chassis import Person, fold

_WORD = re.compile(r"\w+")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s()./-]+(?=\d)")


class Mention:
    """What names one person."""

    def __init__(self, person: Person) -> None:
        exact = [fold(each) for each in (*person.emails, *person.phones, *person.contact_ids)]
        self._exact = re.compile("|".join(map(re.escape, exact)) or r"(?!)")
        self._names = [words for name in person.names if (words := set(_WORD.findall(fold(name))))]

    def stands_in(self, cells: Iterable[Any]) -> bool:
        """Whether the row names the person. Numbers may be written with spaces, brackets and dashes, with the country's code."""
        text = fold(" ".join(str(cell) for cell in cells))
        if self._exact.search(text) or self._exact.search(_BETWEEN_DIGITS.sub("", text)):
            return True
        if not any(all(word in text for word in name) for name in self._names):
            return False
        said = set(_WORD.findall(text))
        return any(name <= said for name in self._names)
