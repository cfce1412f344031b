"""A file that is written piece by piece, by work that goes on between the pieces; its bytes go to the store from a thread."""

import queue
import threading
from collections.abc import Iterator
from contextvars import Context
from types import TracebackType
from typing import Self

from chassis.files.content import Content
from chassis.files.file import File
from chassis.principal import acting_as, principal

_AHEAD = 4  # pieces that wait for the store
_SECONDS = 1.0


class Intake:
    """`with Intake("a.csv") as intake:` takes bytes by `write`; after `close`, `content` is there once the store has them all.

    What leaves the block before that leaves nothing in the store.
    """

    def __init__(self, name: str) -> None:
        self._name, self._whom = name, principal()
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._given_up = False
        self._fault: BaseException | None = None
        self._content: Content | None = None
        # A context of its own: the deadline of the step at hand is none of the file's.
        self._thread = threading.Thread(target=lambda: Context().run(self._take_in), name="intake", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given_up = self._content is None
        self._thread.join()

    def write(self, piece: bytes) -> None:
        """Hand bytes on; waits while the store is slower. Raises what the store raised."""
        if piece:
            self._put(piece)

    def close(self) -> None:
        """Say that there are no more."""
        self._put(None)

    @property
    def content(self) -> Content | None:
        """What came in; None as long as the store is at it. Raises what the store raised."""
        if self._fault:
            raise self._fault
        return self._content

    def _put(self, piece: bytes | None) -> None:
        while True:
            if self._fault:
                raise self._fault
            try:
                self._pieces.put(piece, timeout=_SECONDS)
            except queue.Full:
                continue
            return

    def _take_in(self) -> None:
        try:
            with acting_as(self._whom):
                self._content = File.take_in(self._given(), self._name)
        except BaseException as fault:
            self._fault = fault

    def _given(self) -> Iterator[bytes]:
        while True:
            if self._given_up:
                raise InterruptedError("the file was given up")
            try:
                piece = self._pieces.get(timeout=_SECONDS)
            except queue.Empty:
                continue
            if piece is None:
                return
            yield piece
