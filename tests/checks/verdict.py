"""What every check says at its end: one JSON line, and an exit status that a script can trust."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.suite import Suite, running


@dataclass
class Verdict:
    """The facts that a check measured, and its faults; it passes without any."""

    check: str
    facts: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def demand(self, held: bool, fault: str) -> None:
        """Note the fault unless it held."""
        if not held:
            self.faults.append(fault)

    def __str__(self) -> str:
        seconds = round(time.monotonic() - self._began, 1)
        shown = {"check": self.check, "passed": not self.faults, "seconds": seconds, **self.facts}
        return json.dumps(shown | {"faults": self.faults[:20], "fault_count": len(self.faults)})


def concluded(name: str, check: Callable[[Suite, Verdict], None], **settings: object) -> None:
    """Run a check on a suite of its own, print its verdict, and exit."""
    verdict = Verdict(name)
    with tempfile.TemporaryDirectory(prefix=f"kith-{name}-") as folder, running(Path(folder), **settings) as suite:
        check(suite, verdict)
    print(verdict)
    sys.exit(bool(verdict.faults))


UNLIMITED = {
    "KITH_USER_REQUESTS_PER_MINUTE": 0, "KITH_TENANT_REQUESTS_PER_MINUTE": 0, "KITH_VISITS_PER_ADDRESS": 0,
}  # fmt: skip


@contextmanager
def noted(verdict: Verdict, what: str) -> Iterator[None]:
    """Turn what breaks inside into a fault of the check."""
    try:
        yield
    except AssertionError as fault:
        verdict.faults.append(f"{what}: {fault}")
