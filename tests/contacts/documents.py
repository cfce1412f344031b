"""What tests of documents need: a document, its revisions, and where it stands."""

from typing import Any

from crm.common.v1 import file_pb2
from crm.contacts.v1 import annotation_pb2, document_pb2, share_link_pb2

from chassis.testing import Caller
from tests.contacts.importing import brought

OFFER = b"Offer\n200 rose bushes\n4,821.00 EUR\n"


def a_document(caller: Caller, **fields: Any) -> document_pb2.Document:
    """An offer without a revision."""
    given = {"name": "Offer for 200 rose bushes"} | fields
    return caller.CreateDocument(document_pb2.CreateDocumentRequest(document=given))


def revised(
    caller: Caller, document: Any, data: bytes = OFFER, base: int = 0, **fields: Any
) -> document_pb2.DocumentRevision:
    """A revision of a document."""
    file_id = fields.pop("file_id", "") or brought(caller, data, fields.pop("name", "offer.txt"))
    request = document_pb2.ReviseDocumentRequest(id=document.id, file_id=file_id, base_revision=base, **fields)
    return caller.ReviseDocument(request)


def an_offer(caller: Caller, **fields: Any) -> document_pb2.Document:
    """A draft with one revision."""
    document = a_document(caller, **fields)
    revised(caller, document)
    return document


def after(caller: Caller, document: Any, *verbs: str, **fields: Any) -> document_pb2.Document:
    """The document after verbs, of which the last one is told more."""
    for verb in verbs:
        request = getattr(document_pb2, f"{verb}DocumentRequest")
        more = dict(fields) if verb == verbs[-1] else {}
        if verb == "Sign":
            more = {"signer_name": "Ada Thorn"} | more
        if verb == "Reject":
            more = {"reason": "The price is wrong"} | more
        document = getattr(caller, f"{verb}Document")(request(id=document.id, **more))
    return document


def content(caller: Caller, revision: Any) -> bytes:
    """The bytes of a revision."""
    return b"".join(
        piece.data for piece in caller.DownloadDocumentRevision(file_pb2.DownloadFileRequest(id=revision.id))
    )


def said(caller: Caller, document: Any, **fields: Any) -> annotation_pb2.Annotation:
    """Something said about a document."""
    given = {"document_id": document.id, "text": "Is that the price of June?"} | fields
    return caller.CreateAnnotation(annotation_pb2.CreateAnnotationRequest(annotation=given))


def shared(caller: Caller, document: Any, **fields: Any) -> share_link_pb2.ShareLink:
    """A share link to a document, with its address."""
    given = {"document_id": document.id} | fields
    return caller.CreateShareLink(share_link_pb2.CreateShareLinkRequest(share_link=given))


def compared(caller: Caller, document: Any, base: int = 1, revision: int = 0) -> document_pb2.Comparison:
    """What differs between two of its revisions."""
    request = document_pb2.CompareDocumentRequest(id=document.id, base_revision=base, revision=revision)
    return caller.CompareDocument(request)
