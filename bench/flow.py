"""Work that flows through one service, item by item: how many a second, and what each process spends on one.

`python -m bench.mails` and `python -m bench.campaigns` each measure flows of a service with servers of its own, and print them;
bare code that does the same outward work, with the same promise of durability but no suite around it, is measured beside them.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from bench import cost
from chassis.embedded import Servers

MODULES = ("mails", "campaigns")
_LONGEST_SECONDS = 300


@dataclass(frozen=True)
class Flow:
    """One kind of work as it was measured."""

    name: str
    items: int
    seconds: float
    least: float  # items per second that were promised
    cpu: dict[str, float] = field(default_factory=dict)  # microseconds of all items, by process
    bare: float = 0.0  # items per second of the bare code
    others: float = 0.0  # share of the machine that others used meanwhile

    @property
    def per_second(self) -> float:
        """Items per second."""
        return self.items / self.seconds

    @property
    def cpu_per_item(self) -> dict[str, float]:
        """CPU time in microseconds per item, by process."""
        return {name: spent / self.items for name, spent in self.cpu.items()}

    @property
    def cores(self) -> float:
        """Processor cores that the promised rate takes, all processes together."""
        return sum(self.cpu_per_item.values()) * self.least / 1e6


class Watch:
    """A flow that begins now: its time, and its processes' CPU time. This process is the service."""

    def __init__(self, servers: Servers, **others: int) -> None:
        roots = {"service": os.getpid(), "mongod": servers.mongod.pid, "nats": servers.nats.pid, **others}
        self._processes, self._machine = cost.trees(roots), cost.Machine()
        self._before = {name: cost.cpu(each) for name, each in self._processes.items()}
        self._began = time.monotonic()

    def flow(self, name: str, items: int, least: float, bare: float) -> Flow:
        """What was done since the watch began."""
        seconds = time.monotonic() - self._began
        spent = {name: cost.cpu(each) - self._before[name] for name, each in self._processes.items()}
        others = self._machine.others(
            sum(spent.values()) - spent["service"]
        )  # the machine knows this process as the bench's
        return Flow(name, items, seconds, least, spent, bare, others)


def measured(modules: Sequence[str]) -> list[Flow]:
    """The flows of these modules, each measured in a process of its own. Raises CalledProcessError when one breaks."""
    found = []
    for module in modules:
        command = [sys.executable, "-m", f"bench.{module}"]
        child = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=_LONGEST_SECONDS, check=True)
        found += [
            Flow(**each) for each in json.loads(child.stdout.splitlines()[-1])
        ]  # before it stands what the service logs
    return found


def tell(flows: list[Flow]) -> None:
    """Print flows for `measured` on standard output, and for people beside it."""
    print(json.dumps([asdict(flow) for flow in flows]))
    for flow in flows:
        spent = ", ".join(f"{name} {each:,.0f}" for name, each in flow.cpu_per_item.items())
        line = f"{flow.name}: {flow.per_second:,.0f}/s, bare {flow.bare:,.0f}/s; µs of CPU per item: {spent}"
        print(f"{line}; others {flow.others:.0%}", file=sys.stderr)


def wait_until(reached: Callable[[], bool], seconds: float = 120.0) -> None:
    """Return as soon as something is so. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not reached within {seconds} s")
        time.sleep(0.05)
