"""Ends our children when we are killed before we can do it ourselves.

A process that dies of SIGKILL stops nothing. So every process that starts children also starts one guardian: a small
Python that holds the other end of a pipe and a list of process groups. When the pipe closes, its parent is gone, and it
kills what is left. Unlike PR_SET_PDEATHSIG this reaches grandchildren, does not depend on which thread forked, and
works on every Unix.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading

_lock = threading.Lock()
_groups: set[int] = set()
_process: subprocess.Popen[str] | None = None


def protect(group: int) -> None:
    """From now on the process group dies with this process."""
    with _lock:
        _groups.add(group)
        _tell(f"+{group}")


def release(group: int) -> None:
    """The group has ended; its number may soon belong to somebody else."""
    with _lock:
        _groups.discard(group)
        _tell(f"-{group}")


def _tell(line: str) -> None:
    global _process
    try:
        if _process:
            _say(_process, line)
            return
    except BrokenPipeError:  # somebody killed the guardian: the next one learns the whole list
        _dismiss()
    command = [sys.executable, "-I", "-S", __file__]
    _process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603 - our own
    _say(_process, *(f"+{group}" for group in _groups))


def _say(process: subprocess.Popen[str], *lines: str) -> None:
    print(*lines, sep="\n", file=process.stdin, flush=True)


@atexit.register
def _dismiss() -> None:
    global _process
    if _process and _process.stdin:
        with contextlib.suppress(BrokenPipeError):
            _process.stdin.close()
        _process.wait()
    _process = None


def _guard() -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    groups: set[int] = set()
    for line in filter(str.strip, sys.stdin):
        change = groups.add if line[0] == "+" else groups.discard
        change(int(line[1:]))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    _guard()
