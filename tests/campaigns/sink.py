"""The suite's mail sink in a thread of a test, which scripts its answers by giving it another `refuses` or `after_data`.

`python -m tests.campaigns.sink <port>` serves on its own and prints its port.
"""

import asyncio
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.local import mail_sink
from deploy.local.mail_sink import Mail


@dataclass
class Sink(mail_sink.Sink):
    """What was taken at `port`, which is a free one unless given."""

    port: int = 0

    def to(self, recipient: str) -> list[Mail]:
        """The mails to an address."""
        return [mail for mail in self.mails if recipient in mail.recipients]


@contextmanager
def running(sink: Sink, tls: ssl.SSLContext | None = None) -> Iterator[Sink]:
    """Serve on a free port of the loopback, in a thread; within TLS where it is given."""
    loop, guests = asyncio.new_event_loop(), list[asyncio.BaseTransport]()

    class Door(mail_sink.Smtp):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            guests.append(transport)
            super().connection_made(transport)

    def end() -> None:
        server.close()
        for guest in guests:  # one whose goodbye was not read yet, too
            guest.close()
        loop.call_soon(loop.stop)

    serving = loop.create_server(lambda: Door(sink), "127.0.0.1", sink.port, ssl=tls)
    server = loop.run_until_complete(serving)
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="sink")
    thread.start()
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(end)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


if __name__ == "__main__":
    with running(Sink(port=int(sys.argv[1]))) as served:
        print(served.port, flush=True)
        threading.Event().wait()
