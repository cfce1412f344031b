"""What tests of erasures need: somebody with rare names, the erasure done, and whatever still names the person."""

import re
from collections.abc import Iterator
from typing import Any

from bson.raw_bson import RawBSONDocument
from crm.contacts.v1 import erasure_pb2, events_pb2
from pymongo import MongoClient

from chassis import erasure, transaction
from chassis.embedded import Servers
from chassis.events import outbox
from chassis.testing import Caller
from services.contacts.forgetting import forget
from services.contacts.forgetting_jobs import look
from tests.contacts.cases import CONTACT
from tests.contacts.hearing import hear

GIVEN, FAMILY, EMAIL, PHONE = "Quillon", "Vexleyan", "quillon@vexleyan.example", "+441632960177"
NAME = f"{GIVEN} {FAMILY}"
QUILLON: dict[str, Any] = {
    "given_name": GIVEN, "family_name": FAMILY, "emails": [{"address": EMAIL}], "phones": [{"number": PHONE}],
    "websites": [{"url": f"https://{FAMILY.lower()}.example/{GIVEN.lower()}"}],
}  # fmt: skip

_NAMED = re.compile(b"|".join(re.escape(each.encode()) for each in (EMAIL, PHONE, GIVEN, FAMILY)), re.IGNORECASE)


def quillon(caller: Caller, **fields: Any) -> Any:
    """The person, as a contact."""
    return CONTACT.create(caller, **(QUILLON | fields))


def naming(servers: Servers, caller: Caller) -> Iterator[str]:
    """Every stored document of the tenant in the contacts database, and every piece of a file, that names the person."""
    url = servers.mongo_url("contacts")
    with MongoClient[Any](url, document_class=RawBSONDocument) as client:
        database = client.get_default_database()
        for name in database.list_collection_names():
            whose: dict[str, Any] = {"tenant_id": caller.whom.tenant_id}
            if name == "file_content.chunks":
                others = database["file_contents"].distinct("_id", {"tenant_id": {"$ne": caller.whom.tenant_id}})
                whose = {"files_id": {"$nin": others}}
            for document in database[name].find(whose):
                if found := _NAMED.search(document.raw):
                    where = f"{name} {document['_id']} {document.get('type', '')}"
                    yield f"{where}: {document.raw[max(0, found.start() - 60) : found.end()]!r}"


def asked(caller: Caller, contact_id: str) -> dict[str, Any]:
    """The task that contacts takes up when the contact is asked to be forgotten."""
    made = caller.CreateErasure(erasure_pb2.CreateErasureRequest(erasure={"contact_id": contact_id}))
    [row] = transaction.database()[outbox.EVENTS].find({"record_id": made.id, "subject": "erasure.requested"})
    hear(caller, events_pb2.ErasureRequested.FromString(row["body"]), made.id)
    [task] = [each for each in erasure.due() if each["_id"] == made.id]
    return task


def work(task: dict[str, Any]) -> None:
    """Do the task, as the companion does."""
    erasure.erase(forget, events_pb2.ErasureCompleted, task, look)


def forgotten(caller: Caller, contact_id: str) -> dict[str, int]:
    """Have the person forgotten by contacts; how many records, by collection."""
    task = asked(caller, contact_id)
    work(task)
    rows = transaction.database()[outbox.EVENTS].find({"record_id": task["_id"], "subject": "erasure.completed"})
    [told] = [events_pb2.ErasureCompleted.FromString(row["body"]) for row in rows]
    return {each.collection: each.count for each in told.erased}
