"""Two services in one process, as events need them: sales announces, contacts listens; real servers in between."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field

from crm.sales.v1 import events_pb2
from google.protobuf.message import Message
from pymongo.database import Database

from chassis import transaction
from chassis.bus import Bus
from chassis.embedded import Servers
from chassis.events import Consumers, Fact, Reaction, Relay, outbox
from chassis.ids import new_id
from chassis.principal import acting_as, of_service

TENANT = "ten_acme"


@dataclass
class Town:
    """Sales with its outbox, contacts with its reactions, and both their databases."""

    servers: Servers
    sales: Database
    contacts: Database
    open: ExitStack = field(default_factory=ExitStack)

    def bus(self, service: str) -> Bus:
        """A started bus with the service's own rights."""
        bus = Bus(self.servers.nats_url(service), service)
        bus.start()
        self.open.callback(bus.stop)
        return bus

    def relay(self, **settings) -> Relay:
        """A started relay of sales."""
        relay = Relay(self.sales, self.bus("sales"), "sales", **{"sweep_seconds": 0.5, "lease_seconds": 2.0} | settings)
        relay.start()
        self.open.callback(relay.stop)
        return relay

    def listening(self, *reactions: Reaction, **settings) -> Consumers:
        """Started consumers of contacts."""
        settings = {"back_off": (0.05, 0.1, 0.2), "sweep_seconds": 0.1} | settings
        consumers = Consumers(self.contacts, self.bus("contacts"), "contacts", reactions, **settings)
        consumers.start()
        self.open.callback(consumers.stop)
        return consumers

    def announce(self, *events: Message, record: str = "", revision: int = 1) -> str:
        """Commit events of one change; answers the record's id."""
        record = record or new_id("opp")
        with as_sales():
            transaction.run(lambda: outbox.write(self.sales, "sales", record, revision, events))
        return record

    def hear(self, effect: Callable[[Message, Fact], None] | None = None) -> Reaction:
        """A reaction to won opportunities that notes their revisions in the database after `effect`."""

        def note_the_revision(event, fact):
            if effect is not None:
                effect(event, fact)
            note = {"record": fact.record_id, "revision": fact.revision, "event": fact.id, "tenant": fact.tenant_id}
            self.contacts.notes.insert_one(note)

        return Reaction(events_pb2.OpportunityWon, note_the_revision)

    def notes(self, record: str) -> list[int]:
        """The revisions of a record whose effects are committed, in the order of commit."""
        return [note["revision"] for note in self.contacts.notes.find({"record": record}).sort("_id", 1)]


def as_sales() -> AbstractContextManager[None]:
    """Work as sales itself, for the tenant."""
    return acting_as(of_service("sales", TENANT))


def won(name: str = "Chairs") -> Message:
    """An opportunity that was won."""
    return events_pb2.OpportunityWon(opportunity={"name": name})


def connect(servers: Servers, database: str) -> Database:
    """The one client of this process, with rights on both databases, `chassis.transaction` using it."""
    return transaction.connect(servers.mongod.admin_url.replace("/?", f"/{database}?"), threads=16)
