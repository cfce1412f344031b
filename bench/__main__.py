"""`python -m bench`: the suite beside its baseline, in one run; prints the tables and keeps them in bench/results/."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench import cost, flow, goals, overview, reaction, side, table, turns
from bench.load import Load, play, write_requests

RESULTS = Path(__file__).parent / "results"
OPERATIONS = ["read", "list", "create", "search"]
REST_SECONDS = 8.0  # how long the suite is watched at rest


def main() -> int:
    """Measure what the arguments ask for; 1 when a goal was missed and --strict is given."""
    wanted = _arguments()
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        result = _run(wanted, Path(folder))
    text = table.markdown(result)
    print(f"\n{text}")
    _keep(text, result)
    return int(wanted.strict and not all(goal.met for goal in result.goals))


def _run(wanted: argparse.Namespace, folder: Path) -> table.Result:
    _tell(f"starting both sides and filling them with {wanted.accounts:,} accounts each")
    with (
        side.kith(folder / "suite", wanted.accounts) as ours,
        side.bare(folder / "baseline", wanted.accounts) as theirs,
    ):
        idle, idle_cpu = _at_rest(ours, folder)
        met = [goals.of_memory(idle)]
        rows = turns.measure(
            (ours, theirs), wanted.operations, wanted.connections, wanted.turns, wanted.seconds, folder, _tell
        )
        lag = None
        if wanted.events:
            lag = reaction.measure(ours, wanted.events, wanted.event_seconds, folder)
            met = goals.of_lag(lag) + met
        met = overview.goals(overview.measure(ours, folder)) + met
        busy = {name: cost.memory(each) for name, each in cost.trees(ours.pids).items()}
        met = goals.of_ratios(rows) + met
    _tell("measuring what flows through single services")
    flows = flow.measured(wanted.flows)
    met = goals.of_flows(flows) + met
    return table.Result(_machine(), wanted.accounts, rows, lag, flows, idle, busy, idle_cpu, met)


def _at_rest(ours: side.Side, folder: Path) -> tuple[dict[str, cost.Memory], dict[str, float]]:
    """Memory and CPU of a suite that has answered a few requests and now has nothing to do."""
    play(Load(ours.port, write_requests(folder / "first", ours.requests["read"]), 2, 0.3))
    ours.settle()
    processes = cost.trees(ours.pids)
    before = {name: cost.cpu(each) for name, each in processes.items()}
    time.sleep(REST_SECONDS)
    spent = {name: (cost.cpu(each) - before[name]) / REST_SECONDS / 1e4 for name, each in processes.items()}
    return {name: cost.memory(each) for name, each in processes.items()}, spent


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--accounts", type=int, default=10_000, help="on each side")
    add("--operations", nargs="+", choices=OPERATIONS, default=OPERATIONS)
    add("--connections", nargs="+", type=int, default=[1, 16])
    add("--turns", type=int, default=3, help="turns of each side per measurement")
    add("--seconds", type=float, default=1.2, help="length of a turn")
    add("--events", type=float, default=200.0, help="events per second for the lag of reactions; 0 leaves it out")
    add("--event-seconds", type=float, default=8.0)
    add("--flows", nargs="*", choices=flow.MODULES, default=flow.MODULES, help="flows through single services")
    add("--strict", action="store_true", help="fail when a goal is missed")
    return parser.parse_args()


def _machine() -> str:
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {at}"


def _keep(text: str, result: table.Result) -> None:
    RESULTS.mkdir(exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    (RESULTS / f"{name}.md").write_text(text)
    (RESULTS / f"{name}.json").write_text(json.dumps(table.document(result), indent=1) + "\n")
    print(f"Kept in {RESULTS / name}.md and .json")


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
