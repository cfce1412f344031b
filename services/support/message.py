"""Messages: what was said on a ticket, by the customer, by an agent, or among agents."""

from datetime import datetime
from typing import Any, Self

from crm.support.v1 import events_pb2, message_pb2
from pymongo import ASCENDING

from chassis import BooleanField, DateTimeField, ListField, Noun, Part, Parts, Scope, StringField, principal
from services.support import markup
from services.support.letter import Letter
from services.support.ticket import Ticket

PUBLIC, INTERNAL = "PUBLIC", "INTERNAL"
INBOUND, OUTBOUND, INTERNAL_ONLY = "INBOUND", "OUTBOUND", "INTERNAL_ONLY"
_TOLD = 10_000  # characters of the text in events: a message of the bus holds 1 MiB

# The state of a message that goes to several is that of the delivery that needs most attention.
URGENCY = ("FAILED", "BOUNCED", "UNKNOWN", "DEFERRED", "SENDING", "QUEUED", "ACCEPTED")


class Message(Noun):
    """Something that was said on a ticket."""

    contract = message_pb2.Message
    meta = {"collection": "messages"}
    searched = ("subject", "author.name", "author.email", "body_text")
    indexed = (("ticket_id",), ("mailbox_id", "references"), ("mail_id",), ("author.contact_id",))

    ticket_id = StringField()
    direction = StringField()
    visibility = StringField()
    author = Part(message_pb2.Message.Author)
    message_time = DateTimeField()
    subject = StringField()
    body_text = StringField()
    full_text = StringField()
    body_html = StringField()
    truncated = BooleanField(default=False)
    attachments = Parts(message_pb2.Message.Attachment)
    to = ListField(StringField())
    cc = ListField(StringField())
    mailbox_id = StringField()
    message_id = StringField()
    in_reply_to = StringField()
    references = ListField(StringField())
    auto_class = StringField()
    delivery_state = StringField()
    mail_id = StringField()

    # ---------------------------------------------------------------- where messages come from

    @classmethod
    def read(cls, letter: Letter, at: datetime, **known: Any) -> Self:
        """The message that a customer's mail is, not yet kept."""
        whole, new = letter.text, letter.new_text
        longest = markup.LONGEST
        return cls.fresh(
            direction=INBOUND,
            visibility=PUBLIC,
            author=_without_blanks(kind="CUSTOMER", email=letter.sender.email, name=letter.sender.name),
            message_time=at,
            subject=letter.subject or None,
            body_text=new[:longest] or None,
            full_text=whole[:longest] if whole.strip() != new else None,
            body_html=markup.harmless(letter.html) or None,
            truncated=len(whole) > longest or len(letter.html) > longest,
            attachments=[_attachment(file) for file in letter.files],
            to=[person.email for person in letter.people("to")][:100],
            cc=[person.email for person in letter.people("cc")][:100],
            message_id=letter.message_id,
            in_reply_to=letter.in_reply_to or None,
            references=letter.references,
            **known,
        )

    @classmethod
    def written(cls, ticket: Ticket, text: str, at: datetime, **fields: Any) -> Self:
        """What an agent says on a ticket, not yet kept."""
        return cls.fresh(
            ticket_id=ticket.id, author={"kind": "AGENT", "user_id": principal().user_id}, message_time=at,
            body_text=text, auto_class="NONE", **fields,
        )  # fmt: skip

    # ---------------------------------------------------------------- verbs

    def receive(self, ticket: Ticket) -> None:
        """Come in on a ticket."""
        self.ticket_id = ticket.id
        if ticket.requester_id and self.author.get("email") == ticket.requester_email:
            self.author = {**self.author, "contact_id": ticket.requester_id}
        self.record(events_pb2.MessageReceived(message=self.told(), ticket=ticket.message()))

    def send(self, ticket: Ticket) -> None:
        """Go out as a ticket's answer."""
        self.delivery_state = "QUEUED"
        self.record(events_pb2.MessageSent(message=self.told(), ticket=ticket.message()))

    def be_noted(self, ticket: Ticket) -> None:
        """Stay among ourselves."""
        self.record(events_pb2.MessageNoted(message=self.told(), ticket=ticket.message()))

    def travel(self, states: list[str], recipient: str = "", answer: str = "") -> None:
        """Be as far as its deliveries are; say so when one of them went wrong, to which `recipient` and why."""
        self.delivery_state = next(state for state in URGENCY if state in states)
        if recipient:
            told = events_pb2.MessageUndelivered(message=self.told(), recipient=recipient, answer=answer)
            self.record(told)

    def told(self) -> message_pb2.Message:
        """The message as events carry it."""
        said: message_pb2.Message = self.message()
        for name in ("full_text", "body_html"):
            said.ClearField(name)
        said.body_text = said.body_text[:_TOLD]
        return said

    # ---------------------------------------------------------------- rules

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """What stands on tickets that the caller may see."""
        query = super().visible(action)
        if principal().demand(cls.about().permission(action)) is Scope.ALL:
            return query
        return {**query, "ticket_id": {"$in": list(Ticket.objects(__raw__=Ticket.visible()).scalar("id"))}}

    @classmethod
    def place_of(cls, mailbox_id: str, message_id: str) -> str:
        """The ticket on which a mailbox has a Message-ID; empty when it has it nowhere."""
        named = {"tenant_id": principal().tenant_id, "mailbox_id": mailbox_id, "message_id": message_id}
        row = cls._get_collection().find_one(named, {"ticket_id": 1})
        return str(row["ticket_id"]) if row else ""


def prepare() -> None:
    """Make the index that lets a mailbox have each Message-ID once."""
    keys = [("tenant_id", ASCENDING), ("mailbox_id", ASCENDING), ("message_id", ASCENDING)]
    there = {"message_id": {"$exists": True}}
    Message._get_collection().create_index(keys, unique=True, partialFilterExpression=there)


def _attachment(file: Any) -> dict[str, Any]:
    return _without_blanks(
        name=file.name, media_type=file.media_type, size=file.size, content_id=file.content_id, part=file.part
    )


def _without_blanks(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", None)}
