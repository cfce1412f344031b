"""What two texts have different, line by line: the shortest way from one to the other, as long as it is not too long.

Eugene W. Myers, "An O(ND) Difference Algorithm and Its Variations" (Algorithmica 1, 1986). Its cost grows with the square of the
number of differences, so beyond `MOST_DIFFERENCES` everything between the first and the last difference counts as replaced.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise

from crm.contacts.v1.document_pb2 import Comparison

MOST_BYTES = 1024 * 1024
MOST_LINES = 20_000
MOST_DIFFERENCES = 1_000
MOST_SHOWN, LONGEST_SHOWN = 2_000, 1_000  # lines, and characters of a line
AROUND = 3  # equal lines around a difference

Point = tuple[int, int]
Step = tuple[int, int, int]  # what became of a line; its place in the base and in the other text, from 0 on

SAME, ADDED, REMOVED = Comparison.SAME, Comparison.ADDED, Comparison.REMOVED


class NotComparable(Exception):
    """The bytes are no text, or too much of it; says why."""


def lines_of(data: bytes) -> list[str]:
    """The lines of a text in UTF-8, in UTF-16 with its mark, or else in Windows-1252. Raises NotComparable."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    if len(lines) > MOST_LINES:
        raise NotComparable(f"it has more than {MOST_LINES:,} lines")
    return lines


def compared(base: Sequence[str], other: Sequence[str]) -> Comparison:
    """The hunks that lead from `base` to `other`."""
    steps, minimal = steps_between(base, other)
    found = Comparison(minimal=minimal)
    found.added_count = sum(kind == ADDED for kind, _, _ in steps)
    found.removed_count = sum(kind == REMOVED for kind, _, _ in steps)
    room = MOST_SHOWN
    for first, last in _spans(steps):
        if room:
            found.hunks.append(_hunk(steps[first : min(last, first + room)], base, other))
        found.truncated |= last - first > room
        room = max(0, room - (last - first))
    return found


def _hunk(steps: Sequence[Step], base: Sequence[str], other: Sequence[str]) -> Comparison.Hunk:
    _, base_start, start = steps[0]
    hunk = Comparison.Hunk(base_start=base_start + 1, start=start + 1)
    for kind, at, there in steps:
        text = other[there] if kind == ADDED else base[at]
        hunk.lines.add(kind=kind, text=text[:LONGEST_SHOWN])
    return hunk


def _spans(steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """Where the steps differ, with equal ones around; spans that meet become one."""
    first = last = -1
    for place, (kind, _, _) in enumerate(steps):
        if kind == SAME:
            continue
        if first >= 0 and place - AROUND > last:
            yield first, last
            first = -1
        if first < 0:
            first = max(place - AROUND, 0)
        last = min(place + AROUND + 1, len(steps))
    if first >= 0:
        yield first, last


def steps_between(base: Sequence[str], other: Sequence[str]) -> tuple[list[Step], bool]:
    """Every line of both texts in order, each with what became of it; and whether there is no shorter way."""
    head = _alike(base, other)
    tail = _alike(base[head:][::-1], other[head:][::-1])
    a, b = base[head : len(base) - tail], other[head : len(other) - tail]
    points = _shortest(a, b)
    replaced = [(x, 0) for x in range(len(a))] + [(len(a), y) for y in range(len(b) + 1)]
    steps: list[Step] = [(SAME, at, at) for at in range(head)]
    steps += [(kind, x + head, y + head) for kind, x, y in _walk(points or replaced)]
    ends = len(base) - tail, len(other) - tail
    steps += [(SAME, ends[0] + at, ends[1] + at) for at in range(tail)]
    return steps, points is not None


def _alike(a: Sequence[str], b: Sequence[str]) -> int:
    """How many lines both begin with."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _shortest(a: Sequence[str], b: Sequence[str]) -> list[Point] | None:
    """The points of the shortest way through the grid of both texts; None where it has too many differences."""
    furthest = {1: 0}  # by diagonal: how far into `a` so many differences lead at most
    rounds: list[Sequence[int]] = []
    for count in range(min(len(a) + len(b), MOST_DIFFERENCES) + 1):
        for k in range(-count, count + 1, 2):
            x = furthest[k + 1] if _goes_down(furthest, k, count) else furthest[k - 1] + 1
            while x < len(a) and x - k < len(b) and a[x] == b[x - k]:
                x += 1
            furthest[k] = x
            if x >= len(a) and x - k >= len(b):
                return _way_back(rounds, x, x - k)
        rounds.append(array("l", (furthest[k] for k in range(-count, count + 1, 2))))
    return None


def _goes_down(furthest: dict[int, int], k: int, count: int) -> bool:
    """Whether the last of `count` differences on diagonal `k` is a line of the other text."""
    return k == -count or (k != count and furthest[k - 1] < furthest[k + 1])


def _way_back(rounds: list[Sequence[int]], x: int, y: int) -> list[Point]:
    points = [(x, y)]
    for count in range(len(rounds), 0, -1):
        before = dict(zip(range(-count + 1, count, 2), rounds[count - 1], strict=True))
        k = x - y
        from_k = k + 1 if _goes_down(before, k, count) else k - 1
        from_x, from_y = before[from_k], before[from_k] - from_k
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            points.append((x, y))
        x, y = from_x, from_y
        points.append((x, y))
    while x > 0 and y > 0:
        x, y = x - 1, y - 1
        points.append((x, y))
    return points[::-1]


def _walk(points: Sequence[Point]) -> Iterator[Step]:
    for (x, y), (to_x, to_y) in pairwise(points):
        yield SAME if to_x > x and to_y > y else REMOVED if to_x > x else ADDED, x, y
