"""A service's users reach its own database and its own subjects, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import ConsumerConfig, StreamConfig
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from chassis.embedded import Servers, running
from tests.conftest import SERVICES


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers of this module's own, on which no service has left streams and consumers."""
    with running(tmp_path_factory.mktemp("rights"), SERVICES) as both:
        yield both


@asynccontextmanager
async def connected(servers: Servers, service: str) -> AsyncIterator[tuple[Client, list[str]]]:
    errors: list[str] = []

    async def note(error: Exception) -> None:
        errors.append(str(error))

    client = await nats.connect(servers.nats_url(service), inbox_prefix=f"_INBOX_{service}", error_cb=note)
    try:
        yield client, errors
    finally:
        await client.close()


async def stream_of(client: Client, service: str) -> None:
    await client.jetstream().add_stream(StreamConfig(name=service.upper(), subjects=[f"crm.*.{service}.>"]))


def test_a_service_reads_and_writes_its_own_database(servers):
    with MongoClient(servers.mongo_url("sales")) as client, client.start_session() as session:
        with session.start_transaction():
            client.get_default_database().proof.insert_one({"_id": "mine"}, session=session)
        assert client.get_default_database().proof.find_one({}) == {"_id": "mine"}


def test_a_service_watches_its_own_collections(servers):
    with MongoClient(servers.mongo_url("sales")) as client, client.kith_sales.watched.watch() as changes:
        client.kith_sales.watched.insert_one({"_id": "seen"})
        assert next(changes)["documentKey"] == {"_id": "seen"}


@pytest.mark.parametrize("database", ["kith_contacts", "admin", "local"])
def test_a_service_cannot_read_another_database(servers, database):
    with MongoClient(servers.mongo_url("sales")) as client, pytest.raises(OperationFailure, match="not authorized"):
        client[database].records.find_one({})


def test_a_service_cannot_write_another_database(servers):
    with MongoClient(servers.mongo_url("sales")) as client, pytest.raises(OperationFailure, match="not authorized"):
        client.kith_contacts.records.insert_one({})


def test_a_visitor_reads_nothing(servers):
    visitor = MongoClient("127.0.0.1", servers.mongod.port, directConnection=True)
    with visitor as client, pytest.raises(OperationFailure, match="requires authentication"):
        client.kith_sales.records.find_one({})


def test_acknowledged_messages_are_on_disk(servers):
    config = servers.nats._settings()
    assert config["jetstream"]["sync_interval"] == "always"


@pytest.mark.parametrize("listener", ["sales", "contacts"])
def test_a_service_draws_from_every_stream_through_its_own_consumer(servers, listener):
    async def scene() -> None:
        async with connected(servers, "contacts") as (contacts, _), connected(servers, listener) as (hearing, errors):
            await stream_of(contacts, "contacts")
            await contacts.jetstream().publish("crm.ten_1.contacts.account.created", b"body")
            config = ConsumerConfig(filter_subject="crm.*.contacts.>")
            drawn = await hearing.jetstream().pull_subscribe(
                "crm.*.contacts.>", durable=f"{listener}-from-contacts", stream="CONTACTS", config=config
            )
            [message] = await drawn.fetch(1, timeout=5)
            await message.ack_sync(timeout=5)
            assert message.data == b"body"
            assert errors == []

    asyncio.run(scene())


@pytest.mark.parametrize(
    "subject",
    [
        "crm.ten_1.contacts.account.created",
        "$JS.API.STREAM.DELETE.CONTACTS",
        "$JS.API.STREAM.PURGE.CONTACTS",
        "$JS.API.STREAM.UPDATE.CONTACTS",
        "$JS.API.CONSUMER.DELETE.CONTACTS.support-from-contacts",
        "$JS.API.CONSUMER.MSG.NEXT.CONTACTS.support-from-contacts",
        "$JS.ACK.CONTACTS.support-from-contacts.1.1.1.1.0",
        "_INBOX_contacts.guess",
    ],
)
def test_a_service_cannot_publish_foreign_subjects(servers, subject):
    async def scene() -> None:
        async with connected(servers, "sales") as (client, errors):
            await client.publish(subject, b"{}")
            await client.flush()
            await asyncio.sleep(0.05)
            assert "permissions violation for publish" in "".join(errors).lower()

    asyncio.run(scene())


@pytest.mark.parametrize("subject", ["crm.>", "crm.*.contacts.>", "_INBOX_contacts.>", "$JS.>", ">"])
def test_a_service_cannot_hear_foreign_subjects(servers, subject):
    async def scene() -> None:
        async with connected(servers, "sales") as (client, errors):
            await client.subscribe(subject)
            await client.flush()
            await asyncio.sleep(0.05)
            assert "permissions violation for subscription" in "".join(errors).lower()

    asyncio.run(scene())


def test_a_service_hears_what_it_tells_itself(servers):
    async def scene() -> None:
        async with connected(servers, "support") as (support, errors):
            await stream_of(support, "support")
            await support.jetstream().publish("crm.ten_1.support.ticket.opened", b"body")
            drawn = await support.jetstream().pull_subscribe("", durable="support-from-support", stream="SUPPORT")
            [message] = await drawn.fetch(1, timeout=5)
            await message.ack_sync(timeout=5)
            assert errors == []

    asyncio.run(scene())
