"""Writes a message of ours as a mail: the same bytes however often it is sent."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from services.support.mailbox import Mailbox
from services.support.message import Message
from services.support.ticket import Ticket
from services.support.token import TICKET, Keys
from services.support.verdict import LOOP_HEADER


def return_address(ticket: Ticket, mailbox: Mailbox, keys: Keys) -> str:
    """Where answers to a ticket go, and bounces: the mailbox with the ticket's signed number."""
    return mailbox.tagged(f"t{keys.sign(TICKET, ticket.tenant_id, ticket.number.removeprefix('SUP-'))}")


def write(message: Message, ticket: Ticket, mailbox: Mailbox, keys: Keys) -> bytes:
    """The mail that a message is, RFC 5322 with CRLF."""
    mail = EmailMessage(SMTP.clone(utf8=not _ascii(message)))
    mail["Date"] = format_datetime(message.message_time)
    mail["From"] = formataddr((_line(mailbox.name or ""), mailbox.address))
    mail["To"] = ", ".join(message.to)
    if message.cc:
        mail["Cc"] = ", ".join(message.cc)
    mail["Reply-To"] = return_address(ticket, mailbox, keys)
    mail["Subject"] = _line(message.subject)
    mail["Message-ID"] = f"<{message.message_id}>"
    if message.in_reply_to:
        mail["In-Reply-To"] = f"<{message.in_reply_to}>"
        mail["References"] = " ".join(f"<{each}>" for each in message.references)
    mail[LOOP_HEADER] = message.id
    mail.set_content(message.body_text)
    if message.body_html:
        mail.add_alternative(message.body_html, subtype="html")
        _steady(mail, message.id)
    return mail.as_bytes()


def _steady(mail: EmailMessage, message_id: str) -> None:
    # Python draws boundaries by lot; the same message is the same mail.
    mail.set_boundary(f"=_{message_id}")


def _ascii(message: Message) -> bool:
    return all(address.isascii() for address in (*message.to, *message.cc))


def _line(text: str) -> str:
    return " ".join(text.split())
