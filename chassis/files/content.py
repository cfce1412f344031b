"""The bytes of files, each content once per tenant, known by its SHA-256.

A row in `file_contents` comes before the bytes and goes after them, so that none lie in the store that nobody knows. Tenants
share nothing: whether somebody else has a file must not show in how fast it comes in, and one tenant's erasure is its own.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from chassis import transaction
from chassis.clock import now
from chassis.files.kind import HEAD, media_type
from chassis.files.scan import Clamd, NoScan, Scan
from chassis.files.settings import FileSettings
from chassis.files.store import ContentLost, GridFs, Store
from chassis.principal import principal
from chassis.refusals import Invalid, Refused

UNNAMED_FOR = timedelta(days=1)  # what nobody names for so long is purged

_CONTENTS = "file_contents"


class FileTooLarge(Invalid):
    """The file has more than {limit_bytes} bytes."""


class FileInfected(Refused):
    """The file {name} holds malware: {found}."""


class FileQuotaReached(Refused):
    """The tenant's files would take more than the {quota_bytes} bytes that it has."""


@dataclass(frozen=True)
class Content:
    """What is known of bytes that came in."""

    key: str
    sha256: str
    size_bytes: int
    media_type: str
    scan_state: str


class Contents:
    """The bytes of this process's files, as its settings say."""

    def __init__(self, settings: FileSettings) -> None:
        self._limit, self._quota = settings.file_limit, settings.file_quota
        self._scanner = settings.file_scanner
        self._store = _store(settings.file_store)

    def take_in(self, pieces: Iterable[bytes], name: str) -> Content:
        """Keep the bytes, once, outside of any transaction.

        Refused with FileTooLarge, FileInfected, FileQuotaReached; then nothing stays.
        """
        key = uuid.uuid4().hex
        row: dict[str, Any] = {"_id": key, "tenant_id": principal().tenant_id, "use_time": now()}
        _rows().insert_one(row)
        with self._scan() as scan:
            look = _Look(pieces, self._limit, scan)
            try:
                self._store.put(key, look)
                found = scan.verdict()
                if found:
                    raise FileInfected(name=name[:200], found=found[:200])
                self._demand_room(look)
            except BaseException:
                self.forget(key)
                raise
        about = {
            "sha256": look.sha256, "size_bytes": look.size, "media_type": media_type(look.head, name),
            "scan_state": "NOT_SCANNED" if found is None else "CLEAN",
        }  # fmt: skip
        return self._once(key, about)

    def read(self, sha256: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of the caller's tenant with this hash, in pieces. Raises ContentLost."""
        row = _rows().find_one({"tenant_id": principal().tenant_id, "sha256": sha256})
        if row is None:
            raise ContentLost(sha256)
        return self._store.read(row["_id"], start)

    def forget(self, key: str) -> None:
        """Delete bytes that nobody names, and then their row."""
        self._store.forget(key)
        _rows().delete_one({"_id": key})

    def _once(self, key: str, about: dict[str, Any]) -> Content:
        """The content under `key`, or the one that was there before."""
        try:
            _rows().update_one({"_id": key}, {"$set": about})
            return Content(key, **about)
        except DuplicateKeyError:
            known = {"tenant_id": principal().tenant_id, "sha256": about["sha256"]}
            row = _rows().find_one_and_update(known, {"$set": {"use_time": now()}})
        if row is None:  # it was purged at this moment
            return self._once(key, about)
        self.forget(key)
        return Content(row["_id"], **{name: row[name] for name in about})

    def _demand_room(self, look: "_Look") -> None:
        # Asked when the bytes have passed, for only then it is known whether the tenant has them already, which costs nothing.
        # What comes in at the same time is not seen: the quota is exact to the uploads under way.
        whom = {"tenant_id": principal().tenant_id}
        sizes = [
            {"$match": {**whom, "size_bytes": {"$gt": 0}}},
            {"$group": {"_id": None, "sum": {"$sum": "$size_bytes"}}},
        ]
        used = next((int(row["sum"]) for row in _rows().aggregate(sizes)), 0)
        if used + look.size > self._quota and not _rows().find_one({**whom, "sha256": look.sha256}, {"_id": 1}):
            raise FileQuotaReached(quota_bytes=self._quota)

    def _scan(self) -> AbstractContextManager[Scan]:
        return Clamd(self._scanner) if self._scanner else nullcontext(NoScan())


def use(sha256: str) -> None:
    """Note within a transaction that the content is about to be named, so that it is not purged. Raises ContentLost."""
    known = {"tenant_id": principal().tenant_id, "sha256": sha256}
    if not _rows().update_one(known, {"$set": {"use_time": now()}}).matched_count:
        raise ContentLost(sha256)


def let_go(sha256s: Iterable[str]) -> None:
    """Have nobody find these contents any more, within a transaction; their bytes are to be deleted once it holds."""
    known = {"tenant_id": principal().tenant_id, "sha256": {"$in": sorted(set(sha256s))}}
    _rows().update_many(known, {"$unset": {"sha256": ""}, "$set": {"let_go": True}})


def gone() -> list[str]:
    """The keys of the caller's tenant's contents that were let go and still lie in the store."""
    return [row["_id"] for row in _rows().find({"tenant_id": principal().tenant_id, "let_go": True}, {"_id": 1})]


def prepare(database: Database) -> None:
    """Make the indexes that contents are found and purged by."""
    database[_CONTENTS].create_indexes(
        [
            IndexModel(
                [("tenant_id", ASCENDING), ("sha256", ASCENDING)],
                unique=True,
                partialFilterExpression={"sha256": {"$exists": True}},
            ),
            IndexModel([("tenant_id", ASCENDING), ("size_bytes", ASCENDING)]),
            IndexModel([("use_time", ASCENDING)]),
        ]
    )


class _Look:
    """Pieces on their way into the store, looked at as they pass: counted, hashed, scanned."""

    def __init__(self, pieces: Iterable[bytes], limit: int, scan: Scan) -> None:
        self._pieces, self._limit, self._scan = pieces, limit, scan
        self._hash = hashlib.sha256()
        self.size, self.head = 0, b""

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            if self.size > self._limit:
                raise FileTooLarge(limit_bytes=self._limit)
            self._hash.update(piece)
            self._scan.look(piece)
            if len(self.head) < HEAD:
                self.head += piece[: HEAD - len(self.head)]
            yield piece

    @property
    def sha256(self) -> str:
        """The hash of what has passed, in hex."""
        return self._hash.hexdigest()


def _store(address: str) -> Store:
    if not address:
        return GridFs()
    from chassis.files.s3 import S3  # here, for its library is large and most processes need none of it

    return S3(address)


def _rows() -> Any:
    return transaction.database()[_CONTENTS]
