"""One connection to the mail server, and what its answers mean for a mail."""

import asyncio
import contextlib
import ssl
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import errors

from chassis import now
from services.campaigns.dialogue import Answer, Dialogue
from services.campaigns.ledger import ACCEPTED, BACK_OFF, BOUNCED, DEFERRED, FAILED, UNKNOWN, Outcome

TIMEOUT, GOODBYE_SECONDS = 60.0, 2.0
_GOING_AWAY = 421
# RFC 3463: the mailbox or its domain is not there. Other 5.x.x are about us, or the mail, and not held against the person.
_NOBODY = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")


class Connection:
    """A connection that is opened when it is needed, and again when it broke."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._dialogue: Dialogue | None = None
        self._takes_unicode = False

    async def ready(self) -> bool:
        """Whether the server answers; asked before a mail is begun, so that an outage uses up no attempts."""
        try:
            await self._opened()
        except (errors.SMTPException, OSError, TimeoutError):
            self.drop()
            return False
        return True

    async def hand_over(self, delivery_id: str, attempt: int, sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand one mail over; what became of it. Until the message is on its way, every fault may be tried again."""
        try:
            dialogue = await self._opened()
            options = [] if recipient.isascii() else ["SMTPUTF8"]
            if options and not self._takes_unicode:
                return Outcome(delivery_id, FAILED, "smtputf8", "the server takes no such address")
            refused = await dialogue.begin(sender, recipient, *options)
        except ValueError as fault:
            return Outcome(delivery_id, FAILED, "address", str(fault))
        except (errors.SMTPException, OSError, TimeoutError) as fault:
            self.drop()
            return _later(delivery_id, attempt, "no_connection", repr(fault))
        if not refused:
            try:
                refused = await dialogue.end(message)
            except (OSError, TimeoutError) as fault:
                # The server may have the mail, or not: nobody knows, and a second one could be one too many.
                self.drop()
                return Outcome(delivery_id, UNKNOWN, "connection_lost", repr(fault))
        if refused:
            await self._forget(refused)
            return _refused(delivery_id, attempt, refused)
        return Outcome(delivery_id, ACCEPTED)

    async def close(self) -> None:
        """Say goodbye."""
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(dialogue.leave(), GOODBYE_SECONDS)
            dialogue.close()

    def drop(self) -> None:
        """Let go of a connection that broke."""
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            dialogue.close()

    async def _opened(self) -> Dialogue:
        if self._dialogue is None or not self._dialogue.open:
            secure, upgraded = self._url.scheme == "smtps", self._url.scheme == "smtp+starttls"
            client = aiosmtplib.SMTP(
                hostname=self._url.hostname, port=self._url.port or (465 if secure else 587 if upgraded else 25),
                timeout=TIMEOUT,
                username=unquote(self._url.username) if self._url.username else None,
                password=unquote(self._url.password) if self._url.password else None,
                use_tls=secure, start_tls=True if upgraded else None,
                tls_context=ssl.create_default_context() if secure or upgraded else None,
            )  # fmt: skip
            await client.connect()
            if client.is_ehlo_or_helo_needed:  # once more after STARTTLS (RFC 3207, 4.2)
                await client.ehlo()
            if client.transport is None:
                raise errors.SMTPServerDisconnected("the server went away")
            self._takes_unicode = client.supports_extension("smtputf8")
            pipelining = client.supports_extension("pipelining")
            self._dialogue = Dialogue(client.transport, pipelining=pipelining, seconds=TIMEOUT)
        return self._dialogue

    async def _forget(self, refused: Answer) -> None:
        if refused.code == _GOING_AWAY or self._dialogue is None:
            self.drop()
            return
        try:
            await self._dialogue.forget()
        except (OSError, TimeoutError):
            self.drop()


def _refused(delivery_id: str, attempt: int, answer: Answer) -> Outcome:
    said = str(answer)
    if 400 <= answer.code < 500:
        return _later(delivery_id, attempt, "deferred", said)
    enhanced = answer.text.split(" ", 1)[0]
    if enhanced in _NOBODY or (not enhanced.startswith("5.") and answer.code in (550, 551, 553)):
        return Outcome(delivery_id, BOUNCED, "refused", said)
    return Outcome(delivery_id, FAILED, "refused", said)


def _later(delivery_id: str, attempt: int, reason: str, said: str) -> Outcome:
    if attempt >= len(BACK_OFF):
        return Outcome(delivery_id, FAILED, reason, said)
    return Outcome(delivery_id, DEFERRED, reason, said, now() + BACK_OFF[attempt])
