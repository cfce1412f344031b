"""What documents forget of a person.

A document that is the person's alone goes with its revisions, unless it was signed: that a contract holds, the law demands to be
kept. What is an account's, too, and what was signed stays without the person. Links that were given to the person open nothing
any more, and who looked at what is not known any more.
"""

from typing import Any

from chassis import ERASED, Person, principal
from services.contacts import share_proof
from services.contacts.annotation import Annotation
from services.contacts.document import SIGNED, Document
from services.contacts.document_revision import DocumentRevision
from services.contacts.removal import remove
from services.contacts.share_link import DocumentView, ShareLink

Query = dict[str, Any]


def forget(contacts: list[str], person: Person) -> tuple[dict[str, list[str]], set[str]]:
    """Remove and blank what documents know of the person; the ids by collection, and the files that revisions named."""
    mine, here = {"tenant_id": principal().tenant_id}, {"$in": contacts}
    alone = {
        **mine, "contact_ids": {"$in": contacts, "$not": {"$elemMatch": {"$nin": contacts}}},
        "account_ids": {"$in": [None, []]}, "state": {"$ne": SIGNED},
    }  # fmt: skip
    gone = {"documents": remove(Document, alone)}
    of_them = {**mine, "document_id": {"$in": gone["documents"]}}
    files = set(DocumentRevision._get_collection().distinct("file_id", of_them))
    for noun in (DocumentRevision, Annotation):
        gone[noun.about().plural] = remove(noun, of_them)
    recipients = [*person.emails, *person.phones, *person.names]
    given: Query = {"$or": [{"contact_id": here}, {"recipient": {"$in": recipients}}, of_them]}
    gone["share_links"] = remove(ShareLink, {**mine, **given})
    share_proof.drop(gone["share_links"])
    seen: Query = {"$or": [*given["$or"], {"share_link_id": {"$in": gone["share_links"]}}]}
    gone["document_views"] = remove(DocumentView, {**mine, **seen})
    _leave(mine, contacts)
    return gone, files


def _leave(mine: Query, contacts: list[str]) -> None:
    """Take the person off the documents that stay."""
    rows, here = Document._get_collection(), {"$in": contacts}
    signed = {
        "$set": {"signature.signer_name": ERASED},
        "$unset": {"signature.contact_id": ""},
        "$inc": {"revision": 1},
    }
    rows.update_many({**mine, "signature.contact_id": here}, signed)
    rows.update_many({**mine, "contact_ids": here}, {"$pull": {"contact_ids": here}, "$inc": {"revision": 1}})
