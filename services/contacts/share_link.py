"""Share links: somebody without an account reads one revision of a document; and the views, which tell who did."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from crm.contacts.v1 import events_pb2, share_link_pb2

from chassis import (
    BooleanField,
    DateTimeField,
    IntField,
    Invalid,
    NotFound,
    StringField,
    acting_as,
    network,
    now,
    of_service,
    principal,
    refer,
)
from services.contacts import share_proof
from services.contacts.contact import Contact
from services.contacts.document_revision import DocumentRevision
from services.contacts.of_document import OfRevision
from services.contacts.refusals import ShareLinkRevoked, ShareUnknown

USUAL, LONGEST = timedelta(days=7), timedelta(days=366)
MOST = 1_000  # share links of a document

OPENED, FETCHED = "OPENED", "FETCHED"


class ShareLink(OfRevision):
    """An address under which somebody without an account reads one revision of a document."""

    contract = share_link_pb2.ShareLink
    meta = {"collection": "share_links"}
    indexed = (("document_id",), ("contact_id",))

    expire_time = DateTimeField()
    recipient = StringField()
    contact_id = StringField()
    has_password = BooleanField(default=False)
    url = StringField()  # the contract's field; never set here, `handed_out` fills it in once
    revoke_time = DateTimeField()
    view_count = IntField(default=0)
    last_view_time = DateTimeField()
    author_id = StringField()

    @property
    def good(self) -> bool:
        """Whether it lets anybody in."""
        return not (self.deleted_time or self.revoke_time) and self.expire_time > now()

    def handed_out(self, password: str) -> Any:
        """The record together with its address, for the one answer that has it."""
        answer = self.message()
        answer.url = share_proof.hand_out(self.tenant_id, self.id, self.expire_time, password)
        return answer

    def revoke(self) -> None:
        """Let nobody in any more, for good."""
        if self.revoke_time:
            raise ShareLinkRevoked(share_link=self.id)
        self.revoke_time = now()
        self.record(events_pb2.ShareLinkRevoked(share_link=self.message()))

    def shown(self) -> DocumentRevision:
        """What it leads to. Refused with ShareUnknown once the document is deleted."""
        try:
            return DocumentRevision.numbered(self.followed("read"), self.revision_number)
        except NotFound:
            raise ShareUnknown from None

    def arrive(self) -> None:
        """Lead to a revision of a document that the caller may change. Refused with Invalid, Forbidden, RecordFull."""
        self.find_revision()
        self.demand_room("document_id", MOST)
        self.expire_time, self.author_id = self.expire_time or now() + USUAL, principal().user_id

    def settle(self) -> None:
        """Be good for at most a year, and for somebody who is there. Refused with Invalid, ShareLinkRevoked."""
        if self.revoke_time:
            raise ShareLinkRevoked(share_link=self.id)
        if self.expire_time is None:
            raise Invalid.field("share_link.expire_time", "is required")
        if not now() < self.expire_time <= now() + LONGEST:
            raise Invalid.field("share_link.expire_time", f"must lie ahead, at most {LONGEST.days} days")
        refer(self, "contact_id", Contact)

    def keep(self) -> bool:
        """Write the record, and how long what proves it is kept."""
        share_proof.hold(self.tenant_id, self.id, self.revoke_time or self.expire_time)
        return super().keep()

    def view(self, kind: str, visit: Any) -> DocumentRevision:
        """Note that somebody came; what the link leads to. Refused with ShareUnknown once the document is deleted."""
        revision = self.shown()
        DocumentView.fresh(
            share_link_id=self.id, document_id=self.document_id, revision_number=self.revision_number, view_time=now(),
            kind=kind, recipient=self.recipient, contact_id=self.contact_id, network=network(visit.ip_address),
            user_agent=visit.user_agent or None,
        ).enter()  # fmt: skip
        # Beside the record's revisions: a view is no change of the link.
        held = {"_id": self.id, "tenant_id": self.tenant_id}
        seen = {"$inc": {"view_count": 1}, "$max": {"last_view_time": now()}}
        self._get_collection().update_one(held, seen)
        return revision

    def opened(self, visit: Any) -> Any:
        """What its page shows, noted as a view: nothing of the document where a password is asked for, and no view yet."""
        if self.has_password:
            self.shown()
            return share_link_pb2.OpenShareResponse(has_password=True)
        revision = self.view(OPENED, visit)
        return share_link_pb2.OpenShareResponse(
            name=self.followed("read").name, file_name=revision.file_name, size_bytes=revision.size_bytes
        )


@contextmanager
def let_in(token: str, password: str | None = None) -> Iterator[ShareLink]:
    """Act for the tenant of the share link with this token; its password is asked for unless it is None.

    Refused with ShareUnknown unless the link is good, SharePasswordWrong, TooMany.
    """
    proof = share_proof.of_token(token)
    with acting_as(of_service(ShareLink.about().service, proof["tenant_id"])):
        link = next(ShareLink.belonging(_id=proof["share_link_id"]), None)
        if link is None or not link.good:
            raise ShareUnknown
        if password is not None:
            share_proof.demand_password(proof, password)
        yield link


class DocumentView(OfRevision):
    """Somebody came by a share link."""

    contract = share_link_pb2.DocumentView
    meta = {"collection": "document_views"}
    indexed = (("share_link_id",), ("document_id",), ("contact_id",))

    share_link_id = StringField()
    view_time = DateTimeField()
    kind = StringField()
    recipient = StringField()
    contact_id = StringField()
    network = StringField()
    user_agent = StringField()

    def arrived(self) -> None:
        """Tell of it."""
        document = self.followed("read")
        self.record(events_pb2.DocumentViewed(document_view=self.message(), document=document.message()))
