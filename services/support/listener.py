"""Takes mails in by SMTP or LMTP. A sender hears 250 when its mail is kept for good, and not before.

Meant to stand behind a mail server that faces the internet: that one does TLS, SPF, DKIM and spam, and hands over here. This
one takes mail for mailboxes that are known, and nothing else, so it relays for nobody.
"""

import asyncio
from typing import Any

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from pymongo.errors import PyMongoError

from chassis import acting_as, of_service, transaction
from services.support.mail import Mail
from services.support.mailbox import Mailbox
from services.support.settings import SupportSettings

log = structlog.get_logger()

_LATER = "451 4.3.0 Cannot keep mail now; try again later"
_LONGEST_LINE = 1024 * 1024  # RFC 5321 allows 1,000 octets, programs send more, and we lose no mail over it
_MOST_RECIPIENTS = 100


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

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail for mailboxes that are known."""
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            mailbox = await asyncio.to_thread(Mailbox.of_recipient, address)
        except PyMongoError as fault:
            log.warning("a recipient could not be looked up", fault=repr(fault))
            return _LATER
        if mailbox is None:
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        self._promised(envelope)[address] = mailbox
        return "250 2.1.5 OK"

    @staticmethod
    def _promised(envelope: Envelope) -> dict[str, dict[str, Any]]:
        """The mailboxes of the recipients so far: one that is deleted before DATA still gets what was promised."""
        promised: dict[str, dict[str, Any]] = envelope.__dict__.setdefault("promised", {})
        return promised

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail, for all its recipients or for none."""
        try:
            await asyncio.to_thread(transaction.run, lambda: _keep(envelope, self._promised(envelope)))
        except PyMongoError as fault:
            log.warning("a mail could not be kept", fault=repr(fault))
            answer = _LATER
        else:
            self._wake()
            answer = "250 2.0.0 Kept"
        # LMTP answers for every recipient (RFC 2033, 4.2).
        return "\r\n".join([answer] * len(envelope.rcpt_tos)) if self._lmtp else answer


def _keep(envelope: Envelope, promised: dict[str, dict[str, Any]]) -> None:
    raw = envelope.original_content or b""
    reached: dict[str, tuple[dict[str, Any], str]] = {}
    for recipient, mailbox in promised.items():
        if mailbox["_id"] not in reached or "+" in recipient:  # of two of its addresses, the one that says more
            reached[mailbox["_id"]] = (mailbox, recipient)
    for mailbox, recipient in reached.values():
        with acting_as(of_service("support", mailbox["tenant_id"])):
            Mail.receive(raw, mailbox["_id"], envelope.mail_from or "", recipient)
