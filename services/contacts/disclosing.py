"""What contacts tells of a person who asks: what we know of it, what happened with it, and what was written with and for it."""

from typing import Any

from crm.common.v1 import disclosure_pb2

from services.contacts import referring
from services.contacts.interaction import Interaction
from services.contacts.lead import Lead
from services.contacts.merge import Merge
from services.contacts.removal import matching
from services.contacts.share_link import ShareLink

Query = dict[str, Any]


def known(subject: disclosure_pb2.Subject) -> dict[str, Query]:
    """What contacts keeps about a person, by collection."""
    ids, emails = list(subject.contact_ids), list(subject.emails)
    contacts, channels = {"$in": ids}, {"$in": [*emails, *subject.phones]}
    was = [{"email": {"$in": emails}}, {"phone": {"$in": list(subject.phones)}}]
    leads: Query = {"$or": [{"conversion.contact_id": contacts}, *was]}
    people = {"$in": [*ids, *matching(Lead, leads)]}
    took_part = [{f"participants.{field}": who} for field, who in (("contact_id", contacts), ("address", channels))]
    interactions: Query = {"$or": [{"contact_ids": contacts}, *took_part]}
    links: Query = {"$or": [{"contact_id": contacts}, {"recipient": {"$in": emails}}]}
    views: Query = {"$or": [*links["$or"], {"share_link_id": {"$in": matching(ShareLink, links)}}]}
    return {
        "contacts": {"_id": contacts},
        "leads": leads,
        **{name: {"contact_id": contacts} for name in ("needs", "preferences", "assets", "service_contracts")},
        **{name: {"contact_ids": contacts} for name in ("purchases", "erasures", "disclosures")},
        "interactions": interactions,
        "attachments": {"record_id": {"$in": [*people["$in"], *matching(Interaction, interactions)]}},
        "documents": {"$or": [{"contact_ids": contacts}, {"signature.contact_id": contacts}]},
        "share_links": links,
        "document_views": views,
        "associations": {"record_ids": people},
        "merges": Merge.of_records(people["$in"]),
        "merge_images": {"before._id": people},
        **_referring(ids, leads),
    }


def _referring(ids: list[str], leads: Query) -> dict[str, Query]:
    """The records of others that refer to the person by fields of the tenant's own."""
    own = {"contacts": {"_id": {"$in": ids}}, "leads": leads}
    return {name: {"$or": [query, own[name]]} if name in own else query for name, query in referring.known(ids).items()}
