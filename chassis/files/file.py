"""The noun of a file: a name for bytes that are kept once however many files have them."""

import io
from collections.abc import Collection, Iterable, Iterator
from typing import Any, ClassVar, Self

from mongoengine import IntField, StringField

from chassis.files import content
from chassis.files.content import Content, Contents, FileInfected, FileQuotaReached, FileTooLarge
from chassis.files.reading import Reading
from chassis.files.settings import FileSettings
from chassis.owned import Owned
from chassis.principal import principal
from chassis.refusals import Invalid, NotFound

__all__ = ["File", "FileInfected", "FileQuotaReached", "FileTooLarge"]

_LONGEST_NAME = 255


class File(Owned):
    """A file. Its contract has these fields; a service may add more, and say in `readable` who else may have its bytes."""

    meta = {"abstract": True}
    searched = ("name",)
    indexed = (("sha256",),)

    name = StringField()
    media_type = StringField()
    size_bytes = IntField()
    sha256 = StringField()
    scan_state = StringField()

    _contents: ClassVar[Contents]

    @classmethod
    def prepare(cls, settings: FileSettings) -> None:
        """Say where bytes lie; to be called by the service's own `prepare`."""
        File._contents = Contents(settings)
        content.prepare(cls._get_db())

    # ---------------------------------------------------------------- bytes in

    @staticmethod
    def take_in(pieces: Iterable[bytes], name: str) -> Content:
        """Keep bytes, outside of any transaction. Refused with FileTooLarge, FileInfected, FileQuotaReached,
        and Invalid for the name.
        """
        _demand_plain(name)
        return File._contents.take_in(pieces, name)

    @classmethod
    def made(cls, taken: Content, name: str, **fields: Any) -> Self:
        """A file with these bytes, kept and announced, within the transaction of this thread."""
        content.use(taken.sha256)
        file = cls.fresh(
            name=name, media_type=taken.media_type, size_bytes=taken.size_bytes, sha256=taken.sha256,
            scan_state=taken.scan_state, **fields,
        )  # fmt: skip
        return file.enter()

    @classmethod
    def claimed(cls, id: str, field: str) -> Self:
        """The file that a record is about to name in `field`. Refused with Invalid when the caller may not see it."""
        try:
            file = cls.find(id)
        except NotFound:
            raise Invalid.field(field, f"there is no file {id}") from None
        content.use(file.sha256)
        return file

    @staticmethod
    def sweep() -> None:
        """Delete the bytes of the caller's tenant that were let go, outside of any transaction."""
        for key in content.gone():
            File._contents.forget(key)

    @classmethod
    def let_go(cls, ids: Collection[str]) -> None:
        """Delete files for good and unannounced, with the bytes that no other file has, within a transaction.

        Their bytes are deleted by `sweep`, or else by the purge a day later.
        """
        mine = {"tenant_id": principal().tenant_id}
        found = cls._get_collection().find({**mine, "_id": {"$in": list(ids)}}, {"sha256": 1})
        hashes = {row["sha256"] for row in found}
        cls._get_collection().delete_many({**mine, "_id": {"$in": list(ids)}})
        content.let_go(
            hashes - set(cls._get_collection().distinct("sha256", {**mine, "sha256": {"$in": list(hashes)}}))
        )

    # ---------------------------------------------------------------- bytes out

    @classmethod
    def readable(cls, id: str) -> Self:
        """The file whose bytes the caller may have. Refused with NotFound."""
        return cls.find(id)

    def pieces(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on, in pieces of some 256 KiB. Raises ContentLost."""
        return File._contents.read(self.sha256, start)

    def opened(self) -> io.BufferedReader:
        """The bytes as a file that can be read from any place; holds one piece at a time."""
        return io.BufferedReader(Reading(self.pieces, self.size_bytes), 1 << 16)


def _demand_plain(name: str) -> None:
    """Refuse with Invalid a name that leads elsewhere, or that nobody can see."""
    if not name.strip(". ") or len(name) > _LONGEST_NAME or not name.isprintable() or set(name) & set("/\\"):
        raise Invalid.field("name", "must be a file's name, of 1 to 255 visible characters without a folder")
