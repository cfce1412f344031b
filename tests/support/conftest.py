"""The support service in this process, with its listener, on real servers; its mail goes to the sink."""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.support.v1 import mailbox_pb2, message_pb2, service_pb2, ticket_pb2
from google.protobuf import json_format

from chassis import new_id, transaction
from chassis.embedded import Servers, place
from chassis.principal import Principal
from chassis.testing import Caller, serving, somebody
from services.support import reactions  # noqa: F401  importing registers them
from services.support.contact import Contact
from services.support.groundwork import prepare
from services.support.installed import Asset, ServiceContract
from services.support.service import Support
from services.support.settings import SupportSettings
from services.support.token import Keys
from tests.builders.support import a_ticket_message
from tests.campaigns.sink import Sink, running
from tests.eventually import eventually

KEYS = Keys.read("k1:a-secret-of-the-tests,k0:an-older-secret-of-them")


@dataclass
class Town:
    """Everything that a test of mail needs: who calls, where mail goes in, and where it comes out."""

    calling_as: Callable[[Principal], Caller]
    support: Support
    sink: Sink
    port: int

    def hand_in(self, raw: bytes, *recipients: str, sender: str = "ada@rose-thorn.example") -> dict[str, Any]:
        """Give a mail to the listener; what was refused of the recipients."""
        with closing(smtplib.SMTP("127.0.0.1", self.port, timeout=20)) as smtp:
            return smtp.sendmail(sender, recipients, raw)


@pytest.fixture(scope="package")
def sink() -> Iterator[Sink]:
    """Where mail ends."""
    with running(Sink()) as found:
        yield found


@pytest.fixture(scope="package")
def town(servers: Servers, sink: Sink) -> Iterator[Town]:
    """The service with all its parts."""
    support, port = Support(), place.free_port()
    more = {
        "mail_keys": KEYS,
        "mail_listen": f"127.0.0.1:{port}",
        "smtp_url": f"smtp://127.0.0.1:{sink.port}",
        "mail_limit": 1024 * 1024,
    }
    with serving(
        service_pb2, support, servers.mongo_url("support"), servers.nats_url("support"),
        projections=(Contact, Asset, ServiceContract),
        prepare=prepare, settings=SupportSettings, companions=(support.mailroom,), **more,
    ) as calling_as:  # fmt: skip
        yield Town(calling_as, support, sink, port)


@pytest.fixture
def door(town: Town) -> Callable[[Principal], Caller]:
    """A function from principal to caller."""
    return town.calling_as


@pytest.fixture
def caller(town: Town) -> Caller:
    """An administrator of a tenant that nobody else has."""
    return town.calling_as(somebody())


@pytest.fixture
def mailbox(caller: Caller) -> mailbox_pb2.Mailbox:
    """A mailbox of the caller's tenant."""
    return a_mailbox(caller)


def a_mailbox(caller: Caller, **fields: Any) -> mailbox_pb2.Mailbox:
    """A mailbox with an address that nobody else has."""
    given = {"address": f"help@{new_id('x')[2:].replace('_', '')}.example", "name": "Kith Help"} | fields
    return caller.CreateMailbox(mailbox_pb2.CreateMailboxRequest(mailbox=given))


def mails(caller: Caller, **where: str) -> list[Any]:
    """The mails of the tenant, oldest first."""
    return list(caller.ListMails(listing_pb2.ListRequest(filter=_filter(where), order_by=["id"], page_size=200)).mails)


def tickets(caller: Caller, **where: str) -> list[ticket_pb2.Ticket]:
    """The tickets of the tenant, oldest first."""
    asked = listing_pb2.ListRequest(filter=_filter(where), order_by=["id"], page_size=200)
    return list(caller.ListTickets(asked).tickets)


def messages(caller: Caller, ticket_id: str) -> list[message_pb2.Message]:
    """What was said on a ticket, oldest first."""
    asked = message_pb2.ListTicketMessagesRequest(id=ticket_id, page_size=200)
    return list(caller.ListTicketMessages(asked).messages)


def read(caller: Caller, count: int) -> list[Any]:
    """The mails of the tenant, once there are `count` and none waits any more."""
    received = 1

    def all_read() -> list[Any]:
        found = mails(caller)
        return found if len(found) == count and all(mail.status != received for mail in found) else []

    return eventually(all_read) if count else mails(caller)


def opened(caller: Caller, **fields: Any) -> ticket_pb2.Ticket:
    """A ticket that a client opens."""
    return caller.CreateTicket(ticket_pb2.CreateTicketRequest(ticket=a_ticket_message(**fields)))


def events_of(record_id: str) -> list[str]:
    """The names of the events that a record announced, in their order."""
    rows = transaction.database()["events"].find({"record_id": record_id}).sort([("revision", 1), ("ordinal", 1)])
    return [row["type"].rpartition(".")[2] for row in rows]


def got(caller: Caller, ticket_id: str) -> ticket_pb2.Ticket:
    """The ticket as it is now."""
    return caller.GetTicket(requests_pb2.GetRequest(id=ticket_id))


def _filter(where: dict[str, str]) -> Any:
    if not where:
        return None
    conditions = [{"field": field, "op": "eq", "value": value} for field, value in where.items()]
    return json_format.ParseDict({"all": conditions}, listing_pb2.Filter())
