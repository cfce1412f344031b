"""Sends what stands in the ledger. Each mail is marked as being sent before the mail server hears of it, so that a crash
leaves at most the mails that were just being sent in doubt; those are UNKNOWN then, and nothing sends them again by itself.
"""

import random
import smtplib
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from chassis import Sweeper, acting_as, now, of_service, transaction
from services.support import delivery as deliveries
from services.support.delivery import SENDING, Delivery
from services.support.envelope import return_address, write
from services.support.mailbox import Mailbox
from services.support.message import Message
from services.support.settings import SupportSettings
from services.support.ticket import Ticket

Item = tuple[str, str]  # tenant and delivery
ACCEPTED, LATER, NEVER, NOBODY_KNOWS = "accepted", "later", "never", "nobody knows"
_SECONDS = 60.0


@dataclass(frozen=True)
class Letter:
    """A mail as it goes over the wire."""

    sender: str
    recipient: str
    content: bytes


class Post:
    """Carries mails to the mail server, over one connection that is kept."""

    def __init__(self, settings: SupportSettings) -> None:
        self._url, self._keys = urlsplit(settings.smtp_url), settings.mail_keys
        self._connection: smtplib.SMTP | None = None
        self.sweepers = (
            Sweeper("post", lambda: deliveries.due(now()), self.deliver, spoilt=self.give_up, seconds=0.5),
            Sweeper("forgotten mails", lambda: deliveries.forgotten(now()), self.lose_track, seconds=5.0),
        )

    def deliver(self, item: Item) -> None:
        """Send one mail of the ledger, once; nothing when it is no longer to be sent."""
        tenant_id, delivery_id = item
        with acting_as(of_service("support", tenant_id)):
            letter = transaction.run(lambda: self._begun(delivery_id))
            if letter is None:  # another process was faster
                return
            outcome, answer = self._hand_over(letter)
            transaction.run(lambda: _end(delivery_id, outcome, answer))

    def give_up(self, item: Item, fault: Exception) -> None:
        """Note a mail that could not be written, or of which nobody knows whether it was sent."""
        tenant_id, delivery_id = item
        with acting_as(of_service("support", tenant_id)):
            sending = Delivery.find(delivery_id).state == SENDING
            transaction.run(lambda: _end(delivery_id, NOBODY_KNOWS if sending else NEVER, repr(fault)))

    def lose_track(self, item: Item) -> None:
        """Note a mail whose process died while it was being sent."""
        tenant_id, delivery_id = item
        with acting_as(of_service("support", tenant_id)):
            transaction.run(lambda: _end(delivery_id, NOBODY_KNOWS, "the process that sent it came to an end"))

    def stop(self) -> None:
        """Take leave of the mail server."""
        self._hang_up()

    def start(self) -> None:
        """Nothing: the connection is made for the first mail."""

    def _begun(self, delivery_id: str) -> Letter | None:
        delivery, at = Delivery.find(delivery_id, "write"), now()
        if not delivery.due(at):
            return None
        delivery.begin(at)
        message = Message.find(delivery.message_id)
        ticket, mailbox = Ticket.objects(id=delivery.ticket_id).get(), Mailbox.objects(id=message.mailbox_id).get()
        content = write(message, ticket, mailbox, self._keys)
        delivery.keep()
        return Letter(return_address(ticket, mailbox, self._keys), delivery.recipient, content)

    # ---------------------------------------------------------------- SMTP

    def _hand_over(self, letter: Letter) -> tuple[str, str]:
        """Speak with the mail server. Until DATA nothing is handed over, so any fault there is one to try again after."""
        try:
            smtp = self._connected()
            for code, text in (self._asked(smtp, letter), smtp.rcpt(letter.recipient)):
                if code >= 400:
                    smtp.rset()
                    return (LATER if code < 500 else NEVER), _said(code, text)
        except smtplib.SMTPAuthenticationError as fault:
            self._hang_up()
            return LATER, _said(fault.smtp_code, fault.smtp_error)
        except (OSError, smtplib.SMTPException) as fault:
            self._hang_up()
            return LATER, f"{type(fault).__name__}: {fault}"
        return self._data(smtp, letter.content)

    def _asked(self, smtp: smtplib.SMTP, letter: Letter) -> tuple[int, bytes]:
        options = [f"size={len(letter.content)}"] if smtp.has_extn("size") else []
        if not letter.recipient.isascii():
            options += ["SMTPUTF8", "BODY=8BITMIME"]
            smtp.command_encoding = "utf-8"
        else:
            smtp.command_encoding = "ascii"
        return smtp.mail(letter.sender, options)

    def _data(self, smtp: smtplib.SMTP, content: bytes) -> tuple[str, str]:
        try:
            code, text = smtp.data(content)
        except smtplib.SMTPDataError as refusal:  # instead of 354, so nothing was handed over
            return (LATER if refusal.smtp_code < 500 else NEVER), _said(refusal.smtp_code, refusal.smtp_error)
        except (OSError, smtplib.SMTPException) as fault:
            self._hang_up()
            return NOBODY_KNOWS, f"{type(fault).__name__}: {fault}"
        if code >= 400:
            return (LATER if code < 500 else NEVER), _said(code, text)
        return ACCEPTED, _said(code, text)

    def _connected(self) -> smtplib.SMTP:
        if self._connection is not None:
            try:
                self._connection.rset()
                return self._connection
            except (OSError, smtplib.SMTPException):
                self._hang_up()
        host, secure = self._url.hostname or "127.0.0.1", ssl.create_default_context()
        smtp: smtplib.SMTP
        if self._url.scheme == "smtps":
            smtp = smtplib.SMTP_SSL(host, self._url.port or 465, timeout=_SECONDS, context=secure)
        else:
            smtp = smtplib.SMTP(host, self._url.port or 25, timeout=_SECONDS)
        self._connection = smtp
        if self._url.scheme == "smtp+starttls":
            smtp.starttls(context=secure)
        smtp.ehlo_or_helo_if_needed()
        if self._url.username:
            smtp.login(unquote(self._url.username), unquote(self._url.password or ""))
        return smtp

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _end(delivery_id: str, outcome: str, answer: str) -> None:
    delivery, at = Delivery.find(delivery_id, "write"), now()
    if outcome == ACCEPTED:
        delivery.accept(at, answer)
    elif outcome == LATER:
        delivery.defer(at, answer, random.random())  # noqa: S311  spreads retries, guards nothing
    elif outcome == NEVER:
        delivery.fail(answer)
    else:
        delivery.lose_track(answer)
    delivery.keep()
    message = Message.find(delivery.message_id, "write")
    others = Delivery.objects(message_id=message.id, id__ne=delivery.id).scalar("state")
    ill = delivery.state in (deliveries.FAILED, deliveries.UNKNOWN)
    message.travel([delivery.state, *others], delivery.recipient if ill else "", answer)
    message.keep()


def _said(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
