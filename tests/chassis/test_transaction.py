"""A transaction that meets a conflict runs again from its start, through whichever library it met it."""

from collections.abc import Iterator

import pytest
from mongoengine import Document, IntField, StringField

from chassis import transaction
from chassis.embedded import Servers


class Buoy(Document):
    """A mark at sea."""

    meta = {"collection": "buoys", "auto_create_index": False}
    id = StringField(primary_key=True)
    number = IntField()


@pytest.fixture(autouse=True)
def _connected(servers: Servers) -> Iterator[None]:
    transaction.connect(servers.mongo_url("sales"))
    Buoy._get_collection().insert_one({"_id": "one", "number": 0})
    Buoy._get_collection().create_index("number", unique=True)
    yield
    Buoy._get_collection().drop()
    transaction.disconnect()


def _from_elsewhere(number: int, id: str = "one") -> None:
    transaction.apart(lambda: Buoy._get_collection().update_one({"_id": id}, {"$set": {"number": number}}, upsert=True))


def test_a_conflict_that_mongoengine_wraps_is_tried_again() -> None:
    runs = []

    def work() -> None:
        runs.append(Buoy.objects(id="one").first().number)
        if len(runs) == 1:
            _from_elsewhere(5)
        Buoy.objects(id="one").update(inc__number=1)

    transaction.run(work)
    assert runs == [0, 5]
    assert Buoy.objects.get(id="one").number == 6


def test_a_race_for_a_unique_value_that_mongoengine_wraps_is_tried_again() -> None:
    runs = []

    def work() -> None:
        runs.append(Buoy.objects(number=7).first())
        if runs[-1] is None:
            Buoy.objects(id="one").update(set__number=8)
            if len(runs) == 1:
                _from_elsewhere(7, "two")
            Buoy.objects(id="one").update(set__number=7)

    transaction.run(work)
    assert [run and run.id for run in runs] == [None, "two"]


def test_what_is_to_follow_happens_once_and_only_when_the_work_is_kept() -> None:
    told: list[str] = []

    def work(then: Exception | None = None) -> None:
        transaction.afterwards(lambda: told.append("kept"))
        assert not told
        if then:
            raise then

    with pytest.raises(LookupError):
        transaction.run(lambda: work(LookupError()))
    assert told == []
    transaction.run(work)
    assert told == ["kept"]
