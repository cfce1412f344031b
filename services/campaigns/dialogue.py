"""What is said to a mail server for each mail, on a connection that is open.

The library opens connections, with TLS and passwords; for each mail it would look through the whole message three times and
wait for four answers. Here what begins a mail goes out at once where the server can take that (PIPELINING, RFC 2920), and the
message as it was built.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import cast

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_LONGEST_ANSWER = 32 * 1024
_GO_ON, _DONE, _FORWARDS = 354, 250, 251


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Dialogue(asyncio.BufferedProtocol):
    """One conversation with a mail server. Raises ConnectionError when it ends, TimeoutError after `seconds` of silence."""

    def __init__(self, transport: asyncio.BaseTransport, *, pipelining: bool, seconds: float) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._pipelining, self._seconds = pipelining, seconds
        # Answers are short; asyncio would make room for 256 KiB at each, which takes longer than to read one.
        self._buffer = memoryview(bytearray(4096))
        self._rest, self._lines = b"", list[bytes]()
        self._answers: list[Answer] = []
        self._wanted, self._heard = 0, asyncio.get_running_loop().create_future()
        transport.set_protocol(self)

    @property
    def open(self) -> bool:
        """Whether something can be said."""
        return not self._transport.is_closing()

    def close(self) -> None:
        """Say no more."""
        self._transport.close()

    async def begin(self, sender: str, recipient: str, *options: str) -> Answer | None:
        """Begin a mail; what the server refused it with, None when it waits for the message.

        Raises ValueError for addresses that would be more than addresses.
        """
        mail = " ".join((f"MAIL FROM:<{sender}>", *options)).encode()
        commands = (mail, f"RCPT TO:<{recipient}>".encode(), b"DATA")
        if any(map(_CONTROL.search, commands)):
            raise ValueError("an address holds a control character")
        answers = await self._said(commands) if self._pipelining else [await self._one_by_one(commands)]
        refused = next((each for each in answers if each.code not in (_DONE, _FORWARDS, _GO_ON)), None)
        if refused and answers[-1].code == _GO_ON:
            await self._say(b".\r\n", 1)  # a mail to nobody, for that is what the server waits for (RFC 2920, 3.1)
        return refused

    async def end(self, message: bytes) -> Answer | None:
        """Say the message, whose lines end with CRLF; what the server refused it with, None when the mail is the server's."""
        # A line that is a dot ends the message, so those that begin with one get another (RFC 5321, 4.5.2).
        stuffed = message.replace(b"\r\n.", b"\r\n..") if b"\r\n." in message else message
        [answer] = await self._say(stuffed + b".\r\n", 1)
        return None if answer.code == _DONE else answer

    async def forget(self) -> None:
        """Take back what was begun."""
        await self._said((b"RSET",))

    async def leave(self) -> None:
        """Say goodbye."""
        await self._said((b"QUIT",))

    async def _one_by_one(self, commands: tuple[bytes, ...]) -> Answer:
        for command in commands:
            [answer] = await self._said((command,))
            if answer.code not in (_DONE, _FORWARDS):
                break
        return answer

    async def _said(self, commands: tuple[bytes, ...]) -> list[Answer]:
        return await self._say(b"\r\n".join(commands) + b"\r\n", len(commands))

    async def _say(self, text: bytes, wanted: int) -> list[Answer]:
        if not self.open:
            raise ConnectionResetError("the connection was closed")
        self._answers, self._wanted = [], wanted
        self._heard = asyncio.get_running_loop().create_future()
        self._transport.write(text)
        async with asyncio.timeout(self._seconds):
            await self._heard
        return self._answers

    # ---------------------------------------------------------------- what the connection tells

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  asyncio names it, and guesses
        """Where to put what comes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Gather lines to answers; what nobody asked for is passed over."""
        *lines, self._rest = (self._rest + self._buffer[:nbytes]).split(b"\n")
        for line in lines:
            self._lines.append(line)
            if line[3:4] != b"-":
                self._hear()
        if len(self._rest) + sum(map(len, self._lines)) > _LONGEST_ANSWER:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for an answer waits in vain."""
        if not self._heard.done() and self._wanted:
            self._heard.set_exception(ConnectionResetError(f"the server closed the connection: {exc!r}"))

    def _hear(self) -> None:
        lines, self._lines = self._lines, []
        if not lines[-1][:3].isdigit():
            self._transport.abort()  # whatever that is, it speaks no SMTP
            return
        text = "\n".join(line[4:].strip().decode("utf-8", "surrogateescape") for line in lines)
        self._answers.append(Answer(int(lines[-1][:3]), text))
        if len(self._answers) == self._wanted and not self._heard.done():
            self._heard.set_result(None)
