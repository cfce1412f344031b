"""A supervised child process: started, awaited, restarted when it dies, stopped in order."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chassis.embedded import guardian
from chassis.embedded.faults import Exited, NotReady

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between a death and the next start; doubles while it keeps dying
STEADY = 30.0  # seconds of life after which a death counts as the first one again
LONGEST_LOG = 20 * 1024 * 1024  # bytes; a longer one is set aside as `<name>.log.1` at the next start

OnRestart = Callable[["Child", int], None]


def unnoticed(child: "Child", status: int) -> None:
    """Nobody needs to hear of a restart."""


class Child:
    """One program in its own session, so that Ctrl-C reaches only us, with its output appended to `log`.

    Until `check` has succeeded once, a death is final and reported there. After that the program is restarted until
    `stop`, and `restarted` hears of it: a negative status is the signal that it died of.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
        restarted: OnRestart = unnoticed,
    ) -> None:
        self.name, self.log, self.restarts = name, log, 0
        self._command = [str(part) for part in command]
        self._ready, self._environment, self._restarted = ready, environment, restarted
        self._settled, self._stopping = threading.Event(), threading.Event()
        self._turn = threading.Lock()  # a stop and a restart never overlap

    @property
    def pid(self) -> int:
        """The process id of the present incarnation."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the present incarnation is alive."""
        return self._process.poll() is None

    def start(self) -> None:
        """Start the program and watch over it; returns at once."""
        self._spawn()
        self._watcher = threading.Thread(target=self._watch, name=f"watch-{self.name}", daemon=True)
        self._watcher.start()

    def check(self) -> bool:
        """Whether the program answers by now. Raises Exited when it died before it ever did."""
        if not self._settled.is_set() and not self.running:
            raise Exited(self.name, self._process.wait(), self.log, self.last_words())
        if not self._ready():
            return False
        self._settled.set()
        return True

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Return when the program answers. Raises Exited or NotReady."""
        deadline = time.monotonic() + seconds
        while not self.check():
            if time.monotonic() > deadline:
                raise self.not_ready(seconds)
            time.sleep(0.02)

    def not_ready(self, seconds: float) -> NotReady:
        """The fault of a program that does not answer after so many seconds."""
        return NotReady(self.name, seconds, self.log, self.last_words())

    def last_words(self) -> str:
        """What the present incarnation said last, for a fault's message."""
        return "\n".join(f"    {line[:400]}" for line in self.said()[-12:]) or "    (it said nothing)"

    def said(self) -> list[str]:
        """The lines that the present incarnation has logged, the last 256 kB of them."""
        with self.log.open("rb") as file:
            file.seek(max(self._log_start, self.log.stat().st_size - 256 * 1024))
            return file.read().decode("utf-8", "replace").splitlines()

    def stop(self, seconds: float = 15.0) -> None:
        """Ask the program to end, wait, then end its whole group by force."""
        self._stopping.set()
        with self._turn:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            self._clear()
        self._watcher.join()

    def _spawn(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        guardian.protect(self._process.pid)

    def _clear(self) -> None:
        """Kill whatever is left of the group, and let go of it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        guardian.release(self._process.pid)

    def _watch(self) -> None:
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            status = self._process.wait()
            if self._stopping.is_set() or not self._settled.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - began > STEADY else min(pause * 2, LONGEST_PAUSE)
            self._clear()
            while not self._stopping.wait(pause) and not self._spawned_again(status):
                pause = min(pause * 2, LONGEST_PAUSE)

    def _spawned_again(self, status: int) -> bool:
        with self._turn:
            if self._stopping.is_set():
                return False
            try:
                self._spawn()
            except OSError:  # no room for a log line or a process: later, perhaps
                return False
        self.restarts += 1
        self._restarted(self, status)
        return True
