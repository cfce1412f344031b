"""One suite per state folder: whoever holds the lock on its pid file runs it.

The lock goes with its holder, however that one dies, so a pid file that was left behind never stands in the way.
"""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.embedded import Fault

PID_FILE = "suite.pid"


@contextmanager
def claimed(state: Path) -> Iterator[None]:
    """Hold the folder for the length of the block. Raises Fault when another suite runs in it."""
    path = state / PID_FILE
    with path.open("a+") as file:
        if not _lock(file.fileno()):
            raise Fault(
                f"a suite is already running in {state} (process {holder(state)}); "
                "`make down` stops it, and KITH_STATE_DIR with KITH_PORT_OFFSET starts another one beside it"
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def holder(state: Path) -> int | None:
    """The process that runs the suite in this folder; None when there is none."""
    try:
        with (state / PID_FILE).open("r+") as file:
            return None if _lock(file.fileno()) else int(file.read().strip() or 0)
    except FileNotFoundError:
        return None


def end_holder(state: Path, seconds: float = 90.0) -> bool:
    """Ask the running suite to stop and wait until it has; False when none runs. Raises Fault when it does not stop."""
    pid = holder(state)
    if not pid:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while holder(state) == pid:
        if time.monotonic() > deadline:
            raise Fault(
                f"the suite in {state} (process {pid}) did not stop within {seconds:.0f} s; see {state / 'logs'}"
            )
        time.sleep(0.05)
    return True


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
