"""Where bytes lie: the port, and GridFS, which lies in the service's own database. `s3.py` is the other one.

A store knows nothing of tenants, names and hashes. It takes pieces under a key, gives them back from any place on, and forgets
them.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import gridfs
from gridfs.errors import NoFile

from chassis import transaction
from chassis.clock import now

PIECE = 256 * 1024

_BUCKET = "file_content"
_CHUNK, _AT_ONCE = 255 * 1024, 16  # bytes of a chunk, and chunks of a write


class ContentLost(Exception):
    """The store does not have what it was given."""


class Store(Protocol):
    """What keeps bytes."""

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Keep the pieces under a key that is new."""

    def read(self, key: str, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on, in pieces. Raises ContentLost."""

    def forget(self, key: str) -> None:
        """Delete the bytes; a key that is unknown is no fault."""


class GridFs:
    """Keeps bytes in MongoDB, in chunks of 255 KiB, as the GridFS specification lays them out."""

    def __init__(self) -> None:
        self._chunks().create_index([("files_id", 1), ("n", 1)], unique=True)

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Keep the pieces under a key that is new; nothing of them where they break off."""
        # The driver's own upload gathers 48 MB before it writes, for each of the uploads under way.
        size = 0
        try:
            for rows in _batches(self._rows(key, pieces)):
                self._chunks().insert_many(rows)
                size += sum(len(row["data"]) for row in rows)
        except BaseException:
            self.forget(key)
            raise
        about = {"_id": key, "filename": key, "length": size, "chunkSize": _CHUNK, "uploadDate": now()}
        transaction.database()[f"{_BUCKET}.files"].insert_one(about)

    def read(self, key: str, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on, in pieces. Raises ContentLost."""
        try:
            stream = self._bucket().open_download_stream(key)
        except NoFile:
            raise ContentLost(key) from None
        with stream:
            stream.seek(start)
            while piece := stream.read(PIECE):
                yield piece

    def forget(self, key: str) -> None:
        """Delete the bytes."""
        try:
            self._bucket().delete(key)
        except NoFile:
            return

    @staticmethod
    def _rows(key: str, pieces: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        rest, number = bytearray(), itertools.count()
        for piece in pieces:
            rest += piece
            while len(rest) >= _CHUNK:
                yield {"files_id": key, "n": next(number), "data": bytes(rest[:_CHUNK])}
                del rest[:_CHUNK]
        if rest:
            yield {"files_id": key, "n": next(number), "data": bytes(rest)}

    @staticmethod
    def _chunks() -> Any:
        return transaction.database()[f"{_BUCKET}.chunks"]

    @staticmethod
    def _bucket() -> gridfs.GridFSBucket:
        database: Any = transaction.database()
        return gridfs.GridFSBucket(database, bucket_name=_BUCKET)


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(itertools.islice(rows, _AT_ONCE)):
        yield batch
