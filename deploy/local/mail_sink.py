"""Where the mail of a suite on one machine ends: an SMTP server that takes everything, sends nothing on, and shows what it has.

`GET /` is a page for people. `GET /mails` lists what came as JSON, newest first (`?to=`, `?subject=`, `?limit=`), `GET
/mails/<number>` shows one as it came, `DELETE /mails` empties it, `GET /count` counts. Mails are kept in memory, the newest up to
64 MiB. Three recipients try out faults: a local part that begins with `defer` is put off (451), one that begins with `refuse` is
refused (550), and at one that begins with `drop` the connection breaks after the mail and before the answer.

Written on asyncio alone, because a mail server library spends more on a mail than the campaign that sends it may.
"""

import asyncio
import email
import email.policy
import json
import os
import signal
import sys
from collections import deque
from dataclasses import dataclass, field
from email.message import Message
from typing import NamedTuple, cast
from urllib.parse import parse_qs, urlsplit

from deploy.local import mail_page

MOST_BYTES = 64 * 1024 * 1024
LARGEST = 32 * 1024 * 1024
_END = b"\r\n.\r\n"
DROP = "drop"


class Mail(NamedTuple):
    """A mail that was taken."""

    number: int
    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class Sink:
    """The mails that came; the oldest go when there is no more room."""

    mails: deque[Mail] = field(default_factory=deque)
    count: int = 0
    size: int = 0
    room: int = MOST_BYTES
    seconds: float = 0.0  # between a mail and the answer to it
    pipelines: bool = True
    lenient: bool = (
        False  # asks for a message without a recipient, too, and says only then that there is none (RFC 2920, 3.1)
    )

    def take(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Keep a mail."""
        self.count += 1
        self.size += len(content)
        self.mails.append(Mail(self.count, sender, recipients, content))
        while self.size > self.room:
            self.size -= len(self.mails.popleft().content)

    def refuses(self, recipient: str) -> str:
        """What a recipient who is not taken is answered with; empty for one who is."""
        if recipient.startswith("refuse"):
            return "550 5.1.1 No such mailbox"
        return "451 4.2.0 Try again later" if recipient.startswith("defer") else ""

    def after_data(self, recipient: str) -> str:
        """What a mail is answered with instead of being taken: DROP takes it and breaks the connection; empty for most."""
        return DROP if recipient.startswith("drop") else ""

    def empty(self) -> None:
        """Forget all mails; numbers go on."""
        self.mails.clear()
        self.size = 0

    def listed(self, to: str = "", subject: str = "", limit: int = 50) -> list[dict[str, object]]:
        """The newest mails to a recipient, with a subject that holds some text."""
        found: list[dict[str, object]] = []
        for mail in reversed(self.mails):
            if to and to.lower() not in map(str.lower, mail.recipients):
                continue
            shown = _shown(*mail)
            if subject.lower() in str(shown["subject"]).lower():
                found.append(shown)
            if len(found) >= limit:
                break
        return found

    def raw(self, number: int) -> bytes | None:
        """One mail as it came; None when it is not here any more."""
        return next((mail.content for mail in self.mails if mail.number == number), None)


class Smtp(asyncio.Protocol):
    """One connection of a sender (RFC 5321, with PIPELINING, SIZE, 8BITMIME and SMTPUTF8)."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._rest = sink, b""
        self._sender, self._recipients, self._in_data = "", list[str](), False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Take what came as far as it is whole, and answer all of it at once."""
        self._rest += data
        answers: list[bytes] = []
        count = self._sink.count
        while (answer := self._mail() if self._in_data else self._command()) is not None:
            answers.append(answer)
        if answers and self._sink.seconds and self._sink.count > count:
            asyncio.get_running_loop().call_later(self._sink.seconds, self._transport.write, b"".join(answers))
        elif answers:
            self._transport.write(b"".join(answers))
        if (answers and answers[-1].startswith(b"221")) or len(self._rest) > LARGEST:
            self._transport.close()

    def _mail(self) -> bytes | None:
        begins_with_end = self._rest.startswith(_END[2:])
        end = 0 if begins_with_end else self._rest.find(_END)
        if end < 0:
            return None
        content = b"" if begins_with_end else self._rest[: end + 2]
        self._rest = self._rest[end + (3 if begins_with_end else 5) :]
        if content.startswith(b"."):
            content = content[1:]
        answer = next(filter(None, map(self._sink.after_data, self._recipients)), "")
        if not self._recipients:
            answer = "554 5.5.1 No valid recipients"
        if answer in ("", DROP):
            self._sink.take(self._sender, self._recipients, content.replace(b"\r\n.", b"\r\n"))
        self._in_data, self._recipients = False, []
        if answer == DROP:
            self._transport.abort()
        return f"{answer or '250 2.0.0 OK'}\r\n".encode()

    def _command(self) -> bytes | None:
        line, found, rest = self._rest.partition(b"\r\n")
        if not found:
            return None
        self._rest = rest
        text = line.decode("utf-8", "replace")
        verb = text[:4].upper()
        if verb == "MAIL":
            self._sender, self._recipients = _address(text), []
        if verb == "RCPT":
            return self._recipient(_address(text))
        if verb == "DATA":
            if not self._recipients and not self._sink.lenient:
                return b"503 5.5.1 No recipients\r\n"
            self._in_data = True
        if verb == "EHLO" and not self._sink.pipelines:
            return _ANSWERS["EHLO"].replace(b"250-PIPELINING\r\n", b"")
        return _ANSWERS.get(verb, b"502 5.5.2 Unknown\r\n")

    def _recipient(self, address: str) -> bytes:
        if refusal := self._sink.refuses(address):
            return f"{refusal}\r\n".encode()
        self._recipients = [*self._recipients, address]
        return b"250 2.1.5 OK\r\n"


_ANSWERS = {
    "EHLO": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 33554432\r\n",
    "HELO": b"250 sink\r\n",
    "MAIL": b"250 2.1.0 OK\r\n",
    "DATA": b"354 Go on\r\n",
    "RSET": b"250 2.0.0 OK\r\n",
    "NOOP": b"250 2.0.0 OK\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
}


async def look(sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one HTTP request."""
    try:
        request = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
        verb, target, _ = request.split(" ", 2)
        status, kind, body = _page(sink, verb, target)
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
            f"Content-Security-Policy: {mail_page.POLICY}\r\nX-Content-Type-Options: nosniff\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        pass  # whoever asked is gone, or spoke no HTTP
    finally:
        writer.close()


def _page(sink: Sink, verb: str, target: str) -> tuple[str, str, bytes]:
    url = urlsplit(target)
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    place = url.path.rstrip("/")
    if not place and verb == "GET":
        return "200 OK", "text/html; charset=utf-8", mail_page.page(sink.listed(), sink.count)
    if place == "/mails" and verb == "DELETE":
        sink.empty()
        return "204 No Content", "application/json", b""
    if place == "/mails":
        limit = int(asked.get("limit", "50"))
        return _json({"mails": sink.listed(asked.get("to", ""), asked.get("subject", ""), limit), "count": sink.count})
    if place == "/count":
        return _json({"count": sink.count})
    number = place.removeprefix("/mails/")
    if number.isdigit() and (raw := sink.raw(int(number))) is not None:
        return "200 OK", "message/rfc822", raw
    return "404 Not Found", "application/json", b'{"error":"there is no such page"}'


def _json(value: object) -> tuple[str, str, bytes]:
    return "200 OK", "application/json", json.dumps(value).encode()


def _shown(number: int, sender: str, recipients: list[str], content: bytes) -> dict[str, object]:
    mail = email.message_from_bytes(content, policy=email.policy.default)
    headers = {name: str(mail.get(name, "")) for name in ("From", "To", "Subject", "Date", "Message-ID", "Reply-To")}
    return {
        "number": number, "sender": sender, "recipients": recipients, "size": len(content), "text": _text(mail),
        **{name.lower().replace("-", "_"): value for name, value in headers.items()},
    }  # fmt: skip


def _text(mail: Message) -> str:
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return ""


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0] or line.partition(":")[2].strip().partition(" ")[0]


async def serve(sink: Sink, smtp: str, http: str, stop: asyncio.Event) -> None:
    """Take mail at `smtp` and show it at `http`, both host:port, until `stop`. Raises OSError when a port is taken."""
    loop = asyncio.get_running_loop()
    (smtp_host, _, smtp_port), (http_host, _, http_port) = smtp.rpartition(":"), http.rpartition(":")
    mail = await loop.create_server(lambda: Smtp(sink), smtp_host, int(smtp_port), backlog=1024)
    page = await asyncio.start_server(lambda reader, writer: look(sink, reader, writer), http_host, int(http_port))
    async with mail, page:
        await stop.wait()


async def _main() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(Sink(), os.environ["KITH_LISTEN"], os.environ["KITH_METRICS_LISTEN"], stop)


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
