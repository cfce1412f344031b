"""The result of a run as Markdown for people and as JSON for comparison."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from bench.cost import Memory
from bench.flow import Flow
from bench.goals import Goal
from bench.reaction import Lag
from bench.turns import Measured, ratio

Rows = list[tuple[Measured, ...]]


@dataclass(frozen=True)
class Result:
    """Everything that one run found. `idle` and `busy` are by process of the suite."""

    machine: str
    accounts: int
    rows: Rows
    lag: Lag | None
    flows: list[Flow]
    idle: dict[str, Memory]
    busy: dict[str, Memory]
    idle_cpu: dict[str, float]  # percent of one core, by process
    goals: list[Goal]


def markdown(result: Result) -> str:
    """The whole report."""
    parts = [f"# Bench\n\n{result.machine}, {result.accounts:,} accounts on each side."]
    if result.rows:
        others = "`others` is the share of the machine that was used by somebody else meanwhile, in the worst turn."
        parts += [f"## Rates\n\n{_rates(result.rows)}\n\n{others}", "## CPU per request, in µs\n\n" + _cpu(result.rows)]
    if result.lag:
        parts.append("## Commit to reaction done\n\n" + _lag(result.lag))
    if result.flows:
        parts.append("## Flows\n\n" + _flows(result.flows))
    parts += ["## Memory of the suite, in MB\n\n" + _memory(result), "## Goals\n\n" + _goals(result.goals)]
    return "\n\n".join(parts) + "\n"


def document(result: Result) -> dict[str, Any]:
    """The same as a JSON object; latencies as percentiles only."""
    return {
        "machine": result.machine,
        "accounts": result.accounts,
        "rates": [_row(*row) for row in result.rows],
        "lag_ms": result.lag
        and {"per_second": result.lag.per_second, "missing": result.lag.missing, **_shares(result.lag)},
        "flows": [
            asdict(flow) | {"per_second": round(flow.per_second, 1), "cpu_us": flow.cpu_per_item}
            for flow in result.flows
        ],
        "memory_mb": {
            name: {"idle": asdict(each), "busy": asdict(result.busy[name])} for name, each in result.idle.items()
        },
        "idle_cpu_percent": result.idle_cpu,
        "goals": [asdict(goal) for goal in result.goals],
    }


def _row(ours: Measured, theirs: Measured) -> dict[str, Any]:
    sides = {
        each.side: {
            "per_second": round(each.rate, 1), **_shares(each), "cpu_us": each.cpu_per_request(),
            "turns": [round(turn.tally.per_second, 1) for turn in each.turns], "others_share": round(each.others, 3),
        }
        for each in (ours, theirs)
    }  # fmt: skip
    return {
        "operation": ours.operation,
        "connections": ours.connections,
        "ratio": round(ratio(ours, theirs), 3),
        **sides,
    }


def _shares(measured: Measured | Lag) -> dict[str, float]:
    return {"p50_ms": measured.percentile(0.5), "p99_ms": measured.percentile(0.99)}


def _rates(rows: Rows) -> str:
    return _grid(
        [
            "operation",
            "connections",
            "suite/s",
            "p50 ms",
            "p99 ms",
            "baseline/s",
            "p50 ms",
            "p99 ms",
            "ratio",
            "others",
        ],
        (
            [
                ours.operation,
                str(ours.connections),
                *_side(ours),
                *_side(theirs),
                f"{ratio(ours, theirs):.2f}",
                _percent(max(ours.others, theirs.others)),
            ]
            for ours, theirs in rows
        ),
    )


def _side(each: Measured) -> list[str]:
    return [f"{each.rate:,.0f}", f"{each.percentile(0.5):.1f}", f"{each.percentile(0.99):.1f}"]


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _cpu(rows: Rows) -> str:
    names = [f"{each.side} {name}" for each in rows[0] for name in each.cpu_per_request()]
    lines = []
    for row in rows:
        spent = {f"{each.side} {name}": cost for each in row for name, cost in each.cpu_per_request().items()}
        lines.append([row[0].operation, str(row[0].connections), *(f"{spent[name]:,.0f}" for name in names)])
    return _grid(["operation", "connections", *names], lines)


def _lag(lag: Lag) -> str:
    numbers = [f"{lag.percentile(share):.0f}" for share in (0.5, 0.9, 0.99, 1)]
    return _grid(["events/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "missing", "others"],
                 [[f"{lag.per_second:.0f}", *numbers, str(lag.missing), _percent(lag.others)]])  # fmt: skip


def _flows(flows: list[Flow]) -> str:
    heads = [
        "flow",
        "items",
        "suite/s",
        "bare/s",
        "ratio",
        "promised/s",
        "cores at that rate",
        "µs of CPU per item",
        "others",
    ]
    return _grid(heads, (_flow(flow) for flow in flows))


def _flow(flow: Flow) -> list[str]:
    spent = ", ".join(f"{name} {each:,.0f}" for name, each in flow.cpu_per_item.items())
    rates = [f"{flow.per_second:,.0f}", f"{flow.bare:,.0f}", f"{flow.per_second / flow.bare:.2f}", f"{flow.least:,.0f}"]
    return [flow.name, f"{flow.items:,}", *rates, f"{flow.cores:.2f}", spent, _percent(flow.others)]


def _memory(result: Result) -> str:
    lines = [
        [
            name,
            f"{idle.rss:.0f}",
            f"{idle.pss:.0f}",
            f"{busy.rss:.0f}",
            f"{busy.pss:.0f}",
            f"{result.idle_cpu[name]:.1f}",
        ]
        for name, idle, busy in ((name, each, result.busy[name]) for name, each in result.idle.items())
    ]
    total = [sum(float(line[place]) for line in lines) for place in range(1, 6)]
    lines.append(["together", *(f"{each:.0f}" for each in total)])
    return _grid(["process", "RSS idle", "PSS idle", "RSS after load", "PSS after load", "CPU idle %"], lines)


def _goals(goals: list[Goal]) -> str:
    return _grid(["goal", "bound", "measured", ""],
                 ([goal.name, goal.bound, goal.measured, "met" if goal.met else "**missed**"] for goal in goals))  # fmt: skip


def _grid(heads: list[str], lines: Iterable[list[str]]) -> str:
    return "\n".join(["| " + " | ".join(line) + " |" for line in (heads, ["---"] * len(heads), *lines)])
