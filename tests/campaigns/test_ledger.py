"""The ledger when things go wrong: senders that go away, lines that are taken back, snapshots that are done again."""

from datetime import timedelta
from typing import Any

import pytest

from chassis import acting_as, new_id, now, of_service
from services.campaigns import ledger, snapshot
from services.campaigns.campaign import Campaign
from services.campaigns.ledger import ACCEPTED, LEASED, QUEUED, SENDING, SKIPPED, UNKNOWN, Outcome, Turn
from tests.campaigns.conftest import Marketing


@pytest.fixture
def campaign(door: Any) -> dict[str, Any]:
    """A campaign that no sender knows, with ten lines."""
    row = {"_id": new_id("cam"), "tenant_id": new_id("ten")}
    lines = [ledger.line(row["tenant_id"], row["_id"], new_id("con"), now(), state=QUEUED) for _ in range(10)]
    ledger.lines().insert_many(lines)
    return row


def states(campaign: dict[str, Any]) -> list[str]:
    return [row["state"] for row in ledger.lines().find({"campaign_id": campaign["_id"]}).sort("_id", 1)]


def test_no_line_is_leased_twice(campaign: dict[str, Any]) -> None:
    one, other = ledger.lease(campaign, "one", 6), ledger.lease(campaign, "other", 6)
    assert (len(one), len(other)) == (6, 4)
    assert not {row["_id"] for row in one} & {row["_id"] for row in other}


def test_only_the_holder_of_a_live_lease_may_begin(campaign: dict[str, Any]) -> None:
    first, second, third, _ = [row["_id"] for row in ledger.lease(campaign, "one", 4)]
    ledger.lines().update_one({"_id": second}, {"$set": {"lease_until": now() - timedelta(seconds=1)}})
    ledger.give_back({"_id": third})
    assert ledger.take_turn(Turn([], [first, second, third]), "another") == set()
    assert ledger.take_turn(Turn([], [first, second, third]), "one") == {first}
    assert ledger.take_turn(Turn([], [first]), "one") == set(), "what is being handed over is not begun again"


def test_an_outcome_is_written_with_the_next_beginning(campaign: dict[str, Any]) -> None:
    first, second = [row["_id"] for row in ledger.lease(campaign, "one", 2)]
    ledger.take_turn(Turn([], [first]), "one")
    assert ledger.take_turn(Turn([Outcome(first, ACCEPTED)], [second]), "one") == {second}
    assert states(campaign)[:2] == [ACCEPTED, SENDING]


def test_what_was_leased_by_a_dead_sender_is_queued_and_what_was_sending_is_unknown(campaign: dict[str, Any]) -> None:
    first, second, _ = [row["_id"] for row in ledger.lease(campaign, "dead", 3)]
    ledger.take_turn(Turn([], [first]), "dead")
    ledger.lines().update_many(
        {"campaign_id": campaign["_id"]}, {"$set": {"lease_until": now() - timedelta(seconds=1)}}
    )
    ledger.sweep()
    assert states(campaign) == [UNKNOWN, *[QUEUED] * 9]
    assert second in {row["_id"] for row in ledger.lease(campaign, "alive", 10)}
    assert first not in {row["_id"] for row in ledger.lines().find({"holder": "alive"})}
    ledger.take_turn(Turn([Outcome(first, ACCEPTED)], []), "dead")
    assert states(campaign)[0] == UNKNOWN, "the dead do not speak"


def test_an_unknown_line_is_queued_again_only_by_name(campaign: dict[str, Any]) -> None:
    [line] = ledger.lease(campaign, "one", 1)
    ledger.take_turn(Turn([], [line["_id"]]), "one")
    ledger.take_turn(Turn([Outcome(line["_id"], UNKNOWN, "connection_lost")], []), "one")
    assert ledger.requeue({**campaign, "tenant_id": "ten_other"}, [line["_id"]]) == 0
    assert ledger.requeue(campaign, [line["_id"]]) == 1
    assert states(campaign) == [QUEUED] * 10


def test_a_snapshot_that_is_done_again_adds_nobody_twice(marketing: Marketing) -> None:
    people = [marketing.meet(tags=["gold"]) for _ in range(3)]
    marketing.meet(tags=["gold"], address=people[0].emails[0].address)
    draft = marketing.campaign(marketing.segment())
    with acting_as(of_service("campaigns", marketing.caller.whom.tenant_id)):
        found = Campaign.find(draft.id)
        assert [snapshot.take(found, lambda: True) for _ in range(2)] == [4, 4]
    assert sorted(states({"_id": draft.id})) == [QUEUED] * 3 + [SKIPPED]
    assert LEASED not in states({"_id": draft.id})
