"""Consents and suppressions: who may be reached on a topic and how, and to whom nothing is sent at all."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Self

from crm.campaigns.v1 import consent_pb2
from crm.common.v1 import listing_pb2

from chassis import AlreadyExists, DateTimeField, Invalid, Noun, StringField, Violation, now
from services.campaigns import keyring
from services.campaigns.audience import AudienceMember
from services.campaigns.gate import OPTED_IN, UNSUBSCRIBED
from services.campaigns.topic import CONSENT, Topic

EMAIL, POST = "EMAIL", "POST"
# By which field of the ledger a channel reaches somebody.
REACHED_BY = {EMAIL: "address", "PHONE": "phone_number", "SMS": "phone_number", POST: "contact_id"}


class Consent(Noun):
    """What somebody said about being reached on a topic by a channel. Never changed; the latest one holds."""

    contract = consent_pb2.Consent
    meta = {"collection": "consents"}
    searched = ("address", "phone_number")
    indexed = (("contact_id", "occur_time"), ("address", "occur_time"), ("topic",))

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
    channel = StringField()
    phone_number = StringField()
    lawful_basis = StringField()
    expire_time = DateTimeField()

    @classmethod
    def of_member(cls, request: consent_pb2.ListAudienceMemberConsentsRequest) -> consent_pb2.ListConsentsResponse:
        """A page of what a contact said and of what was said about its address, the latest first. Refused with NotFound."""
        email = AudienceMember.row(request.id).get("email") or ""
        about = [("contact_id", request.id), *(("address", each) for each in spellings([email]) if each)]
        either = [{"field": field, "op": "eq", "value": {"string_value": value}} for field, value in about]
        asked = listing_pb2.ListRequest(
            filter={"any": either}, order_by=["-occur_time"], fields=request.fields,
            page_size=request.page_size, page_token=request.page_token,
        )  # fmt: skip
        return cls.page(asked, consent_pb2.ListConsentsResponse)

    @property
    def reached(self) -> str:
        """The address, number or contact that it is about."""
        return getattr(self, REACHED_BY[self.channel]) or ""

    def arrive(self) -> None:
        """It was said now, over the API, about the contact's address and on the topic's terms, unless it is said otherwise."""
        super().arrive()
        self.occur_time = self.occur_time or self.create_time
        self.source = self.source or "api"
        self.channel = self.channel or EMAIL
        if self.channel == EMAIL and not self.address and self.contact_id:
            self.address = AudienceMember.row(self.contact_id).get("email")
        topic = Topic.called(self.topic)
        self.lawful_basis = self.lawful_basis or (topic.lawful_basis if topic else CONSENT)
        if topic and topic.valid_days and self.state == OPTED_IN and not self.expire_time:
            self.expire_time = self.occur_time + timedelta(days=topic.valid_days)

    def settle(self) -> None:
        """Somebody said it, by the way that it is about, not in the future, and until later."""
        faults = [
            Violation(f"consent.{field}", f"is not for the channel {self.channel}")
            for field in ("address", "phone_number")
            if getattr(self, field) and field != REACHED_BY[self.channel]
        ]
        if not self.reached:
            lack = "is required where the contact has none" if self.channel == EMAIL else "is required"
            faults.append(Violation(f"consent.{REACHED_BY[self.channel]}", lack))
        if self.occur_time > now():
            faults.append(Violation("consent.occur_time", "is in the future"))
        if self.expire_time and self.state != OPTED_IN:
            faults.append(Violation("consent.expire_time", "is only for a yes"))
        elif self.expire_time and self.expire_time <= self.occur_time:
            faults.append(Violation("consent.expire_time", "is not after occur_time"))
        if faults:
            raise Invalid(faults)


class Suppression(Noun):
    """An address or a number to which nothing is sent; only its hash is kept."""

    contract = consent_pb2.Suppression
    meta = {"collection": "suppressions"}
    unique = ("address_key",)
    indexed = (("address_key",),)

    address_key = StringField()
    reason = StringField()
    note = StringField()

    @classmethod
    def of(cls, address_key: str, reason: str, note: str = "") -> Self | None:
        """The suppression of an address: made, brought back, or made stricter; None when it was there already."""
        known = cls.objects(address_key=address_key).first()
        if known is None:
            return cls.fresh(address_key=address_key, reason=reason, note=note or None).enter()
        stricter = known.reason == UNSUBSCRIBED and reason != UNSUBSCRIBED
        if not known.deleted_time and not stricter:
            return None
        known = cls.restore(known.id) if known.deleted_time else cls.find(known.id, "write")
        known.reason, known.note = reason, note or known.note
        known.keep()
        return known

    @classmethod
    def asked(cls, message: Any) -> Self:
        """The suppression that a client asks for. Refused with AlreadyExists when it is there already, Invalid."""
        if not (message.address or message.phone_number):
            raise Invalid.field("suppression.address", "is required where there is no phone_number")
        key = keyring.address_key(message.address or message.phone_number)
        reason = consent_pb2.Suppression.Reason.Name(message.reason) if message.reason else "REQUESTED"
        made = cls.of(key, reason, message.note)
        if made is None:
            raise AlreadyExists(noun="suppression", field="address_key")
        return made


def spellings(emails: Iterable[str]) -> list[str]:
    """The e-mail addresses as they were given, and in small letters: consents and answers keep what somebody wrote."""
    return sorted({spelling for email in emails for spelling in (email, email.lower())})


def whom(request: Any, channel: str) -> str:
    """The address, number or contact that a CheckConsentsRequest asks about. Refused with Invalid, NotFound."""
    by = REACHED_BY[channel]
    member = AudienceMember.row(request.contact_id) if request.contact_id else {}
    reached = str(getattr(request, by) or (channel == EMAIL and member.get("email")) or "")
    if not reached:
        raise Invalid.field(by, "is required where the contact has none" if by == "address" else "is required")
    return reached
