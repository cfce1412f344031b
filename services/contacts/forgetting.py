"""What contacts forgets of a person: the contact, the leads it was, what it needs and likes, what its timeline tells, the files
on all of these, what merges kept of it, and what imports and exports know.
"""

from typing import Any

from crm.contacts.v1 import contact_pb2, events_pb2

from chassis import ERASED, Person, announce, merging, mirror, now
from services.contacts import forgetting_jobs, forgetting_papers, referring
from services.contacts.association import Association
from services.contacts.attachment import Attachment
from services.contacts.contact import Contact
from services.contacts.file import File
from services.contacts.finding import Need, Preference
from services.contacts.groundwork import unnamed
from services.contacts.installed import Asset, ServiceContract
from services.contacts.interaction import Interaction
from services.contacts.lead import Lead
from services.contacts.merge import Merge
from services.contacts.removal import matching, mine, remove

Query = dict[str, Any]
Gone = dict[str, list[str]]


def forget(person: Person) -> Gone:
    """Remove and blank the person's records; their ids by collection."""
    # A merge that came in between the request and this has the person, too.
    contacts = sorted({*person.contact_ids, *merging.standing(person.contact_ids).values()})
    gone, files = _own_records(person, contacts), set(person.file_ids)
    people = [*contacts, *gone["leads"], *gone["merged_records"]]
    gone["interactions"] = _timeline(people, contacts, person)
    files |= _attachments(gone, [*people, *gone["interactions"]])
    papers, their_files = forgetting_papers.forget(contacts, person)
    gone |= papers | forgetting_jobs.forget(person.file_ids, people)
    gone["associations"] = remove(Association, {"record_ids": {"$in": people}})
    gone["files"] = unnamed(files | their_files)
    File.let_go(gone["files"])
    gone["merges"] = Merge.forget(people)
    referring.drop(contacts)
    for row in Contact._get_collection().find(mine({"_id": {"$in": contacts}}), {"revision": 1}):
        _tell_of_the_end(row["_id"], row["revision"] + 1)
    return gone | {"contacts": remove(Contact, {"_id": {"$in": contacts}})}


def _own_records(person: Person, contacts: list[str]) -> Gone:
    named = [{"email": {"$in": list(person.emails)}}, {"phone": {"$in": list(person.phones)}}]
    stand_for = Merge.standing_for(Lead.about().prefix, named)
    was = {"$or": [{"conversion.contact_id": {"$in": contacts}}, {"_id": {"$in": stand_for}}, *named]}
    found = {"contact_id": {"$in": contacts}}
    leads = Lead._get_collection().distinct("merged_ids", mine(was))
    gone = {
        "merged_records": [*leads, *_merged(contacts)],  # they have a journal of their own
        "leads": remove(Lead, was),
        "needs": remove(Need, found),
        "preferences": remove(Preference, found),
    }
    for kept in (Asset, ServiceContract):  # what is the account's, too, stays with the account
        gone[kept.about().plural] = remove(kept, {**found, "account_id": None})
        kept._get_collection().update_many(mine(found), {"$unset": {"contact_id": ""}, "$inc": {"revision": 1}})
    return gone


def _merged(contacts: list[str]) -> list[str]:
    return sorted(set(contacts) - set(matching(Contact, {"_id": {"$in": contacts}})))


def _timeline(people: list[str], contacts: list[str], person: Person) -> list[str]:
    """Blank what happened with the person, and take it off what happened with others; the ids of the former."""
    rows, here = Interaction._get_collection(), {"$in": contacts}
    took_part: Query = {"$or": [{"contact_id": here}, {"address": {"$in": [*person.emails, *person.phones]}}]}
    told = {"$or": [{"contact_ids": here}, {"participants.contact_id": here}, {"record_id": {"$in": people}}]}
    ids = matching(Interaction, told)
    blank = {"$set": {"title": ERASED, "search_tokens": []}, "$unset": {"description": "", "attachments": ""}}
    rows.update_many({"_id": {"$in": ids}}, blank)
    rows.update_many(mine({"participants": {"$elemMatch": took_part}}), {"$pull": {"participants": took_part}})
    return ids


def _attachments(gone: Gone, records: list[str]) -> set[str]:
    """Remove what is attached to these records; the files that it named."""
    query = mine({"record_id": {"$in": records}})
    files = set(Attachment._get_collection().distinct("file_id", query))
    gone["attachments"] = remove(Attachment, query)
    return files


def _tell_of_the_end(id: str, revision: int) -> None:
    # Who follows contacts follows their end, and learns nothing by it.
    row = {"_id": id, "revision": revision, "deleted_time": now()}
    contact = mirror.message(contact_pb2.Contact, row)
    announce(id, events_pb2.ContactDeleted(contact=contact), revision=revision)
