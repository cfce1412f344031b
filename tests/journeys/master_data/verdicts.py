"""What a corpus says of its cases beside what the suite says: agreed, differing for a known reason, or wrong."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_SHOWN = 6  # cases of a reason


@dataclass
class Verdicts:
    """The cases of a corpus and what became of them. A case is a row, a card, a column, an address or a string."""

    created: int = 0
    refused: int = 0
    agreed: int = 0
    answers: int = 0  # known answers that hold: figures, counts, numbers
    differing: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # by reason
    wrong: list[str] = field(default_factory=list)

    def judge(self, case: str, taken: bool, agrees: bool, reason: str = "") -> None:
        """Note what was done with a case; where that is not what the corpus says, there must be a reason."""
        self.created += taken
        self.refused += not taken
        self.agreed += self._holds(case, agrees, reason)

    def hold(self, case: str, agrees: bool, reason: str = "") -> None:
        """Note whether a known answer holds."""
        self.answers += self._holds(case, agrees, reason)

    def _holds(self, case: str, agrees: bool, reason: str) -> bool:
        if not agrees:
            (self.differing[reason] if reason else self.wrong).append(case)
        return agrees

    @property
    def counts(self) -> tuple[int, ...]:
        """Cases in all, created, refused; verdicts that agree, differ, are wrong; answers that hold."""
        differing = sum(map(len, self.differing.values()))
        taken = self.created + self.refused
        return taken, self.created, self.refused, self.agreed, differing, len(self.wrong), self.answers

    def lines(self, title: str) -> Iterator[str]:
        """The line of the table, and below it every verdict that differs, by its reason."""
        yield row(title, *self.counts)
        for reason, cases in sorted(self.differing.items()):
            more = f" and {len(cases) - _SHOWN} more" if len(cases) > _SHOWN else ""
            yield f"{len(cases):>8}  {reason}: {', '.join(map(_short, cases[:_SHOWN]))}{more}"
        yield from (f"   WRONG  {_short(each)}" for each in self.wrong)


def row(title: str, *cells: object) -> str:
    """A line of the table."""
    return f"{title:24}" + "".join(f"{cell:>10}" for cell in cells)


HEAD = row("corpus", "rows in", "created", "refused", "agreed", "differing", "wrong", "answers")


def total(all_verdicts: Iterable[Verdicts]) -> str:
    """The last line of the table."""
    return row("all", *(sum(column) for column in zip(*(each.counts for each in all_verdicts), strict=True)))


def _short(case: str) -> str:
    return case if len(case) <= 70 else f"{case[:67]}…"
