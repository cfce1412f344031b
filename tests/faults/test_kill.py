"""SIGKILL of any process under load: it comes back, what was acknowledged is there, and everything happened once."""

import time

import pytest

from tests.faults.mixed_load import MixedLoad
from tests.faults.oracle import Oracle, eventually, looking
from tests.rest import Client
from tests.suite import Suite

VICTIMS = ("mongod", "nats-server", "identity", "contacts", "sales", "gateway")
BEFORE, BETWEEN, AFTER = 1.5, 2.5, 2.0  # seconds under load before the first kill, between two, and after the last


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_kill_loses_nothing_and_doubles_nothing(suite: Suite, victim: str) -> None:
    load = MixedLoad(suite.url, suite.api_key)
    with load.running():
        time.sleep(BEFORE)
        _kill_and_await(suite, victim)
        time.sleep(BETWEEN)
        _kill_and_await(suite, victim)
        time.sleep(AFTER)
    assert load.done("convert"), "no story was told to its end"
    assert not load.faults
    with Client(suite.url, suite.api_key) as api:
        _the_same_key_gives_the_first_answer(api, load)
    with looking(suite) as oracle:
        _every_acknowledged_write_is_there_once(oracle, load)
        _every_event_arrived_and_did_its_work_once(oracle, load)


def _kill_and_await(suite: Suite, victim: str) -> None:
    restarts = suite.restarts()[victim]
    suite.wait_restarted(victim, suite.kill(victim))
    assert suite.restarts()[victim] == restarts + 1


def _the_same_key_gives_the_first_answer(api: Client, load: MixedLoad) -> None:
    for write in load.writes:
        again = api.insist("POST", write.path, write.body, idempotency_key=write.key)
        assert (again.status, again.body) == (write.answer.status, write.answer.body)
        assert again.headers["idempotency-replayed"] == "true"


def _every_acknowledged_write_is_there_once(oracle: Oracle, load: MixedLoad) -> None:
    for service, plural in (("contacts", "accounts"), ("contacts", "leads"), ("sales", "opportunities")):
        kept = oracle.counts(service, plural, "_id", tags=load.mark)
        assert kept == {write.answer.body["id"]: 1 for write in load.made(plural)}
    won = {write.answer.body["id"] for write in load.done("win")}
    assert {row["_id"] for row in oracle.rows("sales", "opportunities", tags=load.mark, status="WON")} == won


def _every_event_arrived_and_did_its_work_once(oracle: Oracle, load: MixedLoad) -> None:
    accounts = {write.answer.body["id"]: write.body["name"] for write in load.made("accounts")}
    leads = {write.answer.body["id"] for write in load.done("convert")}
    sold = {write.answer.body["id"] for write in load.made("opportunities")}

    def nothing_is_under_way() -> None:
        assert oracle.unpublished() == 0
        known = {row["_id"]: row["name"] for row in oracle.rows("sales", "known_accounts", _id={"$in": list(accounts)})}
        assert known == accounts
        opened = oracle.counts("sales", "opportunities", "lead_id", lead_id={"$in": list(leads)})
        assert opened == dict.fromkeys(leads, 1)
        told = oracle.counts("contacts", "interactions", "record_id", record_id={"$in": list(sold)})
        assert told == dict.fromkeys(sold, 2)  # opened and won

    eventually(nothing_is_under_way)
    made = oracle.counts("contacts", "events", "record_id", record_id={"$in": list(accounts)})
    assert made == dict.fromkeys(accounts, 1)
    assert oracle.dead_letters() == 0
