"""Bytes in a bucket that speaks S3, by AWS' own library, which is imported only when a setting asks for it."""

import io
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from chassis.files.store import PIECE, ContentLost

# One part at a time: a process holds at most 8 MiB of a file, however large it is.
_PARTS = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=1, use_threads=False)


class S3:
    """Keeps bytes in the bucket that `address` names: `s3://bucket/prefix?endpoint=https://…&region=…`."""

    def __init__(self, address: str) -> None:
        parts, given = urlsplit(address), dict(parse_qsl(urlsplit(address).query))
        self._bucket, self._prefix = parts.hostname or "", parts.path.strip("/")
        self._client: Any = boto3.client(
            "s3", endpoint_url=given.get("endpoint"), region_name=given.get("region", "us-east-1"),
            config=Config(
                connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 3},
                # We have a checksum of our own, and stores other than AWS' refuse theirs.
                request_checksum_calculation="when_required", response_checksum_validation="when_required",
            ),
        )  # fmt: skip

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Keep the pieces under a key that is new."""
        self._client.upload_fileobj(_Pieces(iter(pieces)), self._bucket, self._path(key), Config=_PARTS)

    def read(self, key: str, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on, in pieces. Raises ContentLost."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._path(key), Range=f"bytes={start}-")
        except ClientError as fault:
            code = fault.response["Error"]["Code"]
            if code == "InvalidRange":  # from the end on there is nothing
                return
            if code in ("NoSuchKey", "404"):
                raise ContentLost(key) from None
            raise
        with closing(answer["Body"]) as body:
            yield from body.iter_chunks(PIECE)

    def forget(self, key: str) -> None:
        """Delete the bytes."""
        self._client.delete_object(Bucket=self._bucket, Key=self._path(key))

    def _path(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key


class _Pieces(io.RawIOBase):
    """Pieces as the file that boto3 reads from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; fewer only at the end, since a part that is not the last has its full size."""
        found = [self._rest]
        have = len(self._rest)
        while (size < 0 or have < size) and (piece := next(self._pieces, b"")):
            found.append(piece)
            have += len(piece)
        whole = b"".join(found)
        cut = len(whole) if size < 0 else size
        self._rest = whole[cut:]
        return whole[:cut]
