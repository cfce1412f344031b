"""Takes mails in by SMTP or LMTP. A sender hears 250 when its mail is kept for good, and not before.

Meant to stand behind a mail server that faces the internet: that one does TLS, SPF, DKIM and spam, and hands over here. This
one takes mail for mailboxes that are known, and nothing else, so it relays for nobody.
"""

import asyncio
import logging
import time
from typing import Any

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from pymongo.errors import PyMongoError

from services.support.mailbox import Mailbox
from services.support.reception import Arrival, Reception
from services.support.settings import SupportSettings

log = structlog.get_logger()

_LATER = "451 4.3.0 Cannot keep mail now; try again later"
_LONGEST_LINE = 1024 * 1024  # RFC 5321 allows 1,000 octets, programs send more, and we lose no mail over it
_MOST_RECIPIENTS = 100
_KNOWN_SECONDS, _MOST_KNOWN = 1.0, 1000  # a mailbox that is deleted takes mail for so long


class Listener:
    """The SMTP or LMTP door. `wake` is called when something came."""

    def __init__(self, settings: SupportSettings, wake: Any) -> None:
        host, _, port = settings.mail_listen.rpartition(":")
        self._door = _Door(Desk(wake, settings.mail_lmtp), settings, hostname=host, port=int(port))

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._door.port

    def start(self) -> None:
        """Begin to take mail. Raises OSError when the port is taken."""
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # it logs every line of every sender, addresses and all
        self._door.start()

    def stop(self) -> None:
        """Take no more; what has not been answered with 250 is sent again by its sender."""
        self._door.stop()


class _Door(Controller):
    def __init__(self, desk: "Desk", settings: SupportSettings, **where: Any) -> None:
        self._settings = settings
        super().__init__(desk, ready_timeout=10.0, **where)

    def factory(self) -> SMTP:
        speaks = _Lmtp if self._settings.mail_lmtp else _Smtp
        return speaks(
            self.handler, data_size_limit=self._settings.mail_limit, enable_SMTPUTF8=True, hostname="kith", ident="kith",
            loop=self.loop, timeout=120,
        )  # fmt: skip


class _Smtp(SMTP):
    line_length_limit = _LONGEST_LINE


class _Lmtp(LMTP):
    line_length_limit = _LONGEST_LINE


class Desk:
    """Answers RCPT and DATA."""

    def __init__(self, wake: Any, lmtp: bool) -> None:
        self._wake, self._lmtp = wake, lmtp
        self._reception = Reception()
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}  # until when, and the mailbox, by recipient

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail for mailboxes that are known."""
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            mailbox = await self._mailbox(address)
        except PyMongoError as fault:
            log.warning("a recipient could not be looked up", fault=repr(fault))
            return _LATER
        if mailbox is None:
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        self._promised(envelope)[address] = mailbox
        return "250 2.1.5 OK"

    async def _mailbox(self, address: str) -> dict[str, Any] | None:
        until, known = self._known.get(address, (0.0, {}))
        if time.monotonic() < until:
            return known
        mailbox = await asyncio.to_thread(Mailbox.of_recipient, address)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        if mailbox is not None:
            self._known[address] = (time.monotonic() + _KNOWN_SECONDS, mailbox)
        return mailbox

    @staticmethod
    def _promised(envelope: Envelope) -> dict[str, dict[str, Any]]:
        """The mailboxes of the recipients so far: one that is deleted before DATA still gets what was promised."""
        promised: dict[str, dict[str, Any]] = envelope.__dict__.setdefault("promised", {})
        return promised

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail, for all its recipients or for none."""
        try:
            await self._reception.keep(_arrivals(envelope, self._promised(envelope)))
        except PyMongoError as fault:
            log.warning("a mail could not be kept", fault=repr(fault))
            answer = _LATER
        else:
            self._wake()
            answer = "250 2.0.0 Kept"
        # LMTP answers for every recipient (RFC 2033, 4.2).
        return "\r\n".join([answer] * len(envelope.rcpt_tos)) if self._lmtp else answer


def _arrivals(envelope: Envelope, promised: dict[str, dict[str, Any]]) -> list[Arrival]:
    raw, sender = envelope.original_content or b"", envelope.mail_from or ""
    reached: dict[str, tuple[dict[str, Any], str]] = {}
    for recipient, mailbox in promised.items():
        if mailbox["_id"] not in reached or "+" in recipient:  # of two of its addresses, the one that says more
            reached[mailbox["_id"]] = (mailbox, recipient)
    return [Arrival(raw, mailbox, sender, recipient) for mailbox, recipient in reached.values()]
