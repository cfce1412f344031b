"""What must be there before the door opens, what works beside it, and what keeps a file from being purged."""

from chassis import FileSettings, doing, purging, transaction
from services.contacts import expiry, handovers, matched, share_proof
from services.contacts.attachment import Attachment
from services.contacts.document_revision import DocumentRevision
from services.contacts.exports import Export
from services.contacts.file import File
from services.contacts.imports import Import
from services.contacts.reassignment import Reassignment

_FILE_LINKS = (
    (Import, "file_id"),
    (Import, "result_file_id"),
    (Export, "file_id"),
    (Attachment, "file_id"),
    (DocumentRevision, "file_id"),
)

COMPANIONS = (doing(Import, Export, Reassignment), purging(File, *_FILE_LINKS))


def prepare(settings: FileSettings) -> None:
    """Say where files lie, and make the indexes of what is no noun."""
    File.prepare(settings)
    Import.prepare()
    handovers.prepare()
    matched.prepare(transaction.database())
    expiry.prepare()
    share_proof.prepare()
