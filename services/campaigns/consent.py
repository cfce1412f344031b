"""Consents and suppressions: who wants mails on a topic, and to whom nothing is sent at all."""

from typing import Any, Self

from crm.campaigns.v1 import consent_pb2

from chassis import DateTimeField, Invalid, Noun, StringField, now
from services.campaigns import keyring
from services.campaigns.audience import AudienceMember

OPTED_IN, OPTED_OUT = "OPTED_IN", "OPTED_OUT"


class Consent(Noun):
    """What somebody said about mails on a topic. Never changed; the latest one holds."""

    contract = consent_pb2.Consent
    meta = {"collection": "consents"}
    searched = ("address",)
    indexed = (("contact_id",), ("address",), ("topic",))

    contact_id = StringField()
    address = StringField()
    topic = StringField()
    state = StringField()
    source = StringField()
    proof = StringField()
    proof_version = StringField()
    ip_address = StringField()
    user_agent = StringField()
    record_id = StringField()
    occur_time = DateTimeField()

    def arrive(self) -> None:
        """It was said now and over the API, by the contact's address, unless it is said otherwise."""
        super().arrive()
        self.occur_time = self.occur_time or self.create_time
        self.source = self.source or "api"
        if not self.address and self.contact_id:
            self.address = AudienceMember.row(self.contact_id).get("email")

    def settle(self) -> None:
        """Somebody said it, and not in the future."""
        if not self.address:
            raise Invalid.field("consent.address", "is required where the contact has none")
        if self.occur_time > now():
            raise Invalid.field("consent.occur_time", "is in the future")


class Suppression(Noun):
    """An address to which nothing is sent; only its hash is kept."""

    contract = consent_pb2.Suppression
    meta = {"collection": "suppressions"}
    unique = ("address_key",)
    indexed = (("address_key",),)

    address_key = StringField()
    reason = StringField()
    note = StringField()

    @classmethod
    def of(cls, address_key: str, reason: str, note: str = "") -> Self | None:
        """The suppression of an address, made or brought back; None when it was there already."""
        known = cls.objects(address_key=address_key).first()
        if known is None:
            return cls.fresh(address_key=address_key, reason=reason, note=note or None).enter()
        return cls.restore(known.id) if known.deleted_time else None

    @classmethod
    def asked(cls, message: Any) -> Self:
        """The suppression that a client asks for. Refused with AlreadyExists when the address is suppressed already."""
        key = keyring.address_key(message.address)
        known = cls.objects(address_key=key).first()
        if known is not None and known.deleted_time:
            return cls.restore(known.id)
        reason = consent_pb2.Suppression.Reason.Name(message.reason) if message.reason else "REQUESTED"
        return cls.fresh(address_key=key, reason=reason, note=message.note or None).enter()
