"""Two words of one name kept as one: what both begin with, a letter of each in turn.

Twenty thousand Annas and five thousand Kowalskas need not be read to find the hundred who are both: `anna kowalska` is kept as
`&aknonwaa`, and whoever seeks `an kow` reads what begins with `&aknow`. The words stand in the order of the alphabet, which
their beginnings tell, too, unless one of these begins with the other.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, zip_longest

MARK = "&"  # no word begins with it
ANY = "\0"  # in a beginning: a letter that is not known
LETTERS = 4  # of each word
MOST_PAIRED = 3  # words of a record that are kept in pairs

_NO_NAME = re.compile(r"[\d@]")


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
