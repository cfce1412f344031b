"""Attachments: files on accounts, contacts, leads and interactions. One file may be on many records."""

from typing import Any

from crm.contacts.v1 import attachment_pb2

from chassis import IntField, Invalid, NotFound, Noun, StringField, principal
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.file import File
from services.contacts.following import Following
from services.contacts.interaction import Interaction
from services.contacts.lead import Lead

MOST = 200  # attachments of a record

_RECORDS: dict[str, type[Noun]] = {noun.about().prefix: noun for noun in (Account, Contact, Lead, Interaction)}


class Attachment(Following):
    """A file on a record."""

    contract = attachment_pb2.Attachment
    meta = {"collection": "attachments"}
    indexed = (("record_id",), ("file_id",))

    file_id = StringField()
    record_id = StringField()
    name = StringField()
    description = StringField()
    media_type = StringField()
    size_bytes = IntField()
    sha256 = StringField()
    scan_state = StringField()
    author_id = StringField()

    def followed(self, action: str) -> Noun:
        """The record that it is on."""
        return record_of(self.record_id, action, "attachment.record_id")

    def file(self) -> File:
        """The file itself, whoever brought it in."""
        return File.held(self.file_id)

    def arrive(self) -> None:
        """Be on a record that the caller may change, and know the file. Refused with Invalid, Forbidden, RecordFull."""
        try:
            self.followed("write")
        except NotFound as missing:
            raise Invalid.field("attachment.record_id", missing.detail) from None
        self.demand_room("record_id", MOST)
        file = File.claimed(self.file_id, "attachment.file_id")
        self.name = self.name or file.name
        self.media_type, self.size_bytes, self.sha256 = file.media_type, file.size_bytes, file.sha256
        self.scan_state, self.author_id = file.scan_state, principal().user_id

    def settle(self) -> None:
        """Keep a name."""
        if not (self.name or "").strip():
            raise Invalid.field("attachment.name", "is required")

    def summary(self) -> dict[str, Any]:
        """What an interaction shows of it."""
        return {
            "attachment_id": self.id,
            **{name: getattr(self, name) for name in ("name", "media_type", "size_bytes")},
        }


def record_of(id: str, action: str, path: str = "record_id") -> Noun:
    """The record that an id of any kind names. Refused with NotFound, Forbidden, and with Invalid at `path`."""
    noun = _RECORDS.get(id.partition("_")[0])
    if noun is None:
        raise Invalid.field(path, "must be the id of an account, a contact, a lead or an interaction")
    return noun.find(id, action)
