"""What must be there before the door opens, what works beside it, and what keeps a file from being purged."""

from collections.abc import Iterable

from chassis import doing, principal, purging
from services.contacts import expiry, forgotten, handovers, share_proof
from services.contacts.attachment import Attachment
from services.contacts.document_revision import DocumentRevision
from services.contacts.exports import Export
from services.contacts.file import File
from services.contacts.imports import Import
from services.contacts.reassignment import Reassignment
from services.contacts.settings import ContactsSettings

_FILE_LINKS = (
    (Import, "file_id"),
    (Import, "result_file_id"),
    (Export, "file_id"),
    (Attachment, "file_id"),
    (DocumentRevision, "file_id"),
)

COMPANIONS = (doing(Import, Export, Reassignment), purging(File, *_FILE_LINKS))


def unnamed(file_ids: Iterable[str]) -> list[str]:
    """Those of the files that no record names."""
    mine, asked = {"tenant_id": principal().tenant_id}, {"$in": sorted(file_ids)}
    named = {id for noun, field in _FILE_LINKS for id in noun._get_collection().distinct(field, {**mine, field: asked})}
    return sorted(set(asked["$in"]) - named)


def prepare(settings: ContactsSettings) -> None:
    """Say where files lie and where links lead, and make the indexes of what is no noun."""
    File.prepare(settings)
    Import.prepare()
    handovers.prepare()
    expiry.prepare()
    forgotten.prepare()
    share_proof.prepare(settings.public_url)
