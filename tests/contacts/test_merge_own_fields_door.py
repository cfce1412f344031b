"""Merging what a tenant adds to records: its own fields key by key, values that no two may share, and lists."""

from typing import Any

import pytest

from chassis import acting_as, new_id, transaction
from chassis.fields import following
from chassis.testing import Caller
from services.contacts import referring
from services.contacts.removal import mine
from tests.builders.fields import define
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD, Case, every_noun
from tests.contacts.customs import asked, changed, fields_of, made, where
from tests.contacts.test_duplicate_door import details_of
from tests.contacts.test_merge_door import events, everything, get, merge, unmerge
from tests.contacts.test_objects_door import a_record, an_object
from tests.contacts.test_views_door import a_list, on

UNIQUE = {"unique": True}
INDEXED = {"filters": True, "words": True}


@every_noun
def test_own_fields_are_joined_key_by_key_and_go_back(caller: Caller, case: Case) -> None:
    noun = case.field
    define(caller, "tier", noun, index=INDEXED)
    define(caller, "branch", noun, index=INDEXED)
    define(caller, "seats", noun, type="INTEGER")
    define(caller, "twice", noun, type="INTEGER", formula="seats * 2")
    options = [{"value": value} for value in "abc"]
    define(caller, "wishes", noun, type="MULTI_SELECT", options=options)
    one = case.create(caller, custom_fields={"tier": "gold", "wishes": ["a"]})
    two = case.create(caller, custom_fields={"tier": "silver", "branch": "Bonn", "wishes": ["b", "a"]})
    three = case.create(caller, custom_fields={"branch": "Köln", "seats": 4})
    before = everything(caller)
    done = merge(caller, case, one.id, two.id, three.id)
    assert fields_of(get(caller, case, one.id)) == {
        "tier": "gold", "branch": "Bonn", "seats": 4, "twice": 8, "wishes": ["a", "b"],
    }  # fmt: skip
    won = {each.field: each.record_id for each in done.winners}
    assert won == {"custom_fields.branch": two.id, "custom_fields.seats": three.id}
    assert list(unmerge(caller, case, one.id).conflicts) == []
    assert everything(caller) == before


def test_a_caller_chooses_whose_own_field_wins(caller: Caller) -> None:
    define(caller, "tier")
    define(caller, "branch")
    one, two = made(caller, tier="gold", branch="Bonn"), made(caller, tier="silver", branch="Köln")
    merge(caller, CONTACT, one.id, two.id, **{"custom_fields.tier": two.id})
    assert fields_of(get(caller, CONTACT, one.id)) == {"tier": "silver", "branch": "Bonn"}


def test_a_later_change_of_one_key_stays_and_is_told_and_the_others_go_back(caller: Caller) -> None:
    for key in ("tier", "branch", "notes"):
        define(caller, key)
    one, two = made(caller, tier="gold"), made(caller, branch="Bonn", notes="old")
    merge(caller, CONTACT, one.id, two.id)
    changed(caller, one.id, branch="Paris", tier="platinum")
    parted = unmerge(caller, CONTACT, one.id)
    assert [(each.record_id, each.field) for each in parted.conflicts] == [(one.id, "custom_fields.branch")]
    assert fields_of(get(caller, CONTACT, one.id)) == {"tier": "platinum", "branch": "Paris"}
    assert fields_of(get(caller, CONTACT, two.id)) == {"branch": "Bonn", "notes": "old"}


@every_noun
def test_a_unique_value_goes_over_and_back(caller: Caller, case: Case) -> None:
    define(caller, "badge", case.field, index=UNIQUE)
    one, two = case.create(caller), case.create(caller, custom_fields={"badge": "7"})
    before = everything(caller)
    merge(caller, case, one.id, two.id)
    assert fields_of(get(caller, case, one.id)) == {"badge": "7"}
    unmerge(caller, case, one.id)
    assert everything(caller) == before
    said = details_of(case.create, caller, custom_fields={"badge": "7"})
    assert said["reason"] == "ALREADY_EXISTS"


