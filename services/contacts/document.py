"""Documents: what we write with and for customers, in revisions that never change, from draft to signature."""

from typing import Any

from crm.contacts.v1 import document_pb2, events_pb2

from chassis import (
    IntField,
    Invalid,
    ListField,
    NotFound,
    Owned,
    Part,
    Parts,
    StringField,
    now,
    principal,
    refer,
    stored,
)
from services.contacts.account import Account
from services.contacts.channels import without_repeats
from services.contacts.contact import Contact
from services.contacts.refusals import (
    DocumentAlreadySigned,
    DocumentEmpty,
    DocumentNotApproved,
    DocumentNotDraft,
    DocumentNotInReview,
    DocumentNotReopenable,
    DocumentNotSent,
    RevisionUnknown,
    StaleBase,
)

DRAFT, IN_REVIEW, APPROVED, SENT, SIGNED = "DRAFT", "IN_REVIEW", "APPROVED", "SENT", "SIGNED"
_STEPS_KEPT = 100
_OF_THE_LATEST = ("file_name", "media_type", "size_bytes", "sha256")


class Document(Owned):
    """A document, and where it stands."""

    contract = document_pb2.Document
    meta = {"collection": "documents"}
    searched = ("name", "description", "file_name")
    indexed = (("account_ids",), ("contact_ids",), ("state",), ("signature.contact_id",))

    name = StringField()
    description = StringField()
    account_ids = ListField(StringField())
    contact_ids = ListField(StringField())
    state = StringField()
    latest_revision = IntField(default=0)
    file_name = StringField()
    media_type = StringField()
    size_bytes = IntField()
    sha256 = StringField()
    signature = Part(document_pb2.Signature)
    changes = Parts(document_pb2.StateChange)

    def take(self, revision: Any) -> None:
        """Have `revision` as the latest one. Refused with DocumentNotDraft, and with StaleBase when it goes out from another."""
        self._demand(DRAFT, DocumentNotDraft)
        if revision.base_revision != self.latest_revision:
            raise StaleBase(
                document=self.id, base_revision=revision.base_revision, latest_revision=self.latest_revision
            )
        self.latest_revision = revision.number
        for name in _OF_THE_LATEST:
            setattr(self, name, getattr(revision, name))
        self.record_standard("Updated", changed_fields=["latest_revision", *_OF_THE_LATEST])

    def submit(self, reason: str) -> None:
        """Have it read."""
        self._demand(DRAFT, DocumentNotDraft)
        if not self.latest_revision:
            raise DocumentEmpty(document=self.id)
        self._become(IN_REVIEW, reason)
        self.record(events_pb2.DocumentSubmitted(document=self.message()))

    def approve(self, reason: str) -> None:
        """Let it go out."""
        self._demand(IN_REVIEW, DocumentNotInReview)
        self._become(APPROVED, reason)
        self.record(events_pb2.DocumentApproved(document=self.message()))

    def reject(self, reason: str) -> None:
        """Send it back to be written."""
        self._demand(IN_REVIEW, DocumentNotInReview)
        self._become(DRAFT, reason)
        self.record(events_pb2.DocumentRejected(document=self.message()))

    def send(self, reason: str) -> None:
        """It went out."""
        self._demand(APPROVED, DocumentNotApproved)
        self._become(SENT, reason)
        self.record(events_pb2.DocumentSent(document=self.message()))

    def sign(self, request: Any) -> None:
        """It was signed, as a SignDocumentRequest says. Refused with DocumentNotSent, and with Invalid for a time to come."""
        self._demand(SENT, DocumentNotSent)
        signature = stored(request)
        del signature["id"]
        signature["sign_time"] = signature.get("sign_time") or now()
        if signature["sign_time"] > now():
            raise Invalid.field("sign_time", "has not come yet")
        if request.contact_id:
            _demand_seen(request.contact_id)
        self.signature = {**signature, "revision": self.latest_revision}
        self._become(SIGNED, "")
        self.record(events_pb2.DocumentSigned(document=self.message()))

    def reopen(self, reason: str) -> None:
        """Write on it after all."""
        if self.state not in (APPROVED, SENT):
            raise DocumentNotReopenable(document=self.id, state=self.state)
        self._become(DRAFT, reason)
        self.record(events_pb2.DocumentReopened(document=self.message()))

    def remove(self) -> None:
        """Go, unless it is signed: an agreement outlasts whoever tidies up. Refused with DocumentAlreadySigned."""
        if self.state == SIGNED:
            raise DocumentAlreadySigned(document=self.id)
        super().remove()

    def number(self, asked: int) -> int:
        """The number of the revision that is meant: the latest for 0. Refused with RevisionUnknown."""
        if not 0 <= asked <= self.latest_revision or not self.latest_revision:
            raise RevisionUnknown(document=self.id, revision=asked)
        return asked or self.latest_revision

    def arrive(self) -> None:
        """Begin as a draft."""
        super().arrive()
        self.state = DRAFT

    def settle(self) -> None:
        """Each account and contact once, and there."""
        self.account_ids, self.contact_ids = without_repeats(self.account_ids), without_repeats(self.contact_ids)
        refer(self, "account_ids", Account)
        refer(self, "contact_ids", Contact)

    def _demand(self, state: str, refusal: Any) -> None:
        if self.state != state:
            raise refusal(document=self.id, state=self.state)

    def _become(self, state: str, reason: str) -> None:
        step = {"state": state, "time": now(), "actor_id": principal().user_id, "revision": self.latest_revision}
        if reason:
            step["reason"] = reason
        self.state, self.changes = state, [*self.changes, step][-_STEPS_KEPT:]


def _demand_seen(contact_id: str) -> None:
    try:
        Contact.find(contact_id)
    except NotFound as missing:
        raise Invalid.field("contact_id", missing.detail) from None
