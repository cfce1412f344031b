"""What holds for an address now: its latest word on each topic, and whether it is suppressed.

Kept by the hash of the address, so that it is found for a contact that comes later, holds for every contact with the address,
and outlives them. Senders ask here in the moment of handing over.
"""

from collections.abc import Iterable
from typing import Any

from crm.contacts.v1 import contact_pb2
from pymongo.database import Database

from chassis import principal, transaction
from services.campaigns import keyring
from services.campaigns.audience import AudienceMember
from services.campaigns.consent import OPTED_IN, OPTED_OUT, Consent
from services.campaigns.membership import follow

_STATES, _EVERY, _SUPPRESSED = "consent_states", "*", "SUPPRESSED"  # no topic is named `*`


def prepare(database: Database) -> None:
    """Make the index by which the topics of an address are found."""
    database[_STATES].create_index([("tenant_id", 1), ("address_key", 1)])


def hold(consent: Consent) -> None:
    """Let a consent hold from now on, unless a later one is known."""
    key, tenant = keyring.address_key(consent.address), principal().tenant_id
    states, id = transaction.database()[_STATES], _id(tenant, consent.topic, key)
    known = states.find_one({"_id": id})
    if known is not None and known["time"] > consent.occur_time:
        return
    state = {"tenant_id": tenant, "topic": consent.topic, "address_key": key, "state": consent.state}
    states.update_one({"_id": id}, {"$set": state | {"time": consent.occur_time}}, upsert=True)
    show(key)


def show(address_key: str) -> None:
    """Write what holds for an address into the rows of its contacts, for segments to ask about."""
    rows, tenant = AudienceMember.rows(), principal().tenant_id
    _mark(tenant, address_key)
    ids = [row["_id"] for row in rows.find({"tenant_id": tenant, "address_key": address_key}, {"_id": 1})]
    if ids:
        rows.update_many({"_id": {"$in": ids}}, {"$set": of(address_key)})
        follow(ids)


def of(address_key: str) -> dict[str, Any]:
    """The fields of an audience row that say what holds for its address."""
    tenant = principal().tenant_id
    states = list(transaction.database()[_STATES].find({"tenant_id": tenant, "address_key": address_key}))
    return {
        "opted_in": sorted(each["topic"] for each in states if each["state"] == OPTED_IN),
        "opted_out": sorted(each["topic"] for each in states if each["state"] == OPTED_OUT),
        "suppressed": bool(suppressed(tenant, [address_key])),
    }


def take_in(contact: contact_pb2.Contact, revision: int) -> bool:
    """Take a person over with what holds for the address; False when nothing of it is news."""
    if not AudienceMember.hear(contact, revision):
        return False
    key = AudienceMember.row(contact.id).get("address_key")
    holds = of(key) if key else {"opted_in": [], "opted_out": [], "suppressed": False}
    AudienceMember.rows().update_one({"_id": contact.id}, {"$set": holds})
    return True


def suppressed(tenant_id: str, address_keys: Iterable[str]) -> set[str]:
    """Those of the addresses that are suppressed."""
    wanted = {"tenant_id": tenant_id, "address_key": {"$in": list(address_keys)}, "deleted_time": None}
    return {row["address_key"] for row in transaction.database()["suppressions"].find(wanted, {"address_key": 1})}


def sendable(tenant_id: str, topic: str, address_keys: Iterable[str]) -> tuple[set[str], set[str]]:
    """The addresses whose latest word on the topic is yes, and those that are suppressed; asked in one look-up."""
    ids = [_id(tenant_id, each, key) for key in address_keys for each in (topic, _EVERY)]
    found = list(transaction.database()[_STATES].find({"_id": {"$in": ids}}, {"address_key": 1, "state": 1}))
    yes = {row["address_key"] for row in found if row["state"] == OPTED_IN}
    never = {row["address_key"] for row in found if row["state"] == _SUPPRESSED}
    return yes - never, never


def _mark(tenant_id: str, address_key: str) -> None:
    # A suppression stands beside the consents, as if it were a word on every topic.
    states, id = transaction.database()[_STATES], _id(tenant_id, _EVERY, address_key)
    if suppressed(tenant_id, [address_key]):
        state = {"tenant_id": tenant_id, "topic": _EVERY, "address_key": address_key, "state": _SUPPRESSED}
        states.update_one({"_id": id}, {"$set": state}, upsert=True)
    else:
        states.delete_one({"_id": id})


def _id(tenant_id: str, topic: str, address_key: str) -> str:
    return f"{tenant_id}/{topic}/{address_key}"
