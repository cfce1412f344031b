"""Files on records, and documents with their revisions, annotations and share links."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc

from chassis import bytes_of, page_of, standard, verbs
from services.contacts.annotation import Annotation
from services.contacts.attachment import Attachment, record_of
from services.contacts.document import Document
from services.contacts.document_revision import DocumentRevision
from services.contacts.share_link import FETCHED, DocumentView, ShareLink, let_in


class DocumentsDoor(
    standard(Attachment, Document, DocumentRevision, Annotation, ShareLink, DocumentView),  # type: ignore[misc]
    verbs(Document, "submit", "approve", "reject", "send", "reopen"),  # type: ignore[misc]
    verbs(Annotation, "reply", "resolve", "reopen"),  # type: ignore[misc]
    verbs(ShareLink, "revoke"),  # type: ignore[misc]
    service_pb2_grpc.DocumentsServiceServicer,
):
    """Answers DocumentsService."""

    def ListAttachments(self, request: Any, context: Any) -> Any:
        """The files on a record that the caller may see."""
        return page_of(Attachment, request, record_id=record_of(request.record_id, "read").id)

    def DownloadAttachment(self, request: Any, context: Any) -> Any:
        """The bytes of a file on a record that the caller may see."""
        attachment = Attachment.find(request.id)
        return bytes_of(attachment.file(), context, attachment.name)

    def ReviseDocument(self, request: Any, context: Any) -> Any:
        """A new revision, as long as nobody wrote another one meanwhile."""
        with Document.change(request) as document:
            revision = DocumentRevision.written(document, request)
            document.take(revision)
            revision.enter()
        return revision.message()

    def SignDocument(self, request: Any, context: Any) -> Any:
        """Is signed."""
        with Document.change(request) as document:
            document.sign(request)
        return document.message()

    def CompareDocument(self, request: Any, context: Any) -> Any:
        """What two revisions have different."""
        document = Document.find(request.id)
        base = DocumentRevision.numbered(document, request.base_revision)
        return DocumentRevision.numbered(document, request.revision).compared_with(base)

    def ListDocumentRevisions(self, request: Any, context: Any) -> Any:
        """The revisions of a document, newest first."""
        return page_of(DocumentRevision, request, document_id=Document.find(request.id).id)

    def DownloadDocumentRevision(self, request: Any, context: Any) -> Any:
        """The bytes of a revision."""
        revision = DocumentRevision.find(request.id)
        return bytes_of(revision.file(), context, revision.file_name)

    def ListAnnotations(self, request: Any, context: Any) -> Any:
        """What was said about a document, oldest first."""
        return page_of(Annotation, request, order="id", document_id=Document.find(request.id).id)

    def ListShareLinks(self, request: Any, context: Any) -> Any:
        """The share links of a document, newest first."""
        return page_of(ShareLink, request, document_id=Document.find(request.id).id)

    def CreateShareLink(self, request: Any, context: Any) -> Any:
        """An address, answered once."""
        given = request.share_link
        return ShareLink.create(given, has_password=bool(given.password)).handed_out(given.password)

    def ListDocumentViews(self, request: Any, context: Any) -> Any:
        """Who came by a share link, newest first."""
        return page_of(DocumentView, request, share_link_id=ShareLink.find(request.id).id)

    def OpenShare(self, request: Any, context: Any) -> Any:
        """What a visitor learns before anything is asked."""
        with let_in(request.token) as link:
            return link.opened(request.visit)

    def FetchShare(self, request: Any, context: Any) -> Any:
        """The file, for a visitor."""
        with let_in(request.token, request.password) as link:
            revision = link.view(FETCHED, request.visit)
            return bytes_of(revision.file(), context, revision.file_name)
