"""What processes cost: CPU time and memory of whole process trees, as /proc tells it."""

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")  # microseconds


@dataclass(frozen=True)
class Memory:
    """Megabytes: `rss` counts shared pages in every process, `pss` once."""

    rss: float
    pss: float


def trees(roots: dict[str, int]) -> dict[str, list[int]]:
    """All processes that descend from each root, by the root's name; another root's are not counted twice."""
    return {name: _tree(pid, set(roots.values()) - {pid}) for name, pid in roots.items()}


def cpu(processes: list[int]) -> float:
    """CPU time of the processes so far, in microseconds, to the nearest tick of 10 ms each."""
    total = 0.0
    for each in processes:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) * _TICK
    return total


def memory(processes: list[int]) -> Memory:
    """Memory of the processes now."""
    rss = pss = 0
    for each in processes:
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            continue
        amounts = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        rss, pss = rss + amounts["Rss"], pss + amounts["Pss"]
    return Memory(rss / 1024, pss / 1024)


class Machine:
    """The whole machine from now on: how much of it those use who are not measured."""

    def __init__(self) -> None:
        self._began, self._busy, self._bench = time.monotonic(), _busy(), _bench()

    def others(self, measured: float) -> float:
        """Share of all cores that is neither the bench's own work nor `measured`, in microseconds of CPU time."""
        all_of_it = (time.monotonic() - self._began) * 1e6 * (os.cpu_count() or 1)
        return max(0.0, (_busy() - self._busy - (_bench() - self._bench) - measured) / all_of_it)


def _busy() -> float:
    # user, nice, system, idle, iowait, irq, softirq, steal
    times = [int(each) for each in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(times) - times[3] - times[4]) * _TICK


def _bench() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used) * 1e6


def _tree(root: int, others: set[int]) -> list[int]:
    found = [root]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                children = map(int, (task / "children").read_text().split())
                found += [child for child in children if child not in others]
        except OSError:  # it ended meanwhile
            continue
    return found
