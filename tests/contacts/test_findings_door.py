"""Needs and preferences: rows with their provenance, seen with their customer, until their last day has passed."""

from typing import Any

import pytest
from crm.common.v1 import listing_pb2
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import need_pb2, preference_pb2

from chassis import new_id, today, transaction
from chassis.testing import Caller
from services.contacts import expiry
from tests.contacts.cases import ACCOUNT, CONTACT
from tests.refused import refusal, violations


def a_need(caller: Caller, **fields: Any) -> need_pb2.Need:
    return caller.CreateNeed(need_pb2.CreateNeedRequest(need={"category": "garden_furniture"} | fields))


def a_preference(caller: Caller, **fields: Any) -> preference_pb2.Preference:
    given = {"key": "colour", "value": "red"} | fields
    return caller.CreatePreference(preference_pb2.CreatePreferenceRequest(preference=given))


def changed(caller: Caller, id: str, **fields: Any) -> need_pb2.Need:
    asked = need_pb2.UpdateNeedRequest(need={"id": id} | fields, update_mask={"paths": list(fields)})
    return caller.UpdateNeed(asked)


def announced(id: str) -> list[str]:
    rows = transaction.database().events.find({"record_id": id}).sort([("revision", 1), ("ordinal", 1)])
    return [row["type"].rpartition(".")[2] for row in rows]


def test_a_need_says_how_much_when_and_how_we_know(caller: Caller) -> None:
    ada = CONTACT.create(caller)
    need = a_need(caller, contact_id=ada.id, source="call", confidence=60, strength="HIGH", horizon="LATER")
    assert caller.GetNeed(GetRequest(id=need.id)) == need
    assert (need.strength, need.horizon, need.confidence) == (need_pb2.Need.HIGH, need_pb2.Need.LATER, 60)
    plain = a_need(caller, contact_id=ada.id, confidence=0, product_id=new_id("prod"), category="")
    assert (plain.strength, plain.horizon, plain.source) == (need_pb2.Need.MEDIUM, need_pb2.Need.NOW, "api")
    assert (plain.confidence, a_preference(caller, contact_id=ada.id).confidence) == (0, 100)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "need.contact_id"),
        ({"contact_id": new_id("con")}, "need.contact_id"),
        ({"account_id": "", "contact_id": "SOMEBODY", "category": ""}, "need.category"),
        ({"contact_id": "SOMEBODY", "confidence": 101}, "need.confidence"),
        ({"contact_id": "SOMEBODY", "valid_until": "tomorrow"}, "need.valid_until"),
        ({"contact_id": "SOMEBODY", "category": "Garden Furniture"}, "need.category"),
    ],
)
def test_what_does_not_fit_is_named(caller: Caller, fields: dict[str, Any], field: str) -> None:
    if fields.get("contact_id") == "SOMEBODY":
        fields = fields | {"contact_id": CONTACT.create(caller).id}
    assert list(violations(a_need, caller, **fields)) == [field]


def test_who_may_change_the_customer_may_change_what_is_known_of_it(caller: Caller, colleague: Any) -> None:
    own = dict.fromkeys(("contacts.contact.*", "contacts.need.*"), "own")
    rep = colleague(grants={**own, "contacts.contact.read": "all"})
    mine, theirs = CONTACT.create(rep), CONTACT.create(caller)
    kept, hers = a_need(rep, contact_id=mine.id), a_need(caller, contact_id=theirs.id)
    assert {each.id for each in rep.ListNeeds(listing_pb2.ListRequest()).needs} == {kept.id, hers.id}
    for write in (
        lambda: a_need(rep, contact_id=theirs.id),
        lambda: changed(rep, hers.id, description="no"),
        lambda: rep.DeleteNeed(DeleteRequest(id=hers.id)),
    ):
        assert refusal(write) == "FORBIDDEN"
    assert changed(rep, kept.id, description="two of them").description == "two of them"


def test_what_is_known_of_an_account_that_one_does_not_see_is_not_there(caller: Caller, colleague: Any) -> None:
    rep = colleague(grants=dict.fromkeys(("contacts.account.*", "contacts.preference.*"), "own"))
    hidden = a_preference(caller, account_id=ACCOUNT.create(caller).id)
    assert refusal(rep.GetPreference, GetRequest(id=hidden.id)) == "NOT_FOUND"


def test_what_holds_no_longer_expires_once_and_a_later_day_brings_it_back(caller: Caller) -> None:
    need = a_need(caller, contact_id=CONTACT.create(caller).id, valid_until=today())
    assert not need.expired
    mine = {"_id": need.id}
    transaction.database().needs.update_one(mine, {"$set": {"valid_until": "2026-01-31"}})  # as if the day had passed
    for _ in range(2):
        for item in [each for each in expiry.due() if each[2] == need.id]:
            expiry.lapse(item)
    assert caller.GetNeed(GetRequest(id=need.id)).expired
    assert announced(need.id) == ["NeedCreated", "NeedExpired"]
    assert not changed(caller, need.id, valid_until="2099-12-31").expired
    expiry.lapse((expiry.EXPIRING[0], caller.whom.tenant_id, need.id))
    assert announced(need.id) == ["NeedCreated", "NeedExpired", "NeedUpdated"]
