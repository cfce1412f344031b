"""Reassignments at the door: many records that change hands, what is tried first, and the way back."""

from collections.abc import Callable
from typing import Any

import pytest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import lead_pb2
from crm.contacts.v1 import reassignment_pb2 as pb

from chassis import new_id, transaction
from chassis.testing import Caller
from tests.builders.fields import define
from tests.contacts.cases import ACCOUNT, LEAD
from tests.contacts.importing import progress, state
from tests.contacts.reassigning import a_reassignment, after, asked, done
from tests.contacts.territories import NORTH, SOUTH, a_territory, where
from tests.refused import refusal, violations


def whose(caller: Caller, id: str) -> tuple[str, str, str]:
    account = caller.GetAccount(GetRequest(id=id))
    return account.owner_id, account.team_id, account.territory_id


def updates(ids: list[str]) -> list[dict[str, Any]]:
    told = {"record_id": {"$in": ids}, "subject": "account.updated"}
    return list(transaction.database()["events"].find(told))


def test_what_is_tried_says_what_would_happen_and_changes_nothing(caller: Caller) -> None:
    ids = [ACCOUNT.create(caller, region="north").id for _ in range(23)]
    ACCOUNT.create(caller, region="south")
    there = ACCOUNT.create(caller, region="north", owner_id=SOUTH)
    tried = done(caller, "Validate", filter=where("region", "north"), to_owner_id=SOUTH)
    assert (state(tried), progress(tried)) == ("VALIDATED", {"total": 24, "done": 24, "updated": 23, "unchanged": 1})
    assert [each.record_id for each in tried.samples] == ids[:20]
    assert {(each.from_owner_id, each.to_owner_id) for each in tried.samples} == {(caller.whom.user_id, SOUTH)}
    assert updates([*ids, there.id]) == []
    assert whose(caller, ids[0])[0] == caller.whom.user_id


def test_many_records_change_hands_each_with_its_event_and_are_given_back(caller: Caller) -> None:
    team = new_id("team")
    ids = [ACCOUNT.create(caller, region="north", team_id=team).id for _ in range(5)]
    other = ACCOUNT.create(caller, region="south").id
    run = done(caller, filter=where("region", "north"), to_owner_id=SOUTH, suppress_workflows=True)
    assert (state(run), progress(run)) == ("DONE", {"total": 5, "done": 5, "updated": 5})
    assert {whose(caller, id) for id in ids} == {(SOUTH, team, "")}
    assert whose(caller, other)[0] == caller.whom.user_id
    assert sorted(each["record_id"] for each in updates(ids)) == ids
    assert {each["request_id"] for each in updates(ids)} == {run.id}
    back = after(caller, "Revert", run.id)
    assert (state(back), progress(back)) == ("REVERTED", {"total": 5, "done": 5, "updated": 5})
    assert {whose(caller, id) for id in ids} == {(caller.whom.user_id, team, "")}


def test_the_way_back_leaves_what_somebody_else_gave_away_since(caller: Caller) -> None:
    given, deleted, touched = (ACCOUNT.create(caller, region="north").id for _ in range(3))
    run = done(caller, to_owner_id=SOUTH)
    ACCOUNT.update(caller, given, owner_id=NORTH)
    ACCOUNT.update(caller, touched, region="east")
    caller.DeleteAccount(DeleteRequest(id=deleted))
    back = after(caller, "Revert", run.id)
    assert progress(back) == {"total": 3, "done": 3, "updated": 1, "skipped": 2}
    told = {each.record_id: each.reason for each in back.omissions}
    assert told == {given: "was given to somebody else since", deleted: "is deleted, or not yours to change"}
    assert [whose(caller, id)[0] for id in (given, touched)] == [NORTH, caller.whom.user_id]
    assert caller.GetAccount(GetRequest(id=touched)).region == "east"


def test_a_reassignment_by_rules_leaves_what_fits_none(caller: Caller) -> None:
    north = a_territory(caller)
    one, other = (ACCOUNT.create(caller, region=region).id for region in ("north", "east"))
    run = done(caller, by_territories=True)
    assert progress(run) == {"total": 2, "done": 2, "updated": 1, "unchanged": 1}
    assert [(each.record_id, each.territory_id) for each in run.samples] == [(one, north.id)]
    assert whose(caller, one) == (NORTH, "", north.id)
    assert whose(caller, other)[0] == caller.whom.user_id
    after(caller, "Revert", run.id)
    assert whose(caller, one) == (caller.whom.user_id, "", "")


