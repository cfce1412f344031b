"""How well a hit fits what was looked for. Case and accents do not count, as in the lists that found it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from chassis.listing import fold, tokens

EXACT, PREFIX, TITLE, OTHER = MATCHES = ("EXACT", "PREFIX", "TITLE", "OTHER")


@dataclass(frozen=True)
class Sought:
    """What was looked for."""

    text: str

    @cached_property
    def folded(self) -> str:
        """Without case, accents and spaces around."""
        return fold(self.text).strip()

    @cached_property
    def words(self) -> list[str]:
        """Its words; none where it is marks only."""
        return tokens([self.text])

    def match(self, title: str, below: Sequence[str]) -> str:
        """EXACT: the title or what stands below it is what was sought; PREFIX: the title begins so; TITLE: every word sought
        begins a word of the title; OTHER: it was found by other fields.
        """
        folded = fold(title).strip()
        if self.folded in (folded, *(fold(text).strip() for text in below)):
            return EXACT
        if folded.startswith(self.folded):
            return PREFIX
        return TITLE if all(begins(word, tokens([title])) for word in self.words) else OTHER

    def telling(self, below: Sequence[str]) -> str:
        """The text below a title that holds most of the words sought, the first of equals; empty where there is none."""
        counted = [(sum(begins(word, tokens([text])) for word in self.words), text) for text in below]
        return max(counted, key=lambda each: each[0])[1] if counted else ""


def begins(word: str, of: Sequence[str]) -> bool:
    """Whether a word begins one of others."""
    return any(each.startswith(word) for each in of)
