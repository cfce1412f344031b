"""An agent's public answer: the message, and a row of the ledger for each recipient."""

from typing import Any

from chassis import Invalid, now
from services.support import markup
from services.support.contact import mailbox_of
from services.support.delivery import QUEUED, Delivery
from services.support.mailbox import Mailbox
from services.support.message import INTERNAL_ONLY, OUTBOUND, PUBLIC, Message
from services.support.refusals import TicketMovedOn, TicketUnreachable
from services.support.ticket import OPEN, PENDING, SOLVED, Ticket
from services.support.token import MESSAGE, Keys

_MOST_REFERENCES = 50


def answer(ticket: Ticket, request: Any, keys: Keys) -> Message:
    """Answer a ticket as a ReplyToTicketRequest says, and put the mails into the ledger; nothing is sent here.

    Refused with TicketAlreadyClosed, TicketUnwanted, TicketUnreachable, TicketMovedOn.
    """
    at, mailbox, recipients = now(), _mailbox(ticket), _recipients(ticket, request.cc)
    _demand_seen(ticket, request.last_seen_message_id)
    ticket.answer(at)
    _stand(ticket, request.then)
    latest = _latest(ticket)
    message = Message.written(
        ticket, request.body_text, at, direction=OUTBOUND, visibility=PUBLIC, subject=_subject(ticket),
        body_html=markup.harmless(request.body_html) or None, to=recipients[:1], cc=recipients[1:],
        mailbox_id=mailbox.id, in_reply_to=latest.message_id if latest else None, references=_references(latest),
    )  # fmt: skip
    message.message_id = f"{keys.sign(MESSAGE, message.tenant_id, message.id)}@{mailbox.domain}"
    message.send(ticket)
    message.keep()
    for recipient in recipients:
        Delivery.fresh(
            message_id=message.id, ticket_id=ticket.id, recipient=recipient, state=QUEUED, due_time=at
        ).enter()
    return message


def note(ticket: Ticket, text: str) -> Message:
    """Note something that only we can read. Refused with TicketAlreadyClosed."""
    at = now()
    ticket.note(at)
    message = Message.written(ticket, text, at, direction=INTERNAL_ONLY, visibility="INTERNAL")
    message.be_noted(ticket)
    message.keep()
    return message


def _mailbox(ticket: Ticket) -> Mailbox:
    own = Mailbox.objects(id=ticket.mailbox_id, deleted_time=None).first() if ticket.mailbox_id else None
    mailbox: Mailbox | None = own or Mailbox.objects(deleted_time=None).order_by("id").first()
    if mailbox is None:
        raise TicketUnreachable(number=ticket.number, missing="mailbox to send from")
    ticket.mailbox_id = mailbox.id
    return mailbox


def _recipients(ticket: Ticket, more: Any) -> list[str]:
    if not ticket.requester_email:
        raise TicketUnreachable(number=ticket.number, missing="address of the requester")
    everybody = [ticket.requester_email, *(each["email"] for each in ticket.participants), *map(mailbox_of, more)]
    return list(dict.fromkeys(everybody))


def _demand_seen(ticket: Ticket, last_seen: str) -> None:
    if not last_seen:
        return
    newer = Message.objects(ticket_id=ticket.id, visibility=PUBLIC, id__gt=last_seen).order_by("-id").first()
    if newer:
        raise TicketMovedOn(number=ticket.number, message=newer.id)


def _stand(ticket: Ticket, then: int) -> None:
    status = ticket.contract.Status.Name(then) if then else ""
    if status not in ("", OPEN, PENDING, SOLVED):
        raise Invalid.field("then", "is none of OPEN, PENDING, SOLVED")
    if status == SOLVED:
        ticket.solve(now())
    elif status == PENDING and ticket.status != PENDING:
        ticket.wait()
    elif status == OPEN and ticket.status not in (OPEN, SOLVED):
        ticket.resume()


def _latest(ticket: Ticket) -> Message | None:
    mailed = Message.objects(ticket_id=ticket.id, visibility=PUBLIC, message_id__exists=True)
    latest: Message | None = mailed.order_by("-id").first()
    return latest


def _references(latest: Message | None) -> list[str]:
    if latest is None:
        return []
    chain = [*latest.references, latest.message_id]
    return chain if len(chain) <= _MOST_REFERENCES else [chain[0], *chain[1 - _MOST_REFERENCES :]]


def _subject(ticket: Ticket) -> str:
    return f"Re: {ticket.subject[:200]} [#{ticket.number}]"
