"""Merged customers in support: what they have and are entitled to is the survivor's until they are parted."""

from typing import Any

import pytest
from crm.contacts.v1 import events_pb2 as contacts
from crm.support.v1 import ticket_pb2

from chassis import merging, new_id, transaction
from chassis.testing import Caller
from services.support.reactions import OF_ACCOUNTS, OF_CONTACTS
from tests.builders.fields import define
from tests.plans import demand_indexed
from tests.support.conftest import opened
from tests.support.hearing import hear
from tests.support.test_entitlement_door import a_contract, ada, an_asset, nursery

KEPT = ("tickets", "known_contacts", "known_assets", "known_service_contracts")


def everything(caller: Caller) -> dict[str, Any]:
    """What is stored of the tenant, without what says how often and when it changed."""
    rows = [row for name in KEPT for row in transaction.database()[name].find({"tenant_id": caller.whom.tenant_id})]
    stamps = ("revision", "update_time")
    return {row["_id"]: {key: each for key, each in row.items() if each and key not in stamps} for row in rows}


def test_what_the_merged_are_entitled_to_is_the_survivors(caller: Caller) -> None:
    survivor, above = new_id("con"), new_id("acc")
    mower = an_asset(caller, account_id=nursery(caller))
    service = a_contract(caller, account_id=nursery(caller))
    opened(caller, requester_id=ada(caller), account_id=nursery(caller))
    before, merges = everything(caller), (new_id("mrg"), new_id("mrg"))
    people = contacts.ContactsMerged(
        merge_id=merges[0], contact={"id": survivor}, merged=[{"id": ada(caller), "etag": "2"}]
    )
    houses = contacts.AccountsMerged(merge_id=merges[1], account={"id": above}, merged=[{"id": nursery(caller)}])
    hear(caller, people, survivor)
    hear(caller, houses, above)
    for whom in ({"requester_id": survivor}, {"requester_id": new_id("con"), "account_id": above}):
        assert opened(caller, **whom).entitlement.contract_id == service
    kept = everything(caller)
    assert (kept[mower]["contact_id"], kept[mower]["account_id"]) == (survivor, above)
    late = a_contract(caller, account_id=nursery(caller))  # told before contacts knew of the merges
    known = everything(caller)[late]
    assert (known["contact_id"], known["account_id"]) == (survivor, above)
    hear(caller, contacts.ContactsUnmerged(merge_id=merges[0], contact={"id": survivor}), survivor, 2)
    hear(caller, contacts.AccountsUnmerged(merge_id=merges[1], account={"id": above}), above, 2)
    after = everything(caller)
    assert {id: after[id] for id in before} == before
    assert (after[late]["contact_id"], after[late]["account_id"]) == (ada(caller), nursery(caller))
    assert opened(caller, requester_id=new_id("con"), account_id=nursery(caller)).entitlement.ground == (
        ticket_pb2.Ticket.Claim.CONTRACT
    )


def test_a_tickets_own_field_that_refers_to_the_merged_follows_and_goes_back(caller: Caller) -> None:
    # Of another service, whatever services have run in this process.
    define(caller, "introducer", "ticket", type="REFERENCE", refers_to="customer", index={"filters": True})
    survivor, id = new_id("con"), new_id("mrg")
    ticket = opened(caller, custom_fields={"introducer": ada(caller)})
    before = everything(caller)
    merged = [{"id": ada(caller), "etag": "2"}]
    hear(caller, contacts.ContactsMerged(merge_id=id, contact={"id": survivor}, merged=merged), survivor)
    row = everything(caller)[ticket.id]
    assert (row["custom_fields"], row["custom_index"]) == (
        {"introducer": survivor},
        [{"k": "introducer", "v": survivor}],
    )
    hear(caller, contacts.ContactsUnmerged(merge_id=id, contact={"id": survivor}), survivor, 2)
    assert {id: row for id, row in everything(caller).items() if id in before} == before


@pytest.mark.parametrize("reference", OF_CONTACTS + OF_ACCOUNTS, ids=lambda each: f"{each.collection}.{each.path}")
def test_what_names_a_customer_is_found_by_an_index(door: Any, reference: merging.Reference) -> None:
    demand_indexed(reference)
