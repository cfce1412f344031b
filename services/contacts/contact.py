"""Contacts: the people whom we know."""

from crm.common.v1 import address_pb2
from crm.contacts.v1 import channels_pb2, contact_pb2

from chassis import CustomFields, Invalid, ListField, Owned, Parts, StringField, Violation, refer
from services.contacts.account import Account
from services.contacts.channels import Entry, normal_address, same_mailbox, with_one_primary, without_repeats


class Contact(Owned):
    """A person whom we know."""

    contract = contact_pb2.Contact
    meta = {"collection": "contacts"}
    searched = ("given_name", "family_name", "emails.address", "phones.number")
    indexed = (("account_id",), ("emails.address",), ("display_name",))

    given_name = StringField()
    family_name = StringField()
    display_name = StringField()
    emails = Parts(channels_pb2.EmailAddress)
    phones = Parts(channels_pb2.PhoneNumber)
    addresses = Parts(address_pb2.PostalAddress)
    account_id = StringField()
    job_title = StringField()
    department = StringField()
    birth_date = StringField()
    language_code = StringField()
    time_zone = StringField()
    description = StringField()
    tags = ListField(StringField())
    custom_fields = CustomFields()

    def reached_at(self, address: str) -> bool:
        """Whether the e-mail address is one of the contact's."""
        return any(same_mailbox(address, email["address"]) for email in self.emails)

    def settle(self) -> None:
        """A name to show, e-mail addresses in one written form, one primary of each, and an account that is there."""
        self.emails = with_one_primary(_written(self.emails), "contact.emails")
        self.phones = with_one_primary(self.phones, "contact.phones")
        self.tags = without_repeats(self.tags)
        self.display_name = display_name(self.given_name, self.family_name, self.emails)
        if not self.display_name:
            raise Invalid.field("contact.family_name", "is required where there is no given name and no e-mail address")
        refer(self, "account_id", Account)


def display_name(given_name: str | None, family_name: str | None, emails: list[Entry]) -> str:
    """Given and family name, else the primary e-mail address, else nothing."""
    names = [name.strip() for name in (given_name, family_name) if name and name.strip()]
    return " ".join(names) or next((email["address"] for email in emails if email.get("primary")), "")


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
