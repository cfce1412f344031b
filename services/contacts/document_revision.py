"""Revisions of documents: a file, who wrote it, why, and what it goes out from; none is ever changed."""

from typing import Any, Self

from crm.contacts.v1 import document_pb2

from chassis import IntField, StringField, principal
from services.contacts import comparison
from services.contacts.document import Document
from services.contacts.file import File
from services.contacts.of_document import OfDocument
from services.contacts.refusals import RecordFull, RevisionNotComparable

MOST = 1_000  # revisions of a document


class DocumentRevision(OfDocument):
    """One revision of a document."""

    contract = document_pb2.DocumentRevision
    meta = {"collection": "document_revisions"}
    indexed = (("document_id", "number"), ("file_id",))

    number = IntField()
    file_id = StringField()
    file_name = StringField()
    media_type = StringField()
    size_bytes = IntField()
    sha256 = StringField()
    scan_state = StringField()
    author_id = StringField()
    reason = StringField()
    base_revision = IntField()

    @classmethod
    def written(cls, document: Document, request: Any) -> Self:
        """The revision that follows `request.base_revision`. Refused with Invalid for the file, RecordFull."""
        if request.base_revision >= MOST:
            raise RecordFull(record=document.id, most=MOST, what="revisions")
        file = File.claimed(request.file_id, "file_id")
        return cls.fresh(
            document_id=document.id, number=request.base_revision + 1, base_revision=request.base_revision, file_id=file.id,
            file_name=file.name, media_type=file.media_type, size_bytes=file.size_bytes, sha256=file.sha256,
            scan_state=file.scan_state, author_id=principal().user_id, reason=request.reason or None,
        )  # fmt: skip

    @classmethod
    def numbered(cls, document: Document, number: int) -> Self:
        """The revision of a document with this number; the latest for 0. Refused with RevisionUnknown."""
        [revision] = cls.belonging(document_id=document.id, number=document.number(number))
        return revision

    def file(self) -> File:
        """The file itself, whoever brought it in."""
        return File.held(self.file_id)

    def compared_with(self, base: Self) -> Any:
        """What differs from `base`, line by line. Refused with RevisionNotComparable."""
        found = comparison.compared(base.lines(), self.lines())
        found.base_revision, found.revision = base.number, self.number
        return found

    def lines(self) -> list[str]:
        """The lines of its text. Refused with RevisionNotComparable."""
        kind = self.media_type or ""
        try:
            if not (kind.startswith("text/") or kind in ("application/json", "application/x-ndjson")):
                raise comparison.NotComparable(f"it is {kind}, which is no text")
            if self.size_bytes > comparison.MOST_BYTES:
                raise comparison.NotComparable(f"it has more than {comparison.MOST_BYTES:,} bytes")
            return comparison.lines_of(b"".join(self.file().pieces()))
        except comparison.NotComparable as why:
            raise RevisionNotComparable(document=self.document_id, revision=self.number, why=str(why)) from None