def test_a_unique_value_that_another_took_meanwhile_stays_there_and_is_told(caller: Caller) -> None:
    define(caller, "badge", index=UNIQUE)
    one, two = made(caller, badge="1"), made(caller, badge="2")
    merge(caller, CONTACT, one.id, two.id, **{"custom_fields.badge": two.id})
    other = made(caller, badge="1")
    parted = unmerge(caller, CONTACT, one.id)
    assert [(each.record_id, each.field) for each in parted.conflicts] == [(one.id, "custom_fields.badge")]
    assert fields_of(get(caller, CONTACT, one.id)) == {}
    assert fields_of(get(caller, CONTACT, two.id)) == {"badge": "2"}
    merge(caller, CONTACT, one.id, two.id)
    changed(caller, one.id, badge="3")
    late = made(caller, badge="2")
    parted = unmerge(caller, CONTACT, one.id)
    assert {(each.record_id, each.field) for each in parted.conflicts} == {
        (one.id, "custom_fields.badge"), (two.id, "custom_fields.badge"),
    }  # fmt: skip
    kept = {each.id: fields_of(get(caller, CONTACT, each.id)) for each in (one, two, other, late)}
    assert kept == {one.id: {"badge": "3"}, two.id: {}, other.id: {"badge": "1"}, late.id: {"badge": "2"}}


def test_what_not_everybody_may_know_is_joined_and_told_to_nobody(secret: Any, caller: Caller, rep: Caller) -> None:
    one = made(caller, tier="silver")
    assert list(
        details_of(merge, rep, CONTACT, one.id, secret.id, **{"custom_fields.margin": secret.id})["violations"]
    ) == ["winners.custom_fields.margin"]
    done = merge(rep, CONTACT, one.id, secret.id)
    assert list(done.winners) == []
    assert fields_of(get(caller, CONTACT, one.id)) == {"tier": "silver", "margin": 40, "worth": 80}
    changed(caller, one.id, margin=41)
    assert [each.field for each in unmerge(rep, CONTACT, one.id).conflicts] == ["custom_fields"]


@pytest.mark.parametrize("listed", [(), ("one",), ("two",), ("one", "two")])
def test_the_survivor_stands_on_the_lists_of_all_until_they_are_parted(caller: Caller, listed: tuple[str, ...]) -> None:
    cast = {name: CONTACT.create(caller) for name in ("one", "two")}
    guests, friends = a_list(caller, noun="contact", name="Guests"), a_list(caller, noun="contact", name="Friends")
    for name in listed:
        caller.AddListMembers(on(guests, cast[name].id))
    caller.AddListMembers(on(friends, cast["two"].id))
    before = everything(caller)
    one, two = cast["one"].id, cast["two"].id
    merge(caller, CONTACT, one, two)
    assert caller.RemoveListMembers(on(friends, one)).changed_count == 1
    assert caller.AddListMembers(on(friends, one)).changed_count == 1
    assert caller.AddListMembers(on(guests, one)).changed_count == (0 if listed else 1)
    if "one" not in listed and "two" not in listed:
        caller.RemoveListMembers(on(guests, one))
    unmerge(caller, CONTACT, one)
    assert everything(caller) == before


def test_a_list_that_the_survivor_came_on_later_keeps_it(caller: Caller) -> None:
    one, two = CONTACT.create(caller), CONTACT.create(caller)
    guests, late = a_list(caller, noun="contact", name="Guests"), a_list(caller, noun="contact", name="Late")
    caller.AddListMembers(on(guests, two.id))
    merge(caller, CONTACT, one.id, two.id)
    caller.AddListMembers(on(late, one.id))
    unmerge(caller, CONTACT, one.id)
    kept = everything(caller)
    assert (kept[one.id]["list_ids"], kept[two.id]["list_ids"]) == ([late.id], [guests.id])
    assert events(caller, "ContactsUnmerged")


