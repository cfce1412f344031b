"""Disclosures: somebody asked what we know of a person; who asked, why, and what contacts keeps about it."""

from typing import Any, Self

from crm.common.v1 import disclosure_pb2 as common
from crm.contacts.v1 import disclosure_pb2

from chassis import ListField, Noun, StringField, mirror, principal
from services.contacts import referring
from services.contacts.contact import Contact
from services.contacts.interaction import Interaction
from services.contacts.lead import Lead
from services.contacts.merge import Merge
from services.contacts.person import demand_everybody, emails_of, found, ids_of, phones_of
from services.contacts.removal import matching
from services.contacts.share_link import ShareLink

Query = dict[str, Any]


class Disclosure(Noun):
    """A request for all that we know of a person. What is told is kept nowhere."""

    contract = disclosure_pb2.Disclosure
    meta = {"collection": "disclosures"}
    searched = ("reason", "email")
    indexed = (("contact_ids",),)

    email = StringField()
    reason = StringField()
    contact_ids = ListField(StringField())
    actor_id = StringField()

    @classmethod
    def asked(cls, message: disclosure_pb2.Disclosure) -> Self:
        """The disclosure that a client asks for. Refused with Invalid, NotFound, Forbidden."""
        demand_everybody(cls)
        rows = found(message, "disclosure", "read")
        disclosure = cls.fresh(
            email=message.email or None, reason=message.reason or None, contact_ids=[row["_id"] for row in rows],
            actor_id=principal().user_id, external_ids=mirror.stored(message).get("external_ids", []),
        )  # fmt: skip
        return disclosure.enter()

    def subject(self) -> common.Subject:
        """By what services know the person now."""
        rows = list(Contact._get_collection().find({"tenant_id": self.tenant_id, "_id": {"$in": self.contact_ids}}))
        ever = [*rows, *Merge.earlier(rows)]
        ids = list(dict.fromkeys([*self.contact_ids, *ids_of(rows)]))
        return common.Subject(contact_ids=ids, emails=emails_of(ever, self.email or ""), phones=phones_of(ever))


def known(subject: common.Subject) -> dict[str, Query]:
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
