"""One connection to the mail server, and what its answers mean for a mail."""

import ssl
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import errors

from chassis import now
from services.campaigns.ledger import ACCEPTED, BACK_OFF, BOUNCED, DEFERRED, FAILED, UNKNOWN, Outcome

TIMEOUT = 60.0
# RFC 3463: the mailbox or its domain is not there. Other 5.x.x are about us, or the mail, and not held against the person.
_NOBODY = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")


class Connection:
    """A connection that is opened when it is needed, and again when it broke."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._client: aiosmtplib.SMTP | None = None

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
            client = await self._opened()
            options = [] if recipient.isascii() else ["SMTPUTF8"]
            if options and not client.supports_extension("smtputf8"):
                return Outcome(delivery_id, FAILED, "smtputf8", "the server takes no such address")
            await _say(client, b"MAIL", f"FROM:<{sender}>", *options)
            await _say(client, b"RCPT", f"TO:<{recipient}>")
        except errors.SMTPResponseException as answer:
            await self._reset()
            return _refused(delivery_id, attempt, answer)
        except ValueError as fault:
            return Outcome(delivery_id, FAILED, "address", str(fault))
        except (errors.SMTPException, OSError, TimeoutError) as fault:
            self.drop()
            return _later(delivery_id, attempt, "no_connection", repr(fault))
        try:
            await client.data(message)
        except errors.SMTPResponseException as answer:
            await self._reset()
            return _refused(delivery_id, attempt, answer)
        except (errors.SMTPException, OSError, TimeoutError) as fault:
            # The server may have the mail, or not: nobody knows, and a second one could be one too many.
            self.drop()
            return Outcome(delivery_id, UNKNOWN, "connection_lost", repr(fault))
        return Outcome(delivery_id, ACCEPTED)

    async def close(self) -> None:
        """Say goodbye."""
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.quit(timeout=2)
            except (errors.SMTPException, OSError, TimeoutError):
                client.close()

    def drop(self) -> None:
        """Let go of a connection that broke."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _opened(self) -> aiosmtplib.SMTP:
        if self._client is None or not self._client.is_connected:
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
            self._client = client
        return self._client

    async def _reset(self) -> None:
        if self._client is not None:
            try:
                await self._client.rset(timeout=5)
            except (errors.SMTPException, OSError, TimeoutError):
                self.drop()


async def _say(client: aiosmtplib.SMTP, verb: bytes, *words: str) -> None:
    # The library's own `mail` and `rcpt` parse addresses that we have just written.
    answer = await client.execute_command(verb, *(word.encode() for word in words))
    if answer.code not in (250, 251):
        raise errors.SMTPResponseException(answer.code, answer.message)


def _refused(delivery_id: str, attempt: int, answer: errors.SMTPResponseException) -> Outcome:
    said = f"{answer.code} {answer.message}"
    if 400 <= answer.code < 500:
        return _later(delivery_id, attempt, "deferred", said)
    enhanced = answer.message.split(" ", 1)[0]
    if enhanced in _NOBODY or (not enhanced.startswith("5.") and answer.code in (550, 551, 553)):
        return Outcome(delivery_id, BOUNCED, "refused", said)
    return Outcome(delivery_id, FAILED, "refused", said)


def _later(delivery_id: str, attempt: int, reason: str, said: str) -> Outcome:
    if attempt >= len(BACK_OFF):
        return Outcome(delivery_id, FAILED, reason, said)
    return Outcome(delivery_id, DEFERRED, reason, said, now() + BACK_OFF[attempt])
