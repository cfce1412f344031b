"""A projection keeps the newest fact, whatever order facts come in, and tells what others must follow."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis import ListField, Projection, StringField, acting_as, merging, principal, transaction
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
        for kept in ("known_ships", "known_berths", "merge_moves", "merge_aliases"):
            transaction.database()[kept].delete_many({})
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


class Berth(Projection):
    """Where ships of another service lie, with what is known of the first of them."""

    meta = {"collection": "known_berths"}
    following = (merging.Reference("known_berths", "ship_ids", along=("ship_name",), revised=False),)
    ship_ids = ListField(StringField())
    ship_name = StringField()

    @classmethod
    def along(cls, id: str) -> dict[str, Any]:
        return {"ship_name": f"Name of {id}"}


def berth() -> tuple[list[str], str]:
    """What is kept of the one berth."""
    kept = Berth.objects.get()
    return kept.ship_ids, kept.ship_name


def test_a_fact_that_is_heard_after_merges_goes_back_merge_by_merge() -> None:
    merging.join("mrg_1", (), "shp_2", ["shp_1"])
    merging.join("mrg_2", (), "shp_3", ["shp_2"])
    Berth.remember("bth_1", 1, ship_ids=["shp_1", "shp_2", "shp_9"], ship_name="Gannet")
    assert berth() == (["shp_3", "shp_9"], "Name of shp_3")
    assert merging.part("mrg_2") == []
    assert berth() == (["shp_2", "shp_9"], "Name of shp_2")
    assert merging.part("mrg_1") == []
    assert berth() == (["shp_1", "shp_2", "shp_9"], "Gannet")


def test_what_a_merge_noted_itself_stays_when_the_fact_is_told_again() -> None:
    Berth.remember("bth_1", 1, ship_ids=["shp_1"], ship_name="Gannet")
    merging.join("mrg_1", Berth.following, "shp_2", ["shp_1"], ship_name="Petrel")
    Berth.remember("bth_1", 2, ship_ids=["shp_1"], ship_name="Told later")
    merging.part("mrg_1")
    assert berth() == (["shp_1"], "Gannet")


def test_an_older_fact_leaves_no_note() -> None:
    merging.join("mrg_1", (), "shp_2", ["shp_1"])
    Berth.remember("bth_1", 2, ship_ids=["shp_2"], ship_name="Petrel")
    Berth.remember("bth_1", 1, ship_ids=["shp_1"], ship_name="Gannet")
    merging.part("mrg_1")
    assert berth() == (["shp_2"], "Petrel")


def test_a_fact_that_is_heard_while_they_are_parted_goes_back() -> None:
    merging.join("mrg_1", (), "shp_2", ["shp_1"])
    whom, runs = principal(), []

    def part() -> None:
        with acting_as(whom):
            transaction.run(lambda: merging.part("mrg_1"))

    def hear() -> None:
        runs.append(merging.survivor_of("shp_1"))  # what is parted from here on, this run does not see
        if len(runs) == 1:
            with ThreadPoolExecutor() as beside:
                beside.submit(part).result()
        Berth.remember("bth_1", 1, ship_ids=["shp_1"], ship_name="Gannet")

    transaction.run(hear)
    assert runs == ["shp_2", "shp_1"]
    assert berth() == (["shp_1"], "Gannet")
