"""What support tells of a person who asks: its tickets with all that was said on them, and its mails."""

from typing import Any

from crm.common.v1 import disclosure_pb2

from services.support.contact import mailbox_of
from services.support.ticket import Ticket

Query = dict[str, Any]


def known(subject: disclosure_pb2.Subject) -> dict[str, Query]:
    """What support keeps about a person, by collection. Mails are told as they were read, without their raw form."""
    contacts, emails = {"$in": list(subject.contact_ids)}, {"$in": [mailbox_of(each) for each in subject.emails]}
    asked: Query = {"$or": [{"requester_id": contacts}, {"requester_email": emails}, {"participants.email": emails}]}
    on_them = {"ticket_id": {"$in": list(Ticket.objects(__raw__=asked).scalar("id"))}}
    return {
        "tickets": asked,
        "messages": {"$or": [on_them, {"author.email": emails}]},
        "mails": {"$or": [on_them, {"sender": emails}, {"envelope_from": emails}]},
        "deliveries": {"$or": [on_them, {"recipient": emails}]},
        "known_contacts": {"_id": contacts},
        "known_assets": {"contact_id": contacts},
        "known_service_contracts": {"contact_id": contacts},
    }
