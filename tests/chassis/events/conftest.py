"""Sales announces and contacts listens, in one process, with real servers in between."""

from collections.abc import Iterator

import pytest

from chassis import transaction
from chassis.embedded import Servers, running
from chassis.events import outbox
from tests.chassis.events.town import Town, connect


@pytest.fixture
def town(servers: Servers) -> Iterator[Town]:
    """Sales and contacts on the session's servers, with nothing in them."""
    yield from _town(servers)


@pytest.fixture
def own_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Sales and contacts on servers of their own, which a test may kill."""
    with running(tmp_path_factory.mktemp("town"), ("sales", "contacts")) as servers:
        yield from _town(servers)


def _town(servers: Servers) -> Iterator[Town]:
    contacts = connect(servers, "kith_contacts")
    town = Town(servers, contacts.client["kith_sales"], contacts)
    for database in (town.sales, town.contacts):
        for collection in database.list_collection_names():
            database[collection].delete_many({})
    outbox.prepare(town.sales)
    town.contacts.drop_collection("notes")
    town.contacts.create_collection("notes")
    try:
        with town.open:
            yield town
    finally:
        transaction.disconnect()
