"""What contacts hears of its own files and documents: they stand on timelines, show on notes, and go and come back with the
record that they belong to.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from crm.contacts.v1 import document_pb2
from crm.contacts.v1 import events_pb2 as contacts
from google.protobuf.message import Message

from chassis import Fact, NotFound, on
from services.contacts import titles
from services.contacts.annotation import Annotation
from services.contacts.attachment import Attachment
from services.contacts.contact import Contact
from services.contacts.document_revision import DocumentRevision
from services.contacts.interaction import Interaction
from services.contacts.share_link import DocumentView, ShareLink

_AttachmentEvent = (
    contacts.AttachmentCreated | contacts.AttachmentUpdated | contacts.AttachmentDeleted | contacts.AttachmentRestored
)
_OF_A_DOCUMENT = (DocumentRevision, Annotation, ShareLink, DocumentView)


@on(contacts.AttachmentCreated)
def show_the_file(event: contacts.AttachmentCreated, fact: Fact) -> None:
    """A file was put on an account or a contact, whose company it concerns, too; on a note it shows by itself."""
    file = event.attachment
    contact = Contact.objects(id=file.record_id).first()
    account_id = contact.account_id if contact else file.record_id if file.record_id.startswith("acc_") else None
    Interaction.tell(
        fact, occur_time=fact.time, account_ids=[account_id] if account_id else [], contact_ids=[contact.id] if contact else [],
        kind="FILE", record_id=file.id, title=titles.of_file(file),
    )  # fmt: skip


@on(contacts.AttachmentCreated, contacts.AttachmentUpdated, contacts.AttachmentDeleted, contacts.AttachmentRestored)
def show_what_is_attached(event: _AttachmentEvent, fact: Fact) -> None:
    """An interaction shows the files that are on it, as they are now and not as the event tells."""
    id = event.attachment.record_id
    with suppress(NotFound):  # on no interaction, or on one that is deleted
        interaction = Interaction.find(id, "write")
        interaction.show([file.summary() for file in Attachment.belonging(record_id=id, deleted_time=None)])
        interaction.keep()


@on(contacts.AccountDeleted, contacts.ContactDeleted, contacts.LeadDeleted, contacts.InteractionDeleted)
def take_the_files_along(event: Message, fact: Fact) -> None:
    """What is on a record goes with it."""
    Attachment.go_with("record_id", fact.record_id)


@on(contacts.AccountRestored, contacts.ContactRestored, contacts.LeadRestored, contacts.InteractionRestored)
def bring_the_files_back(event: Message, fact: Fact) -> None:
    """What went with a record comes back with it."""
    Attachment.return_with("record_id", fact.record_id)


@on(contacts.DocumentDeleted)
def take_what_belongs_to_it_along(event: contacts.DocumentDeleted, fact: Fact) -> None:
    """Revisions, annotations, share links and views go with their document."""
    for noun in _OF_A_DOCUMENT:
        noun.go_with("document_id", event.document.id)


@on(contacts.DocumentRestored)
def bring_what_belongs_to_it_back(event: contacts.DocumentRestored, fact: Fact) -> None:
    """They come back with it."""
    for noun in _OF_A_DOCUMENT:
        noun.return_with("document_id", event.document.id)


@on(contacts.DocumentApproved)
def show_the_approval(event: contacts.DocumentApproved, fact: Fact) -> None:
    """A document may go out."""
    _tell_of_document(fact, "approved", event.document)


@on(contacts.DocumentSent)
def show_the_sending(event: contacts.DocumentSent, fact: Fact) -> None:
    """It went out."""
    _tell_of_document(fact, "sent", event.document, direction="OUTBOUND")


@on(contacts.DocumentSigned)
def show_the_signature(event: contacts.DocumentSigned, fact: Fact) -> None:
    """It was signed."""
    signature = event.document.signature
    when = signature.sign_time.ToDatetime(tzinfo=UTC)
    _tell_of_document(fact, "signed", event.document, when, description=f"by {signature.signer_name}")


@on(contacts.DocumentViewed)
def show_the_view(event: contacts.DocumentViewed, fact: Fact) -> None:
    """Somebody came by a share link."""
    view = event.document_view
    happened = "fetched" if view.kind == view.FETCHED else "opened"
    said = f"by {view.recipient}" if view.recipient else ""
    _tell_of_document(fact, happened, event.document, contact_id=view.contact_id, direction="INBOUND", description=said)


def _tell_of_document(
    fact: Fact,
    happened: str,
    document: document_pb2.Document,
    at: datetime | None = None,
    contact_id: str = "",
    **more: Any,
) -> None:
    Interaction.tell(
        fact, occur_time=at or fact.time, account_ids=list(document.account_ids),
        contact_ids=[*document.contact_ids, *([contact_id] if contact_id else [])],
        kind="DOCUMENT", record_id=document.id, title=titles.of_document(happened, document), **more,
    )  # fmt: skip
