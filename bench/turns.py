"""Measures the two sides in turns, A B A B, so that what the machine does meanwhile meets both alike.

Where somebody else works on the machine at the same time, turns are repeated within bounds, and the quietest count.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import cost
from bench.load import Load, Tally, play, write_requests
from bench.side import Side

WARM_SECONDS = 0.5
QUIET = 0.1  # share of the machine that others may use in a turn that counts as quiet
PATIENCE = 2  # times the turns wanted, for as many to be quiet


@dataclass(frozen=True)
class Turn:
    """One turn of one side: what was answered, its processes' CPU time in microseconds, and others' share of the machine."""

    tally: Tally
    cpu: dict[str, float]
    others: float


@dataclass
class Measured:
    """One operation at one number of connections on one side, turn by turn."""

    side: str
    operation: str
    connections: int
    turns: list[Turn] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests per second, the median of the turns."""
        return median(turn.tally.per_second for turn in self.turns)

    @property
    def others(self) -> float:
        """Share of the machine that others used meanwhile."""
        return max(turn.others for turn in self.turns)

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that this share of all answers did not exceed."""
        return Tally(1, [latency for turn in self.turns for latency in turn.tally.latencies]).percentile(share)

    def cpu_per_request(self) -> dict[str, float]:
        """CPU time in microseconds per request, by process."""
        requests = sum(len(turn.tally.latencies) for turn in self.turns)
        return {name: sum(turn.cpu[name] for turn in self.turns) / requests for name in self.turns[0].cpu}


def take(side: Side, load: Load) -> Turn:
    """Play the load once against the side, and wait until what it left to do is done."""
    processes = cost.trees(side.pids)
    before, machine = {name: cost.cpu(each) for name, each in processes.items()}, cost.Machine()
    tally = play(load)
    side.settle()
    spent = {name: cost.cpu(each) - before[name] for name, each in processes.items()}
    return Turn(tally, spent, machine.others(sum(spent.values())))


def ratio(ours: Measured, theirs: Measured) -> float:
    """Our rate over theirs: the median over the turns, each with its neighbour."""
    pairs = zip(ours.turns, theirs.turns, strict=True)
    return median(our.tally.per_second / their.tally.per_second for our, their in pairs)


def measure(
    sides: Sequence[Side], operations: list[str], connections: list[int], turns: int, seconds: float, folder: Path,
    tell: Callable[[str], None],
) -> list[tuple[Measured, ...]]:  # fmt: skip
    """Every operation at every number of connections: one Measured per side each."""
    rows = []
    for operation in operations:
        files = [write_requests(folder / f"{side.name}-{operation}", side.requests[operation]) for side in sides]
        for number in connections:
            for side, file in zip(sides, files, strict=True):
                play(Load(side.port, file, number, WARM_SECONDS))
                side.settle()
            loads = [Load(side.port, file, number, seconds) for side, file in zip(sides, files, strict=True)]
            rounds = quietest(turns, lambda loads=loads: list(map(take, sides, loads)))
            row = tuple(
                Measured(side.name, operation, number, list(turns))
                for side, turns in zip(sides, zip(*rounds, strict=True), strict=True)
            )
            tell(f"{operation} at {number}: " + ", ".join(f"{each.side} {each.rate:,.0f}/s" for each in row))
            rows.append(row)
    return rows


def quietest(count: int, play_round: Callable[[], list[Turn]]) -> list[list[Turn]]:
    """The `count` rounds that others disturbed least, in their order, of as many as patience allows."""
    rounds: list[tuple[float, list[Turn]]] = []
    while len(rounds) < count * PATIENCE and sum(noise <= QUIET for noise, _ in rounds) < count:
        turns = play_round()
        rounds.append((max(turn.others for turn in turns), turns))
    loudest = sorted(noise for noise, _ in rounds)[count - 1]
    return [turns for noise, turns in rounds if noise <= loudest][:count]
