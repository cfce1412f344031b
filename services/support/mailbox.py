"""Mailboxes: the addresses of ours that customers write to, each of one tenant."""

import re
from typing import Any, Self

from crm.support.v1 import mailbox_pb2

from chassis import AlreadyExists, Invalid, Noun, StringField
from services.support.contact import mailbox_of

LONGEST_LOCAL = 30  # what is left of 64 octets beside `+t2026-000123.<key>.<digest>`


class Mailbox(Noun):
    """An address that customers write to."""

    contract = mailbox_pb2.Mailbox
    meta = {"collection": "mailboxes"}
    searched = ("address", "name")

    address = StringField()
    name = StringField()
    team_id = StringField()
    queue = StringField()

    @property
    def domain(self) -> str:
        """What stands behind the `@`."""
        return str(self.address).rpartition("@")[2]

    def tagged(self, tag: str) -> str:
        """The address with a tag of ours: `support+t2026-000123.k1.…@example.com`."""
        local, _, domain = str(self.address).rpartition("@")
        return f"{local}+{tag}@{domain}"

    def settle(self) -> None:
        """The address in its one form; nobody else in the suite has it."""
        self.address = mailbox_of(self.address)
        local = self.address.rpartition("@")[0]
        if len(local) > LONGEST_LOCAL:
            raise Invalid.field("mailbox.address", f"has more than {LONGEST_LOCAL} characters before the @")
        if "+" in local:
            raise Invalid.field("mailbox.address", "has a +; what follows a + is ours")
        # Every tenant's, for an incoming mail names nothing but the address.
        if self._get_collection().find_one({"address": self.address, "_id": {"$ne": self.id}}, {"_id": 1}):
            raise AlreadyExists(noun="mailbox", field="address")

    @classmethod
    def of_tenant(cls) -> dict[str, Self]:
        """The mailboxes of the tenant by their ids, also those that were deleted: mail that was taken is read."""
        return {mailbox.id: mailbox for mailbox in cls.objects()}

    @classmethod
    def of_recipient(cls, recipient: str) -> dict[str, Any] | None:
        """The stored row of the mailbox that a recipient's address reaches, of whichever tenant; None when there is none."""
        address = re.sub(r"\+[^@]*@", "@", mailbox_of(recipient), count=1)
        return cls._get_collection().find_one({"address": address, "deleted_time": None})


def prepare() -> None:
    """Make the index that keeps an address with one mailbox of the whole suite."""
    Mailbox._get_collection().create_index("address", unique=True)
