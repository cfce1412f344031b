"""Contacts: the people whom we know."""

from typing import Any

from crm.common.v1 import address_pb2
from crm.contacts.v1 import channels_pb2, contact_pb2, purchase_pb2

from chassis import Invalid, Part, Parts, StringField, Violation, clock, merging, refer
from services.contacts import postal, telephones
from services.contacts.account import Account
from services.contacts.association_label import BOTH_ENDS
from services.contacts.channels import (
    Entry,
    normal_address,
    normal_language,
    same_mailbox,
    tagged,
    with_one_primary,
)
from services.contacts.named import SEARCHED, Named
from services.contacts.names import Name


class Contact(Named):
    """A person whom we know."""

    contract = contact_pb2.Contact
    meta = {"collection": "contacts"}
    searched = (*SEARCHED, "emails.address", "phones.number")
    children = (
        merging.Reference("leads", "conversion", "contact_id"),
        merging.Reference("interactions", "contact_ids"),
        merging.Reference("interactions", "participants", "contact_id"),
        merging.Reference("attachments", "record_id"),
        merging.Reference("documents", "contact_ids"),
        merging.Reference("documents", "signature", "contact_id"),
        merging.Reference("share_links", "contact_id"),
        merging.Reference("document_views", "contact_id"),
        merging.Reference("purchases", "contact_ids", revised=False),
        *(merging.Reference(kept, "contact_id") for kept in ("needs", "preferences", "assets", "service_contracts")),
        *(merging.Reference(asked, "contact_ids") for asked in ("erasures", "disclosures")),
        BOTH_ENDS,
    )
    bought_by = "contact_ids"
    naming = (merging.Reference("contacts", "account_id"),)
    indexed = (
        ("account_id",),
        ("emails.address",),
        ("phones.number",),
        ("display_name",),
        ("territory_id",),
        ("owner_id", "display_name"),
        ("owner_id", "account_id"),
        ("duplicate_keys",),
        ("purchases.last_order_date",),
    )

    formal_name = StringField()
    gender = StringField()
    emails = Parts(channels_pb2.EmailAddress)
    phones = Parts(channels_pb2.PhoneNumber)
    addresses = Parts(address_pb2.PostalAddress)
    websites = Parts(channels_pb2.Website)
    account_id = StringField()
    department = StringField()
    birth_date = StringField()
    purchases = Part(purchase_pb2.PurchaseFigures)

    def reached_at(self, address: str) -> bool:
        """Whether the e-mail address is one of the contact's."""
        return any(same_mailbox(address, email["address"]) for email in self.emails)

    @classmethod
    def called(cls, row: dict[str, Any]) -> str:
        """The name to show."""
        return str(row["display_name"])

    @classmethod
    def reached_by(cls, address: str, number: str) -> list[str]:
        """The ids of the tenant's contacts that have the e-mail address, or the telephone number."""
        if number:
            return list(cls.objects(deleted_time=None, __raw__={"phones.number": number}).scalar("id"))
        address = normal_address(address)
        alike = cls.objects(deleted_time=None, __raw__={"emails.address": {"$in": [address, address.lower()]}})
        return [contact.id for contact in alike if contact.reached_at(address)]

    def settle(self) -> None:
        """A name to show, addresses and telephones in one written form, one primary of each, and an account that is there."""
        self.emails = with_one_primary(_written(self.emails), "contact.emails")
        self.addresses = [postal.settled(address) for address in self.addresses]
        self.phones = telephones.settled(self.phones, "contact.phones", postal.country_of(self.addresses))
        self.websites = list({each["url"]: each for each in self.websites}.values())
        self.language_code = normal_language(self.language_code) if self.language_code else None
        self.tags = tagged(self.tags)
        self._be_called()
        self._be_born()
        refer(self, "account_id", Account)
        self.find_territory()

    def _be_born(self) -> None:
        if (self.birth_date or "") > clock.today():
            raise Invalid.field("contact.birth_date", "is in the future")

    def _be_called(self) -> None:
        name = Name.of(self)
        self.formal_name = name.formal or None
        self.display_name = name.shown or _first(self.emails)
        if not self.display_name:
            raise Invalid.field("contact.family_name", "is required where there is no other name and no e-mail address")


def _first(emails: list[Entry]) -> str:
    return next((email["address"] for email in emails if email["primary"]), "")


def _written(emails: list[Entry]) -> list[Entry]:
    emails = [{**email, "address": normal_address(email["address"])} for email in emails]
    repeated = [
        place
        for place, email in enumerate(emails)
        if any(same_mailbox(email["address"], earlier["address"]) for earlier in emails[:place])
    ]
    if repeated:
        raise Invalid(Violation(f"contact.emails[{place}].address", "is given twice") for place in repeated)
    return emails
