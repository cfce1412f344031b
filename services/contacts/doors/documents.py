"""Files on records, and documents with their revisions, annotations and share links."""

from typing import Any

from crm.contacts.v1 import annotation_pb2, attachment_pb2, document_pb2, service_pb2_grpc, share_link_pb2

from chassis import bytes_of, standard
from services.contacts.annotation import Annotation
from services.contacts.attachment import Attachment, record_of
from services.contacts.document import Document
from services.contacts.document_revision import DocumentRevision
from services.contacts.share_link import FETCHED, DocumentView, ShareLink, let_in


class DocumentsDoor(
    standard(Attachment, Document, DocumentRevision, Annotation, ShareLink, DocumentView),  # type: ignore[misc]
    service_pb2_grpc.DocumentsServiceServicer,
):
    """Answers DocumentsService."""

    def ListAttachments(self, request: Any, context: Any) -> Any:
        """The files on a record that the caller may see."""
        record = record_of(request.record_id, "read")
        return Attachment.page_of("record_id", record.id, request, attachment_pb2.ListAttachmentsResponse)

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

    def SubmitDocument(self, request: Any, context: Any) -> Any:
        """To be read."""
        with Document.change(request) as document:
            document.submit(request.reason)
        return document.message()

    def ApproveDocument(self, request: Any, context: Any) -> Any:
        """May go out."""
        with Document.change(request) as document:
            document.approve(request.reason)
        return document.message()

    def RejectDocument(self, request: Any, context: Any) -> Any:
        """To be written again."""
        with Document.change(request) as document:
            document.reject(request.reason)
        return document.message()

    def SendDocument(self, request: Any, context: Any) -> Any:
        """Went out."""
        with Document.change(request) as document:
            document.send(request.reason)
        return document.message()

    def SignDocument(self, request: Any, context: Any) -> Any:
        """Is signed."""
        with Document.change(request) as document:
            document.sign(request)
        return document.message()

    def ReopenDocument(self, request: Any, context: Any) -> Any:
        """A draft again."""
        with Document.change(request) as document:
            document.reopen(request.reason)
        return document.message()

    def CompareDocument(self, request: Any, context: Any) -> Any:
        """What two revisions have different."""
        document = Document.find(request.id)
        base = DocumentRevision.numbered(document, request.base_revision)
        return DocumentRevision.numbered(document, request.revision).compared_with(base)

    def ListDocumentRevisions(self, request: Any, context: Any) -> Any:
        """The revisions of a document, newest first."""
        answer = document_pb2.ListDocumentRevisionsResponse
        return DocumentRevision.page_of("document_id", Document.find(request.id).id, request, answer)

    def DownloadDocumentRevision(self, request: Any, context: Any) -> Any:
        """The bytes of a revision."""
        revision = DocumentRevision.find(request.id)
        return bytes_of(revision.file(), context, revision.file_name)

    def ListAnnotations(self, request: Any, context: Any) -> Any:
        """What was said about a document, oldest first."""
        answer = annotation_pb2.ListAnnotationsResponse
        return Annotation.page_of("document_id", Document.find(request.id).id, request, answer, order="id")

    def ReplyAnnotation(self, request: Any, context: Any) -> Any:
        """An answer."""
        with Annotation.change(request) as annotation:
            annotation.reply(request.text)
        return annotation.message()

    def ResolveAnnotation(self, request: Any, context: Any) -> Any:
        """Dealt with."""
        with Annotation.change(request) as annotation:
            annotation.resolve()
        return annotation.message()

    def ReopenAnnotation(self, request: Any, context: Any) -> Any:
        """Not dealt with."""
        with Annotation.change(request) as annotation:
            annotation.reopen()
        return annotation.message()

    def ListShareLinks(self, request: Any, context: Any) -> Any:
        """The share links of a document, newest first."""
        answer = share_link_pb2.ListShareLinksResponse
        return ShareLink.page_of("document_id", Document.find(request.id).id, request, answer)

    def CreateShareLink(self, request: Any, context: Any) -> Any:
        """An address, answered once."""
        given = request.share_link
        return ShareLink.create(given, has_password=bool(given.password)).handed_out(given.password)

    def RevokeShareLink(self, request: Any, context: Any) -> Any:
        """Nobody comes in any more."""
        with ShareLink.change(request) as link:
            link.revoke()
        return link.message()

    def ListDocumentViews(self, request: Any, context: Any) -> Any:
        """Who came by a share link, newest first."""
        answer = share_link_pb2.ListDocumentViewsResponse
        return DocumentView.page_of("share_link_id", ShareLink.find(request.id).id, request, answer)

    def OpenShare(self, request: Any, context: Any) -> Any:
        """What a visitor learns before anything is asked."""
        with let_in(request.token) as link:
            return link.opened(request.visit)

    def FetchShare(self, request: Any, context: Any) -> Any:
        """The file, for a visitor."""
        with let_in(request.token, request.password) as link:
            revision = link.view(FETCHED, request.visit)
            return bytes_of(revision.file(), context, revision.file_name)
