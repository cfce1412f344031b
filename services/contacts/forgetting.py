"""What contacts forgets of a person: the contact, the leads it was, what it needs and likes, and what its timeline tells."""

from typing import Any

from crm.contacts.v1 import contact_pb2, events_pb2

from chassis import ERASED, Person, announce, mirror, now, principal
from services.contacts.contact import Contact
from services.contacts.finding import Need, Preference
from services.contacts.installed import Asset, ServiceContract
from services.contacts.interaction import Interaction
from services.contacts.lead import Lead

Query = dict[str, Any]


def forget(person: Person) -> dict[str, list[str]]:
    """Remove and blank the person's records; their ids by collection."""
    contacts, mine = list(person.contact_ids), {"tenant_id": principal().tenant_id}
    was: Query = {
        "$or": [{"conversion.contact_id": {"$in": contacts}}, {"email": {"$in": list(person.emails)}},
                {"phone": {"$in": list(person.phones)}}]
    }  # fmt: skip
    found = {"contact_id": {"$in": contacts}}
    gone = {
        "leads": _remove(Lead, mine | was),
        "needs": _remove(Need, mine | found),
        "preferences": _remove(Preference, mine | found),
    }
    alone = found | {"account_id": None}
    gone |= {"assets": _remove(Asset, mine | alone), "service_contracts": _remove(ServiceContract, mine | alone)}
    for kept in (Asset, ServiceContract):  # what is the account's, too, stays with the account
        kept._get_collection().update_many(mine | found, {"$unset": {"contact_id": ""}, "$inc": {"revision": 1}})
    told = {"$or": [{"contact_ids": {"$in": contacts}}, {"record_id": {"$in": [*contacts, *gone["leads"]]}}]}
    gone["interactions"] = _ids(Interaction, mine | told)
    blank = {"$set": {"title": ERASED, "search_tokens": []}, "$unset": {"description": ""}}
    Interaction._get_collection().update_many({"_id": {"$in": gone["interactions"]}}, blank)
    for row in Contact._get_collection().find(mine | {"_id": {"$in": contacts}}, {"revision": 1}):
        _tell_of_the_end(row["_id"], row["revision"] + 1)
    return gone | {"contacts": _remove(Contact, mine | {"_id": {"$in": contacts}})}


def _tell_of_the_end(id: str, revision: int) -> None:
    # Who follows contacts follows their end, and learns nothing by it.
    row = {"_id": id, "revision": revision, "deleted_time": now()}
    contact = mirror.message(contact_pb2.Contact, row)
    announce(id, events_pb2.ContactDeleted(contact=contact), revision=revision)


def _ids(noun: Any, query: Query) -> list[str]:
    return [row["_id"] for row in noun._get_collection().find(query, {"_id": 1})]


def _remove(noun: Any, query: Query) -> list[str]:
    ids = _ids(noun, query)
    noun._get_collection().delete_many({"_id": {"$in": ids}})
    return ids
