"""What belongs to a document, or to one of its revisions: who may see the document sees it."""

from chassis import IntField, Invalid, NotFound, StringField
from services.contacts.document import Document
from services.contacts.following import Following
from services.contacts.refusals import RevisionUnknown


class OfDocument(Following):
    """What belongs to a document."""

    meta = {"abstract": True}

    document_id = StringField()

    def followed(self, action: str) -> Document:
        """The document."""
        return Document.find(self.document_id, action)


class OfRevision(OfDocument):
    """What belongs to one revision of a document."""

    meta = {"abstract": True}

    revision_number = IntField()

    def find_revision(self) -> None:
        """Belong to a revision that is there, the latest where none is named, of a document that the caller may write to.

        Refused with Invalid, Forbidden.
        """
        try:
            self.revision_number = self.followed("write").number(self.revision_number or 0)
        except NotFound as missing:
            raise Invalid.field(f"{self.about().noun}.document_id", missing.detail) from None
        except RevisionUnknown as missing:
            raise Invalid.field(f"{self.about().noun}.revision_number", missing.detail) from None
