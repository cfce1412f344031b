"""Who looks for malware in files: clamd by its INSTREAM command, over a socket, while the file comes in."""

import socket
import struct
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

import structlog

log = structlog.get_logger()

_SECONDS = 30.0
_FOUND, _OK = b" FOUND", b" OK"


class Scan(Protocol):
    """One look into one file."""

    def look(self, piece: bytes) -> None:
        """See the next piece."""

    def verdict(self) -> str | None:
        """After the last piece: the name of what was found, empty for nothing, None where nobody could tell."""


class NoScan:
    """Nobody looks."""

    def look(self, piece: bytes) -> None:
        """See nothing."""

    def verdict(self) -> str | None:
        """Nobody could tell."""
        return None


class Clamd:
    """A look by clamd. A clamd that does not answer, or takes no file so large, could not tell: it keeps nobody from working."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._socket: socket.socket | None = None
        try:
            self._socket = socket.create_connection((parts.hostname, parts.port), _SECONDS)
            self._socket.sendall(b"zINSTREAM\0")
        except OSError as fault:
            self._give_up(fault)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket:
            self._socket.close()

    def look(self, piece: bytes) -> None:
        """See the next piece."""
        if self._socket and piece:
            try:
                self._socket.sendall(struct.pack("!I", len(piece)) + piece)
            except OSError as fault:
                self._give_up(fault)

    def verdict(self) -> str | None:
        """What was found."""
        if self._socket is None:
            return None
        try:
            self._socket.sendall(struct.pack("!I", 0))
            answer = self._answer(self._socket)
        except OSError as fault:
            self._give_up(fault)
            return None
        if answer.endswith(_FOUND):
            return answer.removeprefix(b"stream: ").removesuffix(_FOUND).decode(errors="replace")
        if answer.endswith(_OK):
            return ""
        self._give_up(answer)  # it takes no file so large, or broke
        return None

    @staticmethod
    def _answer(connection: socket.socket) -> bytes:
        answer = b""
        while b"\0" not in answer and (more := connection.recv(4096)):
            answer += more
        return answer.rstrip(b"\0").strip()

    def _give_up(self, fault: object) -> None:
        log.warning("the scanner could not tell", fault=repr(fault))
        if self._socket:
            self._socket.close()
        self._socket = None