def test_a_territory_takes_the_records_that_are_given_to_it(caller: Caller) -> None:
    south = a_territory(caller, "South", assign_owner_id=SOUTH)
    account = ACCOUNT.create(caller, region="east").id
    assert progress(done(caller, to_territory_id=south.id))["updated"] == 1
    assert whose(caller, account) == (SOUTH, "", south.id)
    late = a_reassignment(caller, to_territory_id=south.id)
    caller.DeleteTerritory(DeleteRequest(id=south.id))
    broken = after(caller, "Start", late.id)
    assert (state(broken), broken.failure) == ("FAILED", f"There is no territory {south.id}.")


def test_a_filter_takes_fields_of_the_tenants_own(caller: Caller, colleague: Callable[..., Caller]) -> None:
    define(caller, "tier", noun="account", read_roles=["manager"])
    gold = ACCOUNT.create(caller, custom_fields={"tier": "gold"}).id
    iron = ACCOUNT.create(caller, custom_fields={"tier": "iron"}).id
    asked_for = {"filter": where("custom_fields.tier", "gold"), "to_owner_id": SOUTH}
    assert progress(done(caller, **asked_for))["total"] == 1
    assert [whose(caller, id)[0] for id in (gold, iron)] == [SOUTH, caller.whom.user_id]
    clerk = colleague(grants={"contacts.*.*": "all"}, roles=("sales_rep",))
    assert list(violations(a_reassignment, clerk, **asked_for)) == ["reassignment.filter.field"]


def test_a_reassignment_reaches_only_what_its_user_may_change(caller: Caller, colleague: Callable[..., Caller]) -> None:
    foreign = ACCOUNT.create(caller).id
    grants = {"contacts.*.read": "all", "contacts.reassignment.*": "all", "contacts.account.write": "own"}
    clerk = colleague(grants=grants)
    own = ACCOUNT.create(clerk).id
    run = done(clerk, to_owner_id=NORTH)
    assert progress(run) == {"total": 1, "done": 1, "refused": 1}
    assert [each.record_id for each in run.omissions] == [own]
    assert whose(caller, foreign)[0] == caller.whom.user_id
    assert refusal(a_reassignment, clerk, noun="lead", to_owner_id=NORTH) == "FORBIDDEN"
    assert refusal(a_reassignment, colleague(grants={"contacts.account.*": "all"}), to_owner_id=NORTH) == "FORBIDDEN"


def test_a_reassignment_is_described_before_its_start_only(caller: Caller) -> None:
    ACCOUNT.create(caller)
    draft = a_reassignment(caller, to_owner_id=SOUTH)
    assert refusal(asked, caller, "Pause", draft.id) == "JOB_NOT_UNDER_WAY"
    assert refusal(asked, caller, "Resume", draft.id) == "JOB_NOT_PAUSED"
    assert refusal(asked, caller, "Revert", draft.id) == "JOB_NOT_REVERTIBLE"
    tried = after(caller, "Validate", draft.id)
    changed = caller.UpdateReassignment(
        pb.UpdateReassignmentRequest(
            reassignment=pb.Reassignment(id=draft.id, to_owner_id=NORTH), update_mask={"paths": ["to_owner_id"]}
        )
    )
    assert (state(tried), state(changed)) == ("VALIDATED", "DRAFT")
    after(caller, "Start", draft.id)
    assert refusal(asked, caller, "Start", draft.id) == "JOB_ALREADY_STARTED"
    assert refusal(asked, caller, "Cancel", draft.id) == "JOB_ALREADY_OVER"
    assert state(asked(caller, "Cancel", a_reassignment(caller, to_owner_id=SOUTH).id)) == "CANCELLED"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"to_owner_id": ""}, "reassignment.to_owner_id"),
        ({"by_territories": True}, "reassignment.to_owner_id"),
        ({"to_territory_id": new_id("ter")}, "reassignment.to_owner_id"),
        ({"to_owner_id": "", "to_territory_id": new_id("ter")}, "reassignment.to_territory_id"),
        ({"noun": "ticket"}, "reassignment.noun"),
        ({"filter": where("nothing", "x")}, "reassignment.filter.field"),
    ],
)
def test_a_reassignment_that_cannot_be_read_is_refused_by_place(caller: Caller, fields: Any, field: str) -> None:
    assert list(violations(a_reassignment, caller, **({"to_owner_id": NORTH} | fields))) == [field]


def test_a_territory_of_another_noun_gets_nothing(caller: Caller) -> None:
    leads = a_territory(caller, noun="lead", filter=None)
    assert list(violations(a_reassignment, caller, to_territory_id=leads.id)) == ["reassignment.to_territory_id"]


def test_a_converted_lead_can_still_change_hands(caller: Caller) -> None:
    lead = LEAD.create(caller)
    caller.ConvertLead(lead_pb2.ConvertLeadRequest(id=lead.id))
    assert progress(done(caller, noun="lead", to_owner_id=SOUTH))["updated"] == 1
