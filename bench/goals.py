"""What the project promised itself, and whether this run kept it."""

from dataclasses import dataclass

from bench.cost import Memory
from bench.flow import Flow
from bench.reaction import Lag
from bench.turns import Measured, ratio

LEAST_RATIO = {"read": 0.35, "list": 0.5, "create": 0.5}
MOST_LAG_P50, MOST_LAG_P99 = 10.0, 100.0  # milliseconds
MOST_MEMORY = 800.0  # megabytes, whole suite at rest


@dataclass(frozen=True)
class Goal:
    """One promise: `measured` in words, and whether it is within the bound."""

    name: str
    bound: str
    measured: str
    met: bool


def of_ratios(rows: list[tuple[Measured, ...]]) -> list[Goal]:
    """Rates against the baseline, each at the number of connections where we fare worst."""
    goals = []
    for operation, least in LEAST_RATIO.items():
        ratios = {ours.connections: ratio(ours, theirs) for ours, theirs in rows if ours.operation == operation}
        if ratios:
            said = ", ".join(f"{value:.2f} at {number}" for number, value in ratios.items())
            goals.append(
                Goal(f"{operation}: rate against the baseline", f"≥ {least}", said, min(ratios.values()) >= least)
            )
    return goals


def of_lag(lag: Lag) -> list[Goal]:
    """Commit to reaction done."""
    p50, p99 = lag.percentile(0.5), lag.percentile(0.99)
    name = f"commit to reaction done at {lag.per_second:.0f} events/s"
    missing = f", {lag.missing} without reaction" if lag.missing else ""
    return [
        Goal(
            f"{name}, p50",
            f"≤ {MOST_LAG_P50:.0f} ms",
            f"{p50:.0f} ms{missing}",
            p50 <= MOST_LAG_P50 and not lag.missing,
        ),
        Goal(
            f"{name}, p99",
            f"≤ {MOST_LAG_P99:.0f} ms",
            f"{p99:.0f} ms{missing}",
            p99 <= MOST_LAG_P99 and not lag.missing,
        ),
    ]


def of_flows(flows: list[Flow]) -> list[Goal]:
    """What flows through a service."""
    return [
        Goal(flow.name, f"≥ {flow.least:,.0f}/s", f"{flow.per_second:,.0f}/s", flow.per_second >= flow.least)
        for flow in flows
    ]


def of_memory(idle: dict[str, Memory]) -> Goal:
    """The whole suite at rest, both servers included; shared pages count once."""
    pss, rss = sum(each.pss for each in idle.values()), sum(each.rss for each in idle.values())
    said = f"{pss:.0f} MB (RSS {rss:.0f} MB)"
    return Goal("whole suite at rest, both servers included", f"< {MOST_MEMORY:.0f} MB", said, pss < MOST_MEMORY)
