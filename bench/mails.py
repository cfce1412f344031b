"""`python -m bench.mails [count]`: mails of 20 kB through the listener of support until each is a message of a ticket.

Bare: aiosmtpd, Python's parser and two inserts, durable before 250; no threads of mails, no events, no ticket numbers.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm.support.v1 import mailbox_pb2, service_pb2

from bench import flow, postman
from chassis import transaction
from chassis.embedded import Servers, place, running
from chassis.testing import Caller, serving, somebody
from services.support import reactions  # noqa: F401  importing registers them
from services.support.contact import Contact
from services.support.groundwork import prepare
from services.support.service import Support
from services.support.settings import SupportSettings
from services.support.token import Keys

COUNT, CONNECTIONS = 1000, 8
MAILBOX = "help@bench.example"
LEAST_PER_SECOND = 50.0
_NAME = "mail of 20 kB in → ticket"


def main(count: int) -> None:
    """Measure both, and print."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), ("support", "contacts", "bare")) as servers:
        with _bare(servers) as port:
            watch = flow.Watch(servers)
            postman.deliver(port, MAILBOX, count, CONNECTIONS)
            bare = watch.flow("bare", count, LEAST_PER_SECOND, 0.0)
        with _support(servers) as (caller, port):
            caller.CreateMailbox(mailbox_pb2.CreateMailboxRequest(mailbox={"address": MAILBOX, "name": "Help"}))
            postman.deliver(port, MAILBOX, 20, CONNECTIONS)
            flow.wait_until(lambda: _read() == 20)
            transaction.database()["messages"].delete_many({})
            watch = flow.Watch(servers)
            postman.deliver(port, MAILBOX, count, CONNECTIONS)
            flow.wait_until(lambda: _read() == count)
            flow.tell([watch.flow(_NAME, count, LEAST_PER_SECOND, bare.per_second)])


@contextmanager
def _support(servers: Servers) -> Iterator[tuple[Caller, int]]:
    support, port = Support(), place.free_port()
    with serving(
        service_pb2, support, servers.mongo_url("support"), servers.nats_url("support"), projections=(Contact,),
        prepare=prepare, settings=SupportSettings, companions=(support.mailroom,),
        mail_keys=Keys.read("k1:a-secret-of-the-bench-alone"), mail_listen=f"127.0.0.1:{port}", smtp_url="smtp://127.0.0.1:9",
    ) as calling_as:  # fmt: skip
        yield calling_as(somebody()), port


@contextmanager
def _bare(servers: Servers) -> Iterator[int]:
    port = place.free_port()
    child = subprocess.Popen([sys.executable, "-m", "bench.baseline.mailroom", str(port), servers.mongo_url("bare")])
    try:
        flow.wait_until(lambda: place.answers(port))
        yield port
    finally:
        child.terminate()
        child.wait(10)


def _read() -> int:
    return transaction.database()["messages"].estimated_document_count()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
