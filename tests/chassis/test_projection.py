"""A projection keeps the newest fact, whatever order facts come in, and tells what others must follow."""

from collections.abc import Iterator

import pytest

from chassis import Projection, StringField, transaction
from chassis.embedded import Servers
from chassis.testing import acting_as_somebody


class Ship(Projection):
    """A ship of another service."""

    meta = {"collection": "known_ships"}
    name = StringField()
    port = StringField()


@pytest.fixture(autouse=True)
def _connected(servers: Servers) -> Iterator[None]:
    transaction.connect(servers.mongo_url("sales"))
    with acting_as_somebody():
        yield
        Ship._get_collection().delete_many({})
    transaction.disconnect()


def test_a_newer_fact_is_kept() -> None:
    Ship.remember("shp_1", 1, name="Gannet")
    Ship.remember("shp_1", 2, name="Petrel")
    assert Ship.name_of("shp_1") == "Petrel"


def test_an_older_fact_changes_nothing() -> None:
    Ship.remember("shp_1", 2, name="Petrel")
    assert Ship.remember("shp_1", 1, name="Gannet") == set()
    assert Ship.remember("shp_1", 2, name="Gannet") == set()
    assert Ship.name_of("shp_1") == "Petrel"


def test_a_first_fact_is_news() -> None:
    assert Ship.remember("shp_1", 0, name="Gannet") == {"name"}


def test_only_what_changed_needs_a_follower() -> None:
    Ship.remember("shp_1", 1, name="Gannet", port="Husum")
    assert Ship.remember("shp_1", 2, name="Petrel", port="Husum") == {"name"}
    assert Ship.remember("shp_1", 3, name="Petrel", port="Husum") == set()


def test_one_transaction_sees_what_it_remembers() -> None:
    def work() -> list[str]:
        Ship.remember("shp_2", 1, name="Petrel")
        before = Ship.name_of("shp_2")
        Ship.remember("shp_2", 2, name="Gannet")
        return [before, Ship.name_of("shp_2")]

    assert transaction.run(work) == ["Petrel", "Gannet"]
    assert Ship.objects.count() == 1


def test_texts_that_look_like_expressions_stay_texts() -> None:
    Ship.remember("shp_1", 1, name="$revision")
    assert Ship.name_of("shp_1") == "$revision"


def test_a_tenant_never_reaches_another_tenants_record() -> None:
    Ship.remember("shp_1", 1, name="Gannet")
    with acting_as_somebody():
        assert Ship.name_of("shp_1") == ""
