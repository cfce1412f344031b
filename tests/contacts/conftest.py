"""The contacts service in this process, on real servers, and a stand-in for sales that announces facts of its own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crm.contacts.v1 import service_pb2
from google.protobuf.message import Message
from pymongo import MongoClient

from chassis.bus import Bus
from chassis.embedded import Servers
from chassis.events import Relay, outbox
from chassis.principal import Principal, acting_as
from chassis.testing import Caller, serving, somebody
from services.contacts import reactions  # noqa: F401  importing registers them
from services.contacts.groundwork import COMPANIONS, prepare
from services.contacts.service import Contacts
from services.contacts.settings import ContactsSettings
from tests.builders.fields import define
from tests.contacts.customs import PLAIN, made


@pytest.fixture(scope="package")
def door(servers: Servers) -> Iterator[Callable[[Principal], Caller]]:
    """A function from principal to caller of the contacts service; open no longer than its module needs it, for a process
    has one database at a time.
    """
    with serving(
        service_pb2, Contacts(), servers.mongo_url("contacts"), servers.nats_url("contacts"), prepare=prepare,
        companions=COMPANIONS, settings=ContactsSettings, public_url="https://kith.example/",
    ) as calling:  # fmt: skip
        yield calling


@pytest.fixture
def caller(door: Callable[[Principal], Caller]) -> Caller:
    """Somebody with every permission in a tenant of its own."""
    return door(somebody())


@pytest.fixture
def colleague(door: Callable[[Principal], Caller], caller: Caller) -> Callable[..., Caller]:
    """Somebody else of the caller's tenant: `colleague(grants={"contacts.*.*": "own"})`."""
    return lambda **fields: door(somebody(caller.whom.tenant_id, **fields))


class Sales:
    """Announces facts as the sales service would: through an outbox of its own and the relay, over NATS."""

    def __init__(self, servers: Servers) -> None:
        self._client: MongoClient = MongoClient(servers.mongo_url("sales"), tz_aware=True, w="majority")
        self._database = self._client.get_default_database()
        outbox.prepare(self._database)
        self._bus = Bus(servers.nats_url("sales"), "sales")
        self._relay = Relay(self._database, self._bus, "sales", sweep_seconds=0.2)
        self._bus.start()
        self._relay.start()

    def announce(self, whom: Principal, record_id: str, revision: int, *events: Message) -> list[str]:
        """Write events of one record as `whom`; their ids."""
        with acting_as(whom):
            outbox.write(self._database, "sales", record_id, revision, events)
        rows = self._database[outbox.EVENTS].find({"record_id": record_id, "revision": revision}).sort("ordinal")
        return [row["_id"] for row in rows]

    def stop(self) -> None:
        """Announce no more."""
        self._relay.stop()
        self._bus.stop()
        self._client.close()


@pytest.fixture(scope="package")
def sales(servers: Servers, door: Any) -> Iterator[Sales]:
    """A stand-in for sales."""
    stand_in = Sales(servers)
    yield stand_in
    stand_in.stop()


@pytest.fixture
def secret(caller: Caller) -> Any:
    """A contact with a field that only managers see."""
    define(caller, "tier")
    define(caller, "margin", type="INTEGER", read_roles=["manager"], index={"filters": True})
    define(caller, "worth", type="INTEGER", formula="margin * 2", read_roles=["manager"])
    return made(caller, tier="gold", margin=40)


@pytest.fixture
def rep(colleague: Callable[..., Caller]) -> Caller:
    """A colleague who is no manager."""
    return colleague(grants=PLAIN, roles=("sales_rep",))
