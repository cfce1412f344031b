"""Incoming mails as they came, kept before their sender hears that they were taken. Each can be read again."""

import hashlib
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any, Self

from bson.binary import Binary
from crm.support.v1 import events_pb2, mail_pb2

from chassis import BooleanField, DateTimeField, IntField, Noun, Parts, StringField, now, transaction
from services.support.letter import Letter
from services.support.refusals import MailTaken
from services.support.report import Report

RECEIVED, TAKEN, DUPLICATE, NOTED, QUARANTINED = "RECEIVED", "TAKEN", "DUPLICATE", "NOTED", "QUARANTINED"

BATCH = 20  # mails that are read in one transaction

# A collection of its own, one document for each mail: lists of mails do not read it, and GridFS would take three writes
# for what fits into one document.
RAW = "raw_mails"


class Mail(Noun):
    """An incoming e-mail as it came."""

    contract = mail_pb2.Mail
    meta = {"collection": "mails"}
    searched = ("sender", "subject")
    indexed = (("status",), ("mailbox_id", "receive_time"), ("ticket_id",), ("digest",))

    mailbox_id = StringField()
    receive_time = DateTimeField()
    envelope_from = StringField()
    envelope_to = StringField()
    size = IntField()
    digest = StringField()
    status = StringField()
    fault = StringField()
    auto_class = StringField()
    message_id = StringField()
    sender = StringField()
    subject = StringField()
    ticket_id = StringField()
    thread = StringField()
    reports = Parts(mail_pb2.Mail.Report)
    attempts = IntField(default=0)
    by_person = BooleanField(default=False)

    @classmethod
    def receive(cls, raw: bytes, mailbox_id: str, envelope_from: str, envelope_to: str) -> Self:
        """Keep a mail that came, in the transaction of this thread; it is read later."""
        mail = cls.fresh(
            mailbox_id=mailbox_id, receive_time=now(), envelope_from=envelope_from or None, envelope_to=envelope_to,
            size=len(raw), digest=hashlib.sha256(raw).hexdigest(), status=RECEIVED,
        )  # fmt: skip
        kept = {"_id": mail.id, "tenant_id": mail.tenant_id, "raw": Binary(raw)}
        transaction.defer(transaction.database()[RAW], [kept])
        mail.enter()
        return mail

    def raw(self) -> bytes:
        """The mail as it came."""
        return raws(self.tenant_id, [self.id])[self.id]

    @classmethod
    def unread(cls, ids: Iterable[str]) -> list[Self]:
        """Those of the mails that nobody has read meanwhile, in the order in which they came."""
        wanted = {"_id": {"$in": list(ids)}, "status": RECEIVED, "deleted_time": None, **cls.visible("write")}
        return [cls._loaded(row) for row in cls._get_collection().find(wanted).sort("_id")]

    # ---------------------------------------------------------------- verbs

    def be_read(self, letter: Letter, auto_class: str, reports: list[Report]) -> None:
        """Know what it says of itself."""
        self.attempts, self.fault = self.attempts + 1, None
        self.message_id, self.auto_class = letter.message_id, auto_class
        self.sender, self.subject = letter.sender.email or None, letter.subject or None
        self.reports = [_kept(report) for report in reports]

    def be_taken(self, ticket_id: str, thread: str = "") -> None:
        """Be a message of a ticket."""
        self.status, self.ticket_id, self.thread = TAKEN, ticket_id, thread or None

    def be_duplicate(self, ticket_id: str) -> None:
        """Be a mail that the mailbox has already."""
        self.status, self.ticket_id = DUPLICATE, ticket_id

    def be_set_aside(self, ticket_id: str = "") -> None:
        """Be a machine's mail that is no message; it may concern a ticket nevertheless."""
        self.status, self.ticket_id = NOTED, ticket_id or None

    def quarantine(self, fault: str) -> None:
        """Be one that cannot be read, as it seems."""
        self.status, self.fault, self.attempts = QUARANTINED, fault[:1000], self.attempts + 1
        self.record(events_pb2.MailQuarantined(mail=self.message()))

    def come_back(self) -> None:
        """Say that something of ours came back, to whoever sent it."""
        self.record(events_pb2.BounceReceived(mail=self.message()))

    def retry(self, by_person: bool = False) -> None:
        """Be read once more, and from now on as a person's mail where somebody says so."""
        if self.status not in (QUARANTINED, NOTED):
            raise MailTaken(mail=self.id, ticket=self.ticket_id or "")
        self.status, self.fault, self.by_person = RECEIVED, None, by_person or self.by_person


def raws(tenant_id: str, ids: Iterable[str]) -> dict[str, bytes]:
    """The bytes of mails as they came, by their ids."""
    rows: Any = transaction.database()[RAW].find({"_id": {"$in": list(ids)}, "tenant_id": tenant_id})
    return {row["_id"]: bytes(row["raw"]) for row in rows}


def waiting(most: int = 200) -> list[tuple[str, tuple[str, ...]]]:
    """Batches of mails that wait to be read, each of one tenant, with their ids; oldest first, those of every tenant."""
    rows = Mail._get_collection().find({"status": RECEIVED}, {"tenant_id": 1}).sort("_id").limit(most)
    batches: list[tuple[str, tuple[str, ...]]] = []
    for tenant_id, ids in groupby(rows, itemgetter("tenant_id")):
        left = [row["_id"] for row in ids]
        batches += [(tenant_id, tuple(left[place : place + BATCH])) for place in range(0, len(left), BATCH)]
    return batches


def prepare() -> None:
    """Make the index by which mails wait."""
    Mail._get_collection().create_index(
        [("status", 1), ("_id", 1)], partialFilterExpression={"status": RECEIVED}, name="waiting"
    )


def _kept(report: Report) -> dict[str, Any]:
    fields = {
        "recipient": report.recipient[:254], "action": report.action[:40], "status": report.status,
        "diagnostic": report.diagnostic, "hard": report.hard,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value != ""}
