"""Two transactions at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chassis import transaction


def run_beside(work: Callable[[], Any], other: Callable[[], Any]) -> Any:
    """Run `work` in a transaction during which `other`, with transactions of its own, begins and is done; its answer."""
    runs: list[Any] = []

    def both() -> Any:
        runs.append(work())
        if len(runs) == 1:
            with ThreadPoolExecutor() as beside:
                beside.submit(other).result()
        return runs[-1]

    return transaction.run(both)
