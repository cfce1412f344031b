"""The installed base: what customers have and what they are entitled to, held together, until a day that is told once."""

from typing import Any

import pytest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import asset_pb2, service_contract_pb2

from chassis import new_id, today, transaction
from chassis.testing import Caller
from services.contacts import expiry
from services.contacts.installed import DEEPEST
from tests.contacts.cases import ACCOUNT, CONTACT
from tests.refused import refusal, violations

GOLD = {"key": "phone", "response_minutes": 60, "solution_minutes": 480}


def an_asset(caller: Caller, **fields: Any) -> asset_pb2.Asset:
    return caller.CreateAsset(asset_pb2.CreateAssetRequest(asset={"name": "Mower"} | fields))


def a_contract(caller: Caller, **fields: Any) -> service_contract_pb2.ServiceContract:
    given = {"name": "Gold", "start_date": "2026-01-01", "entitlements": [GOLD]} | fields
    return caller.CreateServiceContract(service_contract_pb2.CreateServiceContractRequest(service_contract=given))


def announced(id: str) -> list[str]:
    rows = transaction.database().events.find({"record_id": id}).sort([("revision", 1), ("ordinal", 1)])
    return [row["type"].rpartition(".")[2] for row in rows]


def test_a_contract_says_what_it_grants_for_which_assets(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    mower = an_asset(
        caller, account_id=account.id, serial_number="M-1", install_date="2026-01-01", warranty_until="2099-12-31"
    )
    blade = an_asset(caller, account_id=account.id, name="Blade", parent_id=mower.id)
    made = a_contract(caller, account_id=account.id, asset_ids=[mower.id, blade.id, mower.id], end_date="2099-12-31")
    assert list(made.asset_ids) == [mower.id, blade.id]
    assert (made.entitlements[0].key, made.entitlements[0].response_minutes) == ("phone", 60)
    assert not made.expired
    assert caller.GetServiceContract(GetRequest(id=made.id)) == made
    assert caller.GetAsset(GetRequest(id=mower.id)) == mower
    assert (announced(mower.id), announced(made.id)) == (["AssetCreated"], ["ServiceContractCreated"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"contact_id": ""}, "asset.contact_id"),
        ({"name": ""}, "asset.name"),
        ({"install_date": "2026-02-01", "warranty_until": "2026-01-31"}, "asset.warranty_until"),
        ({"warranty_until": "soon"}, "asset.warranty_until"),
        ({"parent_id": new_id("ast")}, "asset.parent_id"),
        ({"product_id": "lamp"}, "asset.product_id"),
    ],
)
def test_an_asset_that_does_not_fit_is_refused_by_name(caller: Caller, fields: dict[str, Any], field: str) -> None:
    given = {"contact_id": CONTACT.create(caller).id} | fields
    assert list(violations(an_asset, caller, **given)) == [field]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"contact_id": ""}, "service_contract.contact_id"),
        ({"start_date": ""}, "service_contract.start_date"),
        ({"end_date": "2025-12-31"}, "service_contract.end_date"),
        ({"entitlements": [GOLD, GOLD]}, "service_contract.entitlements[1].key"),
        ({"entitlements": [{"key": "phone", "response_minutes": -1}]}, "service_contract.entitlements[0].response_minutes"),
        ({"asset_ids": [new_id("ast")]}, "service_contract.asset_ids[0]"),
    ],
)  # fmt: skip
def test_a_contract_that_does_not_fit_is_refused_by_name(caller: Caller, fields: dict[str, Any], field: str) -> None:
    given = {"contact_id": CONTACT.create(caller).id} | fields
    assert list(violations(a_contract, caller, **given)) == [field]


def test_what_belongs_together_belongs_to_one_customer(caller: Caller) -> None:
    ada, bo = CONTACT.create(caller), CONTACT.create(caller)
    mower = an_asset(caller, contact_id=ada.id)
    assert list(violations(an_asset, caller, contact_id=bo.id, parent_id=mower.id)) == ["asset.parent_id"]
    hers, own = an_asset(caller, contact_id=bo.id), {"contact_id": bo.id}
    assert list(violations(a_contract, caller, **own, asset_ids=[hers.id, mower.id])) == [
        "service_contract.asset_ids[1]"
    ]


def test_an_asset_has_parts_to_a_depth(caller: Caller) -> None:
    ada, parent = CONTACT.create(caller).id, ""
    for _ in range(DEEPEST):
        parent = an_asset(caller, contact_id=ada, parent_id=parent).id
    assert list(violations(an_asset, caller, contact_id=ada, parent_id=parent)) == ["asset.parent_id"]


def test_a_contract_may_keep_an_asset_that_was_deleted_since(caller: Caller) -> None:
    ada = CONTACT.create(caller)
    mower = an_asset(caller, contact_id=ada.id)
    made = a_contract(caller, contact_id=ada.id, asset_ids=[mower.id])
    caller.DeleteAsset(DeleteRequest(id=mower.id))
    asked = service_contract_pb2.UpdateServiceContractRequest(
        service_contract={"id": made.id, "name": "Silver"}, update_mask={"paths": ["name"]}
    )
    changed = caller.UpdateServiceContract(asked)
    assert (changed.name, list(changed.asset_ids)) == ("Silver", [mower.id])


@pytest.mark.parametrize("kind", ["asset", "contract"])
def test_that_the_last_day_has_passed_is_told_once(caller: Caller, kind: str) -> None:
    ada = CONTACT.create(caller)
    if kind == "asset":
        made, rows = an_asset(caller, contact_id=ada.id, warranty_until=today()), transaction.database().assets
        past = {"warranty_until": "2026-01-31"}
    else:
        made, rows = a_contract(caller, contact_id=ada.id, end_date=today()), transaction.database().service_contracts
        past = {"end_date": "2026-01-31"}
    rows.update_one({"_id": made.id}, {"$set": past})  # as if the day had passed
    for _ in range(2):
        for item in [each for each in expiry.due() if each[2] == made.id]:
            expiry.lapse(item)
    noun = "Asset" if kind == "asset" else "ServiceContract"
    assert announced(made.id) == [f"{noun}Created", f"{noun}Expired"]


def test_who_may_not_change_the_customer_may_not_change_what_it_has(caller: Caller, colleague: Any) -> None:
    own = dict.fromkeys(("contacts.contact.*", "contacts.asset.*", "contacts.service_contract.*"), "own")
    rep = colleague(grants={**own, "contacts.contact.read": "all"})
    theirs = CONTACT.create(caller)
    an_asset(rep, contact_id=CONTACT.create(rep).id)
    for make in (an_asset, a_contract):
        assert refusal(make, rep, contact_id=theirs.id) == "FORBIDDEN"
