"""Why a server or a service cannot run here, told so that the reader can act on it."""

from pathlib import Path


class Fault(Exception):
    """Something keeps a process from running; the message says what, where, and what would change it."""


class PortTaken(Fault):
    """Another process listens on a port that we were told to use."""

    def __init__(self, port: int, wanted_by: str) -> None:
        super().__init__(f"port {port} on 127.0.0.1, which {wanted_by} should listen on, is taken by another process")
        self.port, self.wanted_by = port, wanted_by


class ProgramMissing(Fault):
    """Neither the wheel nor the PATH has a program that runs on this machine."""


class Exited(Fault):
    """A process ended before it was ready; the message ends with its last words."""

    def __init__(self, name: str, status: int, log: Path, last_words: str) -> None:
        ending = f"signal {-status}" if status < 0 else f"status {status}"
        super().__init__(f"{name} ended with {ending} before it was ready; its log {log} ends:\n{last_words}")
        self.name, self.status = name, status


class NotReady(Fault):
    """A process runs but does not answer."""

    def __init__(self, name: str, seconds: float, log: Path, last_words: str) -> None:
        super().__init__(f"{name} was not ready after {seconds:.0f} s; its log {log} ends:\n{last_words}")
        self.name = name
