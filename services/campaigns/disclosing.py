"""What campaigns tells of a person who asks: how the audience shows it, what it agreed to, what it got and did with it."""

from typing import Any

from crm.common.v1 import disclosure_pb2

from services.campaigns import keyring
from services.campaigns.consent import spellings


def known(subject: disclosure_pb2.Subject) -> dict[str, dict[str, Any]]:
    """What campaigns keeps about a person, by collection."""
    contacts, phones = {"$in": list(subject.contact_ids)}, {"$in": list(subject.phones)}
    emails = {"$in": spellings(subject.emails)}
    keys = {"$in": [keyring.address_key(each) for each in (*subject.emails, *subject.phones)]}
    return {
        "audience_members": {"_id": contacts},
        "known_findings": {"contact_id": contacts},
        "consents": {"$or": [{"contact_id": contacts}, {"address": emails}, {"phone_number": phones}]},
        "suppressions": {"address_key": keys},
        "deliveries": {"contact_id": contacts},
        "engagements": {"contact_id": contacts},
        "submissions": {"$or": [{"answers.email": emails}, {"answers.phone": phones}]},
    }
