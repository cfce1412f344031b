"""What support remembers of the contacts of contacts: whose mailbox is whose, so that a mail finds the person who asks."""

from typing import Self

from chassis import ListField, Projection, StringField, merging, principal


class Contact(Projection):
    """A contact, as far as support needs it."""

    meta = {"collection": "known_contacts"}
    indexed = (("emails",), ("account_id",))
    following = (merging.Reference("known_contacts", "account_id", revised=False),)
    awaited = ("_id", "emails")
    name = StringField()
    account_id = StringField()
    emails = ListField(StringField())

    @classmethod
    def asking(cls, id: str | None, email: str | None) -> Self | None:
        """The contact that asks by its id, or by its address; None while nobody is known, who is told of it when that changes."""
        if id:
            row = cls.copied(id)
            return cls._from_son(row) if row else None
        found = cls.of_mailbox(email) if email else None
        if email and found is None:
            cls.await_(mailbox_of(email))
        return found

    @classmethod
    def of_mailbox(cls, email: str) -> Self | None:
        """The contact with this e-mail address, the oldest where several have it; None while nobody is known."""
        named = {"tenant_id": principal().tenant_id, "emails": mailbox_of(email)}
        row = cls._get_collection().find_one(named, sort=[("_id", 1)])
        return cls._from_son(row) if row else None


def mailbox_of(email: str) -> str:
    """An e-mail address in the one form in which support compares it: no provider tells mailboxes apart by case."""
    return email.strip().casefold()
