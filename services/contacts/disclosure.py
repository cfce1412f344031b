"""Disclosures: somebody asked what we know of a person; who asked, why, and what contacts keeps about it."""

from typing import Any, Self

from crm.common.v1 import disclosure_pb2 as common
from crm.contacts.v1 import disclosure_pb2

from chassis import ListField, Noun, StringField, mirror, principal
from services.contacts.contact import Contact
from services.contacts.person import demand_everybody, emails_of, found, phones_of

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
        emails = emails_of(rows, self.email or "")
        return common.Subject(contact_ids=self.contact_ids, emails=emails, phones=phones_of(rows))


def known(subject: common.Subject) -> dict[str, Query]:
    """What contacts keeps about a person, by collection."""
    contacts = {"$in": list(subject.contact_ids)}
    was = [{"email": {"$in": list(subject.emails)}}, {"phone": {"$in": list(subject.phones)}}]
    of_person = ("needs", "preferences", "assets", "service_contracts")
    among_others = ("interactions", "purchases", "erasures", "disclosures")
    return {
        "contacts": {"_id": contacts},
        "leads": {"$or": [{"conversion.contact_id": contacts}, *was]},
        **{name: {"contact_id": contacts} for name in of_person},
        **{name: {"contact_ids": contacts} for name in among_others},
    }
