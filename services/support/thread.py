"""Which ticket a mail belongs to, and whether its sender may speak there.

The ways are tried in a fixed order, the surest first: a signed token in an address, a signed Message-ID of ours, a
Message-ID that the mailbox has, one that nobody here has seen but that a message of the ticket refers to as well (two
branches of one outside thread), the number in the subject, and, where it is switched on, the same sender and subject.
Finding a ticket is not joining it: whoever takes no part in it gets a ticket of their own, and so does what is forwarded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chassis import fold
from services.support.contact import Contact, mailbox_of
from services.support.letter import Letter
from services.support.mailbox import Mailbox
from services.support.message import Message
from services.support.ticket import CLOSED, SPAM, Ticket
from services.support.token import MESSAGE, TICKET, Keys

TOKEN, SIGNED_ID, KNOWN_ID, SHARED_ROOT, SUBJECT_TAG, SAME_SUBJECT = (
    "TOKEN", "SIGNED_ID", "KNOWN_ID", "SHARED_ROOT", "SUBJECT_TAG", "SAME_SUBJECT"
)  # fmt: skip

_TAG = re.compile(r"\[#(SUP-\d{4}-\d{6,9})\]", re.IGNORECASE)
_PLUS = re.compile(r"\+t([^@+]+)@", re.IGNORECASE)
_ANSWER = re.compile(
    r"^\s*(?:(?:re|aw|antw|sv|vs|odp|ré|réf|res|r|rv?|回复|答复|回覆)(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE
)
# Forwarded, as the larger mail programs say it in their languages.
_FORWARDED = re.compile(
    r"^\s*(?:fwd?|wg|tr|rv|i|vb|doorst|vl|videresendt|vs|enc|pd|przekaz|転送|转发|轉寄)\s*[:：]", re.IGNORECASE
)


@dataclass(frozen=True)
class Place:
    """The ticket that was found, how, and whether the sender may speak there."""

    ticket: Ticket | None = None
    way: str = ""
    admitted: bool = False


def find(letter: Letter, mailbox: Mailbox, envelope_to: str, keys: Keys, at: datetime, join_window: timedelta) -> Place:
    """Where a mail belongs. A place without a ticket is a new one."""
    sender, forwarded = letter.sender.email, is_forwarded(letter.subject)
    for way, ticket in _ways(letter, mailbox, envelope_to, keys):
        return Place(ticket, way, admitted=not forwarded and takes_part(ticket, sender))
    if forwarded:
        return Place()
    if (tagged := _tagged(letter.subject)) and takes_part(tagged, sender, with_colleagues=True):
        return Place(tagged, SUBJECT_TAG, admitted=True)
    if join_window and (alike := _alike(letter, mailbox, at - join_window)):
        return Place(alike, SAME_SUBJECT, admitted=True)
    return Place()


def takes_part(ticket: Ticket, sender: str, with_colleagues: bool = False) -> bool:
    """Whether a mailbox is one of the ticket's, or of the contact who asks; `with_colleagues`, also of the same account."""
    if not sender:
        return False
    if ticket.has_part(sender):
        return True
    known = Contact.of_mailbox(sender)
    if known is None:
        return False
    same_account = with_colleagues and bool(ticket.account_id) and known.account_id == ticket.account_id
    return known.id == ticket.requester_id or same_account


def is_forwarded(subject: str) -> bool:
    """Whether a subject says that the mail is forwarded."""
    return bool(_FORWARDED.match(subject))


def bare(subject: str) -> str:
    """A subject without what answers put before it, in one form for comparing."""
    return fold(_ANSWER.sub("", _TAG.sub("", subject))).strip()


def said_in(text: str, keys: Keys, tenant_id: str) -> str | None:
    """Our message that a Message-ID of ours names; None where we did not sign it."""
    return keys.prove(MESSAGE, tenant_id, text.rpartition("@")[0])


def _ways(letter: Letter, mailbox: Mailbox, envelope_to: str, keys: Keys) -> Iterator[tuple[str, Ticket]]:
    tenant_id = mailbox.tenant_id
    here = {"tenant_id": tenant_id, "mailbox_id": mailbox.id}
    referred = [each for each in dict.fromkeys((letter.in_reply_to, *reversed(letter.references))) if each]
    addressed = [envelope_to, *(person.email for person in letter.people("to", "cc", "delivered-to", "x-original-to"))]
    for address in addressed:
        token = _PLUS.search(address)
        if token and (number := keys.prove(TICKET, tenant_id, token[1])):
            yield from _there(TOKEN, Ticket.objects(number=f"SUP-{number}"))
    for each in referred:
        if ours := said_in(each, keys, tenant_id):
            yield from _of_messages(SIGNED_ID, {"tenant_id": tenant_id, "_id": ours})
    for each in referred:
        yield from _of_messages(KNOWN_ID, {**here, "message_id": each})
    unseen = [*referred, letter.message_id]
    yield from _of_messages(SHARED_ROOT, {**here, "references": {"$in": unseen}})


def _of_messages(way: str, where: dict[str, Any]) -> Iterator[tuple[str, Ticket]]:
    rows = Message._get_collection().find(where, {"ticket_id": 1}).sort("_id").limit(20)
    for ticket_id in dict.fromkeys(row["ticket_id"] for row in rows):
        yield from _there(way, Ticket.objects(id=ticket_id))


def _there(way: str, tickets: object) -> Iterator[tuple[str, Ticket]]:
    found = tickets.filter(deleted_time=None).first()  # type: ignore[attr-defined]
    if found is not None:
        yield way, found


def _tagged(subject: str) -> Ticket | None:
    tag = _TAG.search(subject)
    found: Ticket | None = tag and Ticket.objects(number=tag[1].upper(), deleted_time=None).first()
    return found


def _alike(letter: Letter, mailbox: Mailbox, since: datetime) -> Ticket | None:
    asked = Ticket.objects(
        requester_email=mailbox_of(letter.sender.email), mailbox_id=mailbox.id, open_time__gte=since,
        status__nin=[CLOSED, SPAM], deleted_time=None,
    )  # fmt: skip
    subject = bare(letter.subject)
    return next(
        (each for each in asked.order_by("-open_time").limit(20) if subject and bare(each.subject) == subject), None
    )
