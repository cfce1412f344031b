"""Measures the two sides in turns, A B A B, so that what the machine does meanwhile meets both alike."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import cost
from bench.load import Load, Tally, play, write_requests
from bench.side import Side

WARM_SECONDS = 0.5


@dataclass
class Measured:
    """One operation at one number of connections on one side, turn by turn."""

    side: str
    operation: str
    connections: int
    tallies: list[Tally] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)  # microseconds by process, over all turns

    @property
    def rate(self) -> float:
        """Requests per second, the median of the turns."""
        return median(tally.per_second for tally in self.tallies)

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that this share of all answers did not exceed."""
        return Tally(1, [latency for tally in self.tallies for latency in tally.latencies]).percentile(share)

    def cpu_per_request(self) -> dict[str, float]:
        """CPU time in microseconds per request, by process."""
        requests = sum(len(tally.latencies) for tally in self.tallies)
        return {name: spent / requests for name, spent in self.cpu.items()}

    def take_turn(self, side: Side, load: Load) -> None:
        """Play the load once against the side."""
        processes = cost.trees(side.pids)
        before = {name: cost.cpu(each) for name, each in processes.items()}
        self.tallies.append(play(load))
        side.settle()
        for name, each in processes.items():
            self.cpu[name] = self.cpu.get(name, 0.0) + cost.cpu(each) - before[name]


def ratio(ours: Measured, theirs: Measured) -> float:
    """Our rate over theirs: the median over the turns, each with its neighbour."""
    pairs = zip(ours.tallies, theirs.tallies, strict=True)
    return median(our.per_second / their.per_second for our, their in pairs)


def measure(
    sides: tuple[Side, ...], operations: list[str], connections: list[int], turns: int, seconds: float, folder: Path,
    tell: Callable[[str], None],
) -> list[tuple[Measured, ...]]:  # fmt: skip
    """Every operation at every number of connections: one Measured per side each."""
    rows = []
    for operation in operations:
        files = [write_requests(folder / f"{side.name}-{operation}", side.requests[operation]) for side in sides]
        for number in connections:
            row = tuple(Measured(side.name, operation, number) for side in sides)
            for side, file in zip(sides, files, strict=True):
                play(Load(side.port, file, number, WARM_SECONDS))
                side.settle()
            for _ in range(turns):
                for side, file, measured in zip(sides, files, row, strict=True):
                    measured.take_turn(side, Load(side.port, file, number, seconds))
            tell(f"{operation} at {number}: " + ", ".join(f"{each.side} {each.rate:,.0f}/s" for each in row))
            rows.append(row)
    return rows
