"""Disclosures: somebody asked what we know of a person; who asked, and why."""

from typing import Self

from crm.common.v1 import disclosure_pb2 as common
from crm.contacts.v1 import disclosure_pb2

from chassis import ListField, Noun, StringField, mirror, principal
from services.contacts.contact import Contact
from services.contacts.merge import Merge
from services.contacts.person import demand_everybody, emails_of, found, ids_of, phones_of


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