@every_noun
@pytest.mark.parametrize("index", [{}, {"filters": True}, {"unique": True}], ids=["plain", "filtered", "unique"])
def test_own_fields_that_refer_to_the_merged_follow_and_go_back(caller: Caller, case: Case, index: Any) -> None:
    noun = case.field
    for of in ("contact", "account", "lead"):
        define(caller, "friend", of, type="REFERENCE", refers_to=noun, index=index)
    an_object(caller)
    define(caller, "friend", "objects.machine", type="REFERENCE", refers_to=noun, index=index)
    one, two, three = case.create(caller), case.create(caller), case.create(caller)
    friends = {"friend": two.id}
    naming = [every.create(caller, custom_fields=friends) for every in (CONTACT, ACCOUNT, LEAD)]
    machine = a_record(caller, custom_fields=friends)
    case.create(caller, custom_fields={"friend": three.id})
    before = everything(caller)
    done = merge(caller, case, one.id, two.id)
    after = everything(caller)
    assert {after[each.id]["custom_fields"]["friend"] for each in (*naming, machine)} == {one.id}
    assert sum(each.count for each in done.moves) == 4
    if index.get("filters"):
        found = CONTACT.ids(caller, asked(**where("friend", "eq", one.id)))
        assert found == [naming[0].id]
    assert list(unmerge(caller, case, one.id).conflicts) == []
    assert everything(caller) == before


def test_what_refers_to_the_merged_is_found_among_many(caller: Caller) -> None:
    define(caller, "friend", type="REFERENCE", refers_to="contact")
    friend = made(caller)
    naming, rows = made(caller, friend=friend.id), transaction.database()["contacts"]
    others = ({"_id": new_id("con"), "tenant_id": caller.whom.tenant_id, "revision": 1} for _ in range(300))
    rows.insert_many(list(others))
    with acting_as(caller.whom):
        [reference] = following.own_references("contacts")
        merged, erased = reference.naming([friend.id]), mine(referring.known([friend.id])["contacts"])
    for query in (merged, erased):
        assert [row["_id"] for row in rows.find(query)] == [naming.id]
        assert rows.find(query).explain()["executionStats"]["totalDocsExamined"] == 1


def test_of_what_no_two_may_share_one_record_has_the_survivor(caller: Caller) -> None:
    define(caller, "friend", type="REFERENCE", refers_to="account", index=UNIQUE)
    one, two = ACCOUNT.create(caller), ACCOUNT.create(caller)
    ada, ben = made(caller, friend=one.id), made(caller, friend=two.id)
    merge(caller, ACCOUNT, one.id, two.id)
    assert [fields_of(get(caller, CONTACT, each.id)) for each in (ada, ben)] == [{"friend": one.id}, {"friend": two.id}]
    assert list(unmerge(caller, ACCOUNT, one.id).conflicts) == []


def test_what_refers_to_somebody_else_since_stays_and_is_told(caller: Caller) -> None:
    define(caller, "friend", type="REFERENCE", refers_to="account")
    define(caller, "tier")
    one, two, other = (ACCOUNT.create(caller) for _ in range(3))
    ada, ben = made(caller, friend=two.id), made(caller, friend=two.id)
    merge(caller, ACCOUNT, one.id, two.id)
    changed(caller, ada.id, friend=other.id)
    changed(caller, ben.id, tier="gold")
    parted = unmerge(caller, ACCOUNT, one.id)
    assert [(each.record_id, each.field) for each in parted.conflicts] == [(ada.id, "custom_fields.friend")]
    assert fields_of(get(caller, CONTACT, ada.id)) == {"friend": other.id}
    assert fields_of(get(caller, CONTACT, ben.id)) == {"friend": two.id, "tier": "gold"}


def test_who_comes_back_refers_to_the_survivor_until_that_is_parted(caller: Caller) -> None:
    define(caller, "friend", type="REFERENCE", refers_to="account", index={"filters": True})
    rose, double = ACCOUNT.create(caller), ACCOUNT.create(caller)
    one, two = made(caller, friend=ACCOUNT.create(caller).id), made(caller, friend=double.id)
    before = everything(caller)
    merge(caller, CONTACT, one.id, two.id)
    merge(caller, ACCOUNT, rose.id, double.id)
    unmerge(caller, CONTACT, one.id)
    assert fields_of(get(caller, CONTACT, two.id)) == {"friend": rose.id}
    unmerge(caller, ACCOUNT, rose.id)
    assert everything(caller) == before
