"""Where bytes lie: the port, and GridFS, which lies in the service's own database. `s3.py` is the other one.

A store knows nothing of tenants, names and hashes. It takes pieces under a key, gives them back from any place on, and forgets
them.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import gridfs
from gridfs.errors import NoFile

from chassis import transaction

PIECE = 256 * 1024

_BUCKET = "file_content"


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
    """Keeps bytes in MongoDB, in chunks of 255 KiB."""

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Keep the pieces under a key that is new."""
        with self._bucket().open_upload_stream_with_id(
            key, key
        ) as stream:  # aborts by itself where the pieces break off
            for piece in pieces:
                stream.write(piece)

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
    def _bucket() -> gridfs.GridFSBucket:
        database: Any = transaction.database()
        return gridfs.GridFSBucket(database, bucket_name=_BUCKET)
