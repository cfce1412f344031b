"""Counts what a process has put on disk, from outside: by strace where there is one."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CALLS = ("fsync", "fdatasync", "sync_file_range", "msync")


class Unmeasured(Exception):
    """Nothing here can count the system calls of a process; says why."""


class Syncs:
    """How many calls a process made that wait for the disk; complete when the block has ended."""

    def __init__(self) -> None:
        self.count: int | None = None
        self.reason = ""

    @contextlib.contextmanager
    def counted(self, pid: int) -> Iterator[None]:
        """Count for the length of the block; where that is impossible, `reason` says why and `count` stays None."""
        try:
            tracer, table = _traced(pid)
        except Unmeasured as reason:
            self.reason = str(reason)
            yield
            return
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(20)
            self.count = _calls(Path(table).read_text())
            Path(table).unlink()


def _traced(pid: int) -> tuple[subprocess.Popen, str]:
    strace = shutil.which("strace")
    if not strace:
        raise Unmeasured("there is no strace on the PATH")
    handle, table = tempfile.mkstemp(prefix="kith-strace-")
    os.close(handle)
    tracer = subprocess.Popen(
        [strace, "-f", "-c", "-o", table, "-e", f"trace={','.join(CALLS)}", "-p", str(pid)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(1.0)
    if tracer.poll() is not None:
        assert tracer.stderr
        raise Unmeasured(f"strace may not watch: {tracer.stderr.read().strip()}")
    return tracer, table


def _calls(table: str) -> int:
    """The sum of strace's column `calls`, which is the fourth: share, seconds, microseconds a call, calls, errors, name."""
    rows = [line.split() for line in table.splitlines()]
    return sum(int(row[3]) for row in rows if row and row[-1] in CALLS)
