"""A mail server of a few lines that takes everything, quickly: `python -m tests.campaigns.sink <port>` serves on its own.

A test can script its answers: by recipient, for RCPT and for the end of DATA.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mail:
    """A mail that was taken."""

    sender: str
    recipient: str
    content: bytes


@dataclass
class Sink:
    """What was taken, and what to say: recipient → answer."""

    port: int = 0
    keeps: bool = True
    mails: list[Mail] = field(default_factory=list)
    count: int = 0
    begun: int = 0
    refuses: Callable[[str], str] = lambda recipient: ""
    after_data: Callable[[str], str] = lambda recipient: ""  # "drop" closes the connection without an answer

    def to(self, recipient: str) -> list[Mail]:
        """The mails to an address."""
        return [mail for mail in self.mails if mail.recipient == recipient]


class _Session(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink, self._buffer, self._in_data = sink, bytearray(), False
        self._sender = self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._say("220 sink")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            if self._in_data:
                end = self._buffer.find(b"\r\n.\r\n")
                if end < 0:
                    return
                content = bytes(self._buffer[: end + 2])
                del self._buffer[: end + 5]
                self._in_data = False
                self._take(content)
                continue
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return
            line = self._buffer[:end].decode()
            del self._buffer[: end + 2]
            self._obey(line)

    def _obey(self, line: str) -> None:
        verb = line[:4].upper()
        if verb == "EHLO":
            self._say("250-sink\r\n250-SMTPUTF8\r\n250 8BITMIME")
        elif verb == "MAIL":
            self._sender = line.partition("<")[2].partition(">")[0]
            self._say("250 ok")
        elif verb == "RCPT":
            self._recipient = line.partition("<")[2].partition(">")[0]
            self._say(self._sink.refuses(self._recipient) or "250 ok")
        elif verb == "DATA":
            self._in_data = True
            self._sink.begun += 1
            self._say("354 go on")
        elif verb == "QUIT":
            self._say("221 bye")
            self._transport.close()
        else:
            self._say("250 ok")

    def _take(self, content: bytes) -> None:
        answer = self._sink.after_data(self._recipient)
        if not answer or answer == "drop":
            self._sink.count += 1
            if self._sink.keeps:
                self._sink.mails.append(Mail(self._sender, self._recipient, content))
        if answer == "drop":
            self._transport.abort()
        else:
            self._say(answer or "250 taken")

    def _say(self, text: str) -> None:
        self._transport.write(f"{text}\r\n".encode())


@contextmanager
def running(sink: Sink) -> Iterator[Sink]:
    """Serve on a free port of the loopback, in a thread."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: _Session(sink), "127.0.0.1", sink.port))
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="sink")
    thread.start()
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _serve(port: int) -> None:
    sink = Sink(port, keeps=False)
    server = await asyncio.get_running_loop().create_server(lambda: _Session(sink), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
