"""A read that names a write is not older than the write, whichever member of the replica set answers."""

import contextlib
import subprocess
import time

import pytest
from pymongo import MongoClient

from chassis import moment, transaction
from chassis.embedded import place
from chassis.refusals import Invalid
from tests.eventually import eventually

DELAY = 3  # seconds that the secondary is behind, always


@contextlib.contextmanager
def a_member(folder, port):
    program, _ = place.program("mongod")
    folder.mkdir()
    child = subprocess.Popen(
        [program, "--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", "two",
         "--oplogSize", "16", "--wiredTigerCacheSizeGB", "0.25", "--logpath", folder / "log"]
    )  # fmt: skip
    try:
        eventually(lambda: place.answers(port))
        yield f"127.0.0.1:{port}"
    finally:
        child.kill()
        child.wait()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The members of a replica set: a primary, and a secondary that follows after three seconds and has no vote."""
    folder = tmp_path_factory.mktemp("two")
    with a_member(folder / "1", place.free_port()) as first, a_member(folder / "2", place.free_port()) as second:
        members = [
            {"_id": 0, "host": first},
            {"_id": 1, "host": second, "priority": 0, "votes": 0, "secondaryDelaySecs": DELAY},
        ]
        with MongoClient(first, directConnection=True) as client:
            client.admin.command("replSetInitiate", {"_id": "two", "members": members})

            def states():
                return [each["stateStr"] for each in client.admin.command("replSetGetStatus")["members"]]

            eventually(lambda: states() == ["PRIMARY", "SECONDARY"], seconds=30)
        yield first, second


@contextlib.contextmanager
def things_on(member):
    """A collection as a process sees it that asks this member only: drivers do not find a delayed one by themselves."""
    transaction.connect(f"mongodb://{member}/here?directConnection=true&readPreference=secondaryPreferred")
    try:
        yield transaction.database()["things"]
    finally:
        transaction.disconnect()


def kept(things):
    id = time.monotonic_ns()
    transaction.run(lambda: things.insert_one({"_id": id}))
    return id, moment.written()


@pytest.fixture
def fresh(two):
    """The id and the moment of a thing that the secondary will see in three seconds."""
    with things_on(two[0]) as things:
        kept(things)
        time.sleep(DELAY + 1)
        return kept(things)


def test_a_read_that_a_secondary_cannot_answer_in_time_is_refused_and_never_stale(two, fresh):
    id, at = fresh
    with things_on(two[1]) as things:
        assert things.find_one({"_id": id}) is None  # what a read without the moment gets from this member
        begun = time.monotonic()
        with pytest.raises(moment.Behind), moment.reached(at):
            raise AssertionError("never here")
        assert time.monotonic() - begun < 2 * moment.LONGEST_WAIT


def test_a_read_waits_for_a_secondary_that_follows_in_time(two, fresh, monkeypatch):
    id, at = fresh
    monkeypatch.setattr(moment, "LONGEST_WAIT", 4.0 * DELAY)
    with things_on(two[1]) as things, moment.reached(at):
        assert things.find_one({"_id": id})


def test_on_the_primary_the_moment_costs_no_wait(two):
    with things_on(two[0]) as things:
        for _ in range(20):
            id, at = kept(things)
            begun = time.monotonic()
            with moment.reached(at):
                assert things.find_one({"_id": id})
            assert time.monotonic() - begun < 1


def test_a_moment_that_is_not_yet_is_refused(two):
    with things_on(two[0]) as things:
        _, at = kept(things)
        later = f"{int(at.partition('-')[0]) + 1_000_000}-1"
        with pytest.raises(moment.Behind), moment.reached(later):
            raise AssertionError("never here")


@pytest.mark.parametrize("given", ["", "1", "a-b", "99999999999-1", "4294967296-1", "1-1 "])
def test_what_is_no_moment_is_refused(given):
    with pytest.raises(Invalid), moment.reached(given):
        raise AssertionError("never here")
