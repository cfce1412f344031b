"""A file's bytes as the seekable file that readers of archives want: a jump opens the store anew at that place."""

import io
from collections.abc import Callable, Iterator


class Reading(io.RawIOBase):
    """`read` gives the bytes from a place on, in pieces; `size` is how many there are."""

    def __init__(self, read: Callable[[int], Iterator[bytes]], size: int) -> None:
        self._read, self._size, self._at = read, size, 0
        self._pieces: Iterator[bytes] | None = None
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; reading begins there."""
        place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if self._pieces is not None and 0 <= place - self._at <= len(self._rest):
            self._rest = self._rest[place - self._at :]
        else:
            self._pieces, self._rest = None, memoryview(b"")
        self._at = max(0, place)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as the next piece goes; 0 at the end."""
        if self._pieces is None:
            self._pieces = self._read(self._at)
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest, self._at = self._rest[count:], self._at + count
        return count
