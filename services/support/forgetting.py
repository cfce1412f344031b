"""What support forgets of a person: who it was, what it wrote, and what was written to it. That there were tickets stays."""

from typing import Any

from chassis import ERASED, Person, principal, transaction
from services.support.contact import Contact, mailbox_of
from services.support.delivery import Delivery
from services.support.installed import Asset, ServiceContract
from services.support.mail import RAW, Mail
from services.support.message import Message
from services.support.ticket import Ticket

_WRITTEN = ("body_text", "full_text", "body_html", "attachments", "to", "cc", "search_tokens")
_SENT = ("envelope_from", "sender", "search_tokens")


def forget(person: Person) -> dict[str, list[str]]:
    """Blank the tickets that the person asked, with all that was said on them, and its mails; their ids by collection."""
    mine, emails = {"tenant_id": principal().tenant_id}, [mailbox_of(each) for each in person.emails]
    asked = {"$or": [{"requester_id": {"$in": list(person.contact_ids)}}, {"requester_email": {"$in": emails}}]}
    tickets = _blank(
        Ticket, mine | asked, ("requester_email", "requester_name", "description", "resolution", "search_tokens"),
        participants=[], subject=ERASED,
    )  # fmt: skip
    on_them = {"ticket_id": {"$in": tickets}}
    said = {"$or": [on_them, {"author.email": {"$in": emails}}]}
    sent = {"$or": [on_them, {"sender": {"$in": emails}}, {"envelope_from": {"$in": emails}}]}
    messages = _blank(Message, mine | said, _WRITTEN, subject=ERASED, author={"kind": "CUSTOMER"})
    mails = _blank(Mail, mine | sent, _SENT, subject=ERASED)
    transaction.database()[RAW].delete_many(mine | {"_id": {"$in": mails}})
    deliveries = _blank(Delivery, mine | on_them, ("answer", "search_tokens"), recipient=ERASED)
    known = mine | {"_id": {"$in": list(person.contact_ids)}}
    Contact._get_collection().update_many(known, {"$unset": {"name": ""}, "$set": {"emails": []}})
    for kept in (Asset, ServiceContract):
        of_person = mine | {"contact_id": {"$in": list(person.contact_ids)}}
        kept._get_collection().delete_many(of_person | {"account_id": None})
        kept._get_collection().update_many(of_person, {"$unset": {"contact_id": ""}})
    return {"tickets": tickets, "messages": messages, "mails": mails, "deliveries": deliveries}


def _blank(noun: Any, query: dict[str, Any], gone: tuple[str, ...], **blank: Any) -> list[str]:
    records = noun._get_collection()
    ids = [row["_id"] for row in records.find(query, {"_id": 1})]
    records.update_many({"_id": {"$in": ids}}, {"$set": blank, "$unset": dict.fromkeys(gone, "")})
    return ids
