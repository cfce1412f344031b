"""What campaigns forget of a person: everything but the hashes of its addresses and numbers, suppressed from now on."""

from typing import Any

from pymongo.collection import Collection

from chassis import Person, principal, transaction
from services.campaigns import keyring, standing
from services.campaigns.audience import AudienceMember, Finding
from services.campaigns.consent import Consent, Suppression, spellings
from services.campaigns.membership import leave_all

_PROOF = ("address", "phone_number", "proof", "ip_address", "user_agent", "record_id", "search_tokens")
_VISIT = ("network", "user_agent")
_REASON = "REQUESTED"


def forget(person: Person) -> dict[str, list[str]]:
    """Suppress the addresses, remove the person from the audience, and blank consents, visits and answers; ids by collection."""
    mine, contacts = {"tenant_id": principal().tenant_id}, {"contact_id": {"$in": list(person.contact_ids)}}
    for address in (*person.emails, *person.phones):
        _suppress(keyring.address_key(address))
    for id in person.contact_ids:
        leave_all(id)
    database = transaction.database()
    named = [{"address": {"$in": spellings(person.emails)}}, {"phone_number": {"$in": list(person.phones)}}]
    said = {"$or": [contacts, *named]}
    sent = {
        "$or": [{"answers.email": {"$in": spellings(person.emails)}}, {"answers.phone": {"$in": list(person.phones)}}]
    }
    Finding._get_collection().delete_many(mine | contacts)
    gone = AudienceMember.rows().delete_many(mine | {"_id": {"$in": list(person.contact_ids)}}).deleted_count
    return {
        "audience_members": list(person.contact_ids) if gone else [],
        "consents": _blank(Consent._get_collection(), mine | said, _PROOF),
        "submissions": _blank(database["submissions"], mine | sent, _VISIT, answers={}),
        "engagements": _blank(database["engagements"], mine | contacts, _VISIT),
    }


def _suppress(key: str) -> None:
    if Suppression.of(key, _REASON) is not None:
        standing.show(key)


def _blank(rows: Collection[Any], query: dict[str, Any], gone: tuple[str, ...], **blank: Any) -> list[str]:
    ids = [row["_id"] for row in rows.find(query, {"_id": 1})]
    change: dict[str, Any] = {"$unset": dict.fromkeys(gone, "")} | ({"$set": blank} if blank else {})
    rows.update_many({"_id": {"$in": ids}}, change)
    return ids
