"""Territories at the door: which rule wins a record, who worked there when, and many records that change hands."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from crm.common.v1 import requests_pb2
from crm.common.v1.listing_pb2 import Filter, ListRequest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import territory_pb2 as pb

from chassis import new_id, today, transaction
from chassis.testing import Caller
from tests.builders.fields import define
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD
from tests.contacts.customs import of_definition
from tests.contacts.territories import NORTH, SOUTH, a_territory, where
from tests.refused import violations

YESTERDAY, TOMORROW = ((date.fromisoformat(today()) + timedelta(days=days)).isoformat() for days in (-1, 1))


def change(caller: Caller, id: str, **fields: Any) -> pb.Territory:
    territory = pb.Territory(id=id, **fields)
    return caller.UpdateTerritory(pb.UpdateTerritoryRequest(territory=territory, update_mask={"paths": list(fields)}))


def test_the_first_rule_that_fits_wins_and_says_so(caller: Caller) -> None:
    big = a_territory(caller, "Big", priority=1, filter=where("employee_count", 1000, "gte"), assign_owner_id=SOUTH)
    north = a_territory(caller, priority=2)
    rest = a_territory(caller, "Rest", priority=3, filter=None)
    account = ACCOUNT.create(caller, region="north", employee_count=50)
    told = caller.ExplainTerritory(pb.ExplainTerritoryRequest(record_id=account.id))
    assert [(each.territory_id, each.fits) for each in told.steps] == [
        (big.id, False),
        (north.id, True),
        (rest.id, True),
    ]
    assert (told.territory_id, told.assigned_territory_id) == (north.id, "")
    items = [{"record_id": account.id, "client_ref": "first"}, {"record_id": new_id("acc")}, {"record_id": "opp_1"}]
    answer = caller.AssignTerritories(pb.AssignTerritoriesRequest(items=items))
    assert [each.outcome for each in answer.results] == [requests_pb2.UPDATED, 0, 0]
    assert (answer.failed_count, answer.results[0].client_ref, answer.results[0].territory_id) == (2, "first", north.id)
    got = caller.GetAccount(GetRequest(id=account.id))
    assert (got.owner_id, got.territory_id) == (NORTH, north.id)
    again = caller.AssignTerritories(pb.AssignTerritoriesRequest(items=items[:1]))
    assert again.results[0].outcome == requests_pb2.UNCHANGED


def test_new_records_that_name_nobody_go_where_they_belong(caller: Caller, colleague: Callable[..., Caller]) -> None:
    north = a_territory(caller, automatic="NEW_RECORDS")
    assert ACCOUNT.create(caller, region="north").owner_id == NORTH
    assert ACCOUNT.create(caller, region="south").owner_id == caller.whom.user_id
    mine = ACCOUNT.create(caller, region="north", owner_id=caller.whom.user_id)
    assert (mine.owner_id, mine.territory_id) == (caller.whom.user_id, "")
    clerk = colleague(grants={"contacts.account.*": "own"})
    assert ACCOUNT.create(clerk, region="north").territory_id == north.id
    moved = ACCOUNT.update(caller, mine.id, region="north", description="as before")
    assert moved.owner_id == caller.whom.user_id


def test_records_follow_their_change_unless_somebody_says_whose_they_are(caller: Caller) -> None:
    follow = {"automatic": "NEW_AND_CHANGED_RECORDS"}
    a_territory(caller, **follow)
    south = a_territory(caller, "South", assign_owner_id=SOUTH, **follow)
    account = ACCOUNT.create(caller, region="north")
    moved = ACCOUNT.update(caller, account.id, region="south")
    assert (moved.owner_id, moved.territory_id) == (SOUTH, south.id)
    kept = ACCOUNT.update(caller, account.id, region="north", owner_id=caller.whom.user_id)
    assert (kept.owner_id, kept.territory_id) == (caller.whom.user_id, "")
    assert ACCOUNT.update(caller, account.id, region="north").etag == kept.etag  # nothing changed
    row = transaction.database()["events"].find_one({"record_id": account.id, "revision": 2})
    assert row["subject"] == "account.updated"


def test_contacts_and_leads_have_territories_of_their_own(caller: Caller) -> None:
    rule = where("addresses.country_code", "CI")
    a_territory(caller, "Abidjan", noun="contact", filter=rule, automatic="NEW_RECORDS")
    a_territory(caller, "Small", noun="lead", filter=where("employee_count", 10, "lt"), automatic="NEW_RECORDS")
    assert CONTACT.create(caller, addresses=[{"country_code": "CI"}]).owner_id == NORTH
    assert CONTACT.create(caller).owner_id == caller.whom.user_id
    assert LEAD.create(caller, employee_count=3).owner_id == NORTH


def test_a_rule_looks_at_fields_of_the_tenants_own_even_those_that_the_writer_may_not_see(
    caller: Caller, colleague: Callable[..., Caller]
) -> None:
    define(caller, "tier", noun="account")
    define(caller, "margin", noun="account", type="INTEGER", read_roles=["manager"])
    gold = {"custom_fields": {"tier": "gold"}}
    rule = Filter(all=[where("custom_fields.tier", "gold")])
    north = a_territory(caller, filter=rule, automatic="NEW_AND_CHANGED_RECORDS")
    assert ACCOUNT.create(caller, **gold).territory_id == north.id
    assert ACCOUNT.create(caller, custom_fields={"tier": "iron"}).territory_id == ""
    hidden = where("custom_fields.margin", 40, "lt")
    poor = a_territory(caller, "Poor", filter=hidden, automatic="NEW_RECORDS", priority=9, assign_owner_id=SOUTH)
    rich = ACCOUNT.create(caller, custom_fields={"margin": 80})
    clerk = colleague(grants={"contacts.*.*": "all"}, roles=("sales_rep",))
    assert (ACCOUNT.create(clerk, **gold).territory_id, rich.territory_id) == (north.id, "")
    assert ACCOUNT.create(caller, custom_fields={"margin": 20}).territory_id == poor.id
    assert list(violations(a_territory, clerk, filter=hidden)) == ["territory.filter.field"]


def test_a_rule_whose_field_is_taken_away_takes_nothing_more_and_says_so(caller: Caller) -> None:
    field = define(caller, "tier", noun="account")
    rule = where("custom_fields.tier", "gold")
    a_territory(caller, filter=rule, automatic="NEW_RECORDS")
    caller.DeprecateFieldDefinition(of_definition(field))
    caller.DeleteFieldDefinition(of_definition(field))
    account = ACCOUNT.create(caller)
    assert account.territory_id == ""
    (step,) = caller.ExplainTerritory(pb.ExplainTerritoryRequest(record_id=account.id)).steps
    assert not step.fits
    assert "territory.filter.field" in step.fault


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"filter": where("nothing", "x")}, "territory.filter.field"),
        ({"assign_owner_id": ""}, "territory.assign_owner_id"),
        ({"noun": "opportunity"}, "territory.noun"),
        ({"members": [{"user_id": NORTH}]}, "territory.members[0].since_date"),
        (
            {"members": [{"user_id": NORTH, "since_date": "2026-01-02", "until_date": "2026-01-02"}]},
            "territory.members[0].until_date",
        ),
        (
            {
                "members": [
                    {"user_id": NORTH, "since_date": "2026-01-02"},
                    {"user_id": NORTH, "since_date": "2025-01-02"},
                ]
            },
            "territory.members[1].user_id",
        ),
    ],
)
def test_a_territory_that_does_not_fit_is_refused_by_place(caller: Caller, fields: Any, field: str) -> None:
    assert list(violations(a_territory, caller, **fields)) == [field]


def test_who_worked_there_is_known_for_good(caller: Caller) -> None:
    members = [{"user_id": NORTH, "since_date": "2024-01-01", "until_date": "2025-01-01"}]
    members.append({"user_id": SOUTH, "since_date": "2025-01-01", "role": "lead"})
    territory = a_territory(caller, members=members)

    def on(day: str) -> list[str]:
        asked = pb.ListTerritoryMembersRequest(id=territory.id, on_date=day)
        return [each.user_id for each in caller.ListTerritoryMembers(asked).members]

    assert [on("2024-12-31"), on("2025-01-01"), on(""), on("2023-01-01")] == [[NORTH], [SOUTH], [SOUTH], []]
    ended = [members[0], members[1] | {"until_date": today()}, {"user_id": NORTH, "since_date": today()}]
    change(caller, territory.id, members=ended)
    assert [on(YESTERDAY), on(today()), on(TOMORROW)] == [[SOUTH], [NORTH], [NORTH]]
    for rewritten in (ended[1:], [members[0] | {"until_date": "2024-06-01"}, *ended[1:]], []):
        assert list(violations(change, caller, territory.id, members=rewritten)) == ["territory.members"]
    mine = Filter(field="members.user_id", op="eq", value={"string_value": NORTH})
    assert [each.id for each in caller.ListTerritories(ListRequest(filter=mine)).territories] == [territory.id]


def test_a_deleted_territory_takes_nothing_more_and_its_records_stay(caller: Caller) -> None:
    territory = a_territory(caller, automatic="NEW_RECORDS")
    account = ACCOUNT.create(caller, region="north")
    caller.DeleteTerritory(DeleteRequest(id=territory.id))
    assert caller.GetAccount(GetRequest(id=account.id)).owner_id == NORTH
    assert ACCOUNT.create(caller, region="north").owner_id == caller.whom.user_id
