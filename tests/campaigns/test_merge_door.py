"""Merged contacts in the audience: what they need, said and were asked for is the survivor's until they are parted."""

from typing import Any

import pytest
from crm.campaigns.v1 import consent_pb2
from crm.contacts.v1 import contact_pb2
from crm.contacts.v1 import events_pb2 as contacts

from chassis import merging, new_id, now, transaction
from services.campaigns.joined import OF_CONTACTS
from services.campaigns.reactions import OF_ACCOUNTS
from tests.builders.campaigns import where
from tests.campaigns.conftest import Marketing
from tests.plans import demand_indexed

KEPT = ("audience_members", "consents", "consent_states", "known_findings")


def told(contact: contact_pb2.Contact, revision: int) -> contact_pb2.Contact:
    """The contact as it is told of with a merge."""
    again = contact_pb2.Contact()
    again.CopyFrom(contact)
    again.etag = str(revision)
    return again


def merge(marketing: Marketing, id: str, one: contact_pb2.Contact, two: contact_pb2.Contact) -> None:
    event = contacts.ContactsMerged(merge_id=id, contact=told(one, 2), merged=[told(two, 2)])
    marketing.hear(event, one.id, revision=2)


def unmerge(marketing: Marketing, id: str, one: contact_pb2.Contact, two: contact_pb2.Contact) -> None:
    event = contacts.ContactsUnmerged(merge_id=id, contact=told(one, 3), restored=[told(two, 3)])
    marketing.hear(event, one.id, revision=3)


def everything(marketing: Marketing) -> dict[str, Any]:
    """What is stored of the audience, without what says how often it changed; nothing is the same as not there."""
    database, mine = transaction.database(), {"tenant_id": marketing.caller.whom.tenant_id}
    rows = {f"{name}/{row['_id']}": row for name in KEPT for row in database[name].find(mine)}
    stamps = ("revision", "update_time")
    return {id: {key: each for key, each in row.items() if each and key not in stamps} for id, row in rows.items()}


def verdict(marketing: Marketing, **asked: Any) -> str:
    request = consent_pb2.CheckConsentsRequest(topic="news", **asked)
    return consent_pb2.CheckConsentsResponse.Reason.Name(marketing.caller.CheckConsents(request).reason)


def test_what_the_merged_need_is_the_survivors(marketing: Marketing) -> None:
    wants = marketing.segment(where(field="needed_categories", op="eq", value="garden_furniture"))
    one, two = marketing.meet(), marketing.meet()
    need = {"id": new_id("need"), "contact_id": two.id, "category": "garden_furniture"}
    likes = {"id": new_id("pref"), "contact_id": two.id, "key": "colour", "value": "red"}
    marketing.hear(contacts.NeedCreated(need=need), need["id"])
    marketing.hear(contacts.PreferenceCreated(preference=likes), likes["id"])
    before, id = everything(marketing), new_id("mrg")
    merge(marketing, id, one, two)
    assert marketing.members(wants) == {one.id}
    late = {"id": new_id("need"), "contact_id": two.id, "category": "roses"}
    marketing.hear(contacts.NeedCreated(need=late), late["id"])  # told before contacts knew of the merge
    [row] = transaction.database()["audience_members"].find({"_id": one.id})
    assert (row["needed_categories"], row["preferences"]) == (["garden_furniture", "roses"], ["colour=red"])
    marketing.hear(contacts.NeedDeleted(need=late | {"deleted_time": now()}), late["id"], revision=2)
    transaction.database()["known_findings"].delete_one({"_id": late["id"]})
    unmerge(marketing, id, one, two)
    assert marketing.members(wants) == {two.id}
    assert everything(marketing) == before


def test_what_was_said_of_an_address_holds_and_of_the_post_follows(marketing: Marketing) -> None:
    one, two = marketing.meet(consents=False), marketing.meet(consents=False)
    marketing.consent(contact_id=two.id, state="OPTED_OUT")
    marketing.consent(channel="POST", contact_id=one.id)
    marketing.consent(channel="POST", contact_id=two.id, state="OPTED_OUT")
    before, id = everything(marketing), new_id("mrg")
    merge(marketing, id, one, two)
    address = two.emails[0].address
    assert verdict(marketing, address=address) == "OPTED_OUT"
    assert verdict(marketing, contact_id=one.id) == "NOT_ASKED"  # the survivor's own address
    assert verdict(marketing, contact_id=one.id, channel="POST") == "OPTED_OUT"  # the later word
    other = told(one, 4)
    other.emails[0].address = address
    unmerge(marketing, id, one, two)
    assert everything(marketing) == before
    merge(marketing, new_id("mrg"), other, two)
    marketing.hear(contacts.ContactUpdated(contact=other), one.id, revision=5)
    assert verdict(marketing, contact_id=one.id) == "OPTED_OUT"


@pytest.mark.parametrize("again", [False, True], ids=["late", "once more"])
def test_what_is_told_late_goes_back_when_they_are_parted(marketing: Marketing, again: bool) -> None:
    rose, vale, kin = ({"id": new_id("acc"), "name": name, "industry": name} for name in ("Rose", "Vale", "Kin"))
    for account in (rose, vale, kin):
        marketing.hear(contacts.AccountCreated(account=account), account["id"])
    one, ben = marketing.meet(), marketing.meet()
    two = marketing.meet()
    ben.account_id = vale["id"]
    need = {"id": new_id("need"), "contact_id": two.id, "category": "roses"}

    def tell(revision: int) -> None:
        marketing.hear(contacts.ContactUpdated(contact=ben), ben.id, revision=revision)
        marketing.hear(contacts.NeedCreated(need=need), need["id"], revision=revision)

    tell(2)
    before, merges = everything(marketing), [new_id("mrg") for _ in range(3)]
    if not again:  # as if it had never been heard of
        transaction.database()["known_findings"].delete_one({"_id": need["id"]})
        ben.account_id = ""
        marketing.hear(contacts.ContactUpdated(contact=ben), ben.id, revision=3)
        ben.account_id = vale["id"]
    houses = ((merges[0], rose, vale), (merges[1], kin, rose))
    for id, survivor, merged in houses:
        marketing.hear(
            contacts.AccountsMerged(merge_id=id, account=survivor, merged=[merged]), survivor["id"], revision=2
        )
    merge(marketing, merges[2], one, two)
    tell(4)
    now_kept = everything(marketing)
    row = now_kept[f"audience_members/{ben.id}"]
    assert [row[name] for name in ("account_id", "account_name", "industry")] == [kin["id"], "Kin", "Kin"]
    assert now_kept[f"known_findings/{need['id']}"]["contact_id"] == one.id
    unmerge(marketing, merges[2], one, two)
    for id, survivor, merged in reversed(houses):
        event = contacts.AccountsUnmerged(merge_id=id, account=survivor, restored=[merged | {"etag": "3"}])
        marketing.hear(event, survivor["id"], revision=3)
    assert everything(marketing) == before


@pytest.mark.parametrize("reference", OF_CONTACTS + OF_ACCOUNTS, ids=lambda each: f"{each.collection}.{each.path}")
def test_what_names_a_customer_is_found_by_an_index(marketing: Marketing, reference: merging.Reference) -> None:
    demand_indexed(reference)
