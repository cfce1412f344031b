"""Views and lists at the door: held to the fields of their noun, shared as their owner says, with members as one may see them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.contacts.v1 import events_pb2, list_pb2, record_pb2, view_pb2
from google.protobuf import json_format

from chassis import now, retention, transaction
from chassis.events import outbox
from chassis.indexes import RESTORABLE
from chassis.testing import Caller, somebody
from services.contacts.service import Contacts
from tests.builders.fields import define
from tests.contacts.cases import ACCOUNT, CONTACT, Case, every_noun
from tests.contacts.test_objects_door import a_record, an_object
from tests.refused import refusal, violations

ADAS = {"field": "given_name", "op": "eq", "value": "Ada"}


@pytest.fixture
def anybody(colleague: Callable[..., Caller]) -> Callable[..., Caller]:
    """Colleagues who keep their own views and lists."""
    return lambda **fields: colleague(**({"grants": OWN} | fields))


OWN = {f"contacts.{noun}.{action}": "all" for noun in ("contact", "account", "lead") for action in ("read", "write")} | {
    "contacts.view.*": "own", "contacts.list.*": "own",
}  # fmt: skip


def a_view(caller: Caller, **fields: Any) -> Any:
    given = {
        "noun": "contact",
        "name": "Adas",
        "filter": ADAS,
        "columns": ["given_name"],
        "sort": ["-create_time"],
    } | fields
    request = view_pb2.CreateViewRequest()
    json_format.ParseDict({"view": given}, request)
    return caller.CreateView(request)


def a_list(caller: Caller, **fields: Any) -> Any:
    request = list_pb2.CreateListRequest()
    json_format.ParseDict({"list": {"noun": "contact", "name": "Guests"} | fields}, request)
    return caller.CreateList(request)


def members(caller: Caller, id: str, **request: Any) -> list[str]:
    asked = json_format.ParseDict({"id": id, **request}, list_pb2.SearchListMembersRequest())
    page = caller.SearchListMembers(asked)
    return [each.id for each in (*page.contacts, *page.accounts, *page.leads)]


def on(list: Any, *ids: str) -> Any:
    return list_pb2.ListMembersRequest(id=list.id, member_ids=ids)


def names_of(caller: Caller) -> list[str]:
    return [each.name for each in caller.ListViews(listing_pb2.ListRequest()).views]


# ---------------------------------------------------------------- views


def test_what_was_deleted_goes_for_good_after_thirty_days_and_is_told(caller: Caller) -> None:
    an_object(caller)
    view, machine = a_view(caller), a_record(caller)
    guests = a_list(caller, noun="contact", name="Guests")
    caller.DeleteView(requests_pb2.DeleteRequest(id=view.id))
    caller.DeleteList(requests_pb2.DeleteRequest(id=guests.id))
    caller.DeleteRecord(record_pb2.RecordRequest(key="machine", id=machine.id))
    gone, mine = {view.id: "views", guests.id: "lists", machine.id: "records"}, {"tenant_id": caller.whom.tenant_id}
    for id, collection in gone.items():
        over = {"$set": {"deleted_time": now() - RESTORABLE - timedelta(minutes=1)}}
        transaction.database()[collection].update_one({"_id": id}, over)
    for item in [each for each in retention.due(Contacts.nouns) if each[1]["_id"] in gone]:
        retention.purge(item)
    assert not [id for id, collection in gone.items() if transaction.database()[collection].find_one({"_id": id})]
    told = transaction.database()["events"].find({**mine, "type": {"$regex": "Purged$"}})
    assert {row["record_id"]: row["subject"] for row in told} == {
        view.id: "view.purged", guests.id: "list.purged", machine.id: "record.purged",
    }  # fmt: skip


def test_a_view_keeps_what_it_was_given(caller: Caller) -> None:
    define(caller, "tier")
    view = a_view(caller, columns=["display_name", "custom_fields.tier"])
    assert caller.GetView(requests_pb2.GetRequest(id=view.id)) == view
    assert list(view.fields_used) == ["create_time", "custom_fields.tier", "display_name", "given_name"]
    assert view.owner_id == caller.whom.user_id
    assert json_format.MessageToDict(view.filter) == ADAS


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"columns": ["given_name", "custom_fields.rank"]}, "view.columns[1]"),
        ({"sort": ["-shoe_size"]}, "view.sort[0]"),
        ({"sort": ["emails.address"]}, "view.sort[0]"),
        ({"filter": {"all": [ADAS, {"field": "shoe_size", "op": "eq", "value": 5}]}}, "view.filter.all[1].field"),
        ({"filter": {"field": "birth_date", "op": "eq", "value": "soon"}}, "view.filter.value"),
        ({"noun": "ticket"}, "view.noun"),
        ({"noun": "objects.machine"}, "view.noun"),
    ],
)
def test_a_view_of_what_is_not_there_is_refused_by_its_place(
    caller: Caller, fields: dict[str, Any], place: str
) -> None:
    assert violations(lambda: a_view(caller, **fields)).keys() == {place}


def test_a_view_is_its_owners_until_it_is_shared(anybody: Callable[..., Caller], caller: Caller) -> None:
    owner, friend, other = anybody(), anybody(), anybody()
    a_view(owner, name="private")
    a_view(owner, name="for one", sharedWith={"userIds": [friend.whom.user_id]})
    team = "team_01m80nk41xeqr8nx3htck6pmz2"
    mate = anybody(team_ids=(team,))
    a_view(owner, name="for the team", sharedWith={"teamIds": [team]})
    a_view(owner, name="for all", sharedWith={"everyone": True})
    assert names_of(owner) == ["for all", "for the team", "for one", "private"]
    assert names_of(friend) == ["for all", "for one"]
    assert names_of(mate) == ["for all", "for the team"]
    assert names_of(other) == ["for all"]
    assert names_of(caller) == ["for all"]


def test_a_shared_view_is_changed_by_its_owner_or_who_keeps_what_all_see(
    anybody: Callable[..., Caller], caller: Caller
) -> None:
    owner, friend = anybody(), anybody()
    view = a_view(owner, sharedWith={"everyone": True})

    def renamed(whom: Caller, name: str) -> Any:
        return whom.UpdateView(
            view_pb2.UpdateViewRequest(view={"id": view.id, "name": name}, update_mask={"paths": ["name"]})
        )

    assert refusal(lambda: renamed(friend, "mine")) == "FORBIDDEN"
    assert refusal(lambda: friend.DeleteView(requests_pb2.DeleteRequest(id=view.id))) == "FORBIDDEN"
    assert renamed(owner, "ours").name == "ours"
    assert renamed(caller, "of the house").name == "of the house"


def test_a_view_by_a_hidden_field_is_seen_by_those_who_see_the_field(
    anybody: Callable[..., Caller], caller: Caller
) -> None:
    define(caller, "margin", type="INTEGER", read_roles=["manager"])
    rich = {
        "filter": {"not": {"field": "custom_fields.margin", "op": "gt", "value": 40}},
        "sharedWith": {"everyone": True},
    }
    view = a_view(caller, name="rich", **rich)
    rep, manager = anybody(roles=("sales_rep",)), anybody(roles=("manager",))
    assert (names_of(rep), names_of(manager)) == ([], ["rich"])
    assert refusal(lambda: rep.GetView(requests_pb2.GetRequest(id=view.id))) == "NOT_FOUND"
    assert violations(lambda: a_view(rep, **rich)).keys() == {"view.filter.not.field"}


def test_one_tenants_views_are_no_other_tenants(door: Any, caller: Caller) -> None:
    view = a_view(caller, sharedWith={"everyone": True})
    assert refusal(lambda: door(somebody()).GetView(requests_pb2.GetRequest(id=view.id))) == "NOT_FOUND"


# ---------------------------------------------------------------- lists


@every_noun
def test_records_are_put_on_a_list_and_taken_off(case: Case, caller: Caller) -> None:
    guests = a_list(caller, noun=case.field)
    one, two, three = (case.create(caller).id for _ in range(3))
    assert caller.AddListMembers(on(guests, one, two)).changed_count == 2
    assert caller.AddListMembers(on(guests, two, three)).changed_count == 1
    assert members(caller, guests.id) == [three, two, one]
    assert caller.RemoveListMembers(on(guests, two)).changed_count == 1
    assert caller.RemoveListMembers(on(guests, two)).changed_count == 0
    assert members(caller, guests.id, orderBy=["create_time"]) == [one, three]
    rows = transaction.database()[outbox.EVENTS].find({"record_id": guests.id, "subject": "list.members_changed"})
    told = [events_pb2.ListMembersChanged.FromString(row["body"]) for row in rows.sort("revision", 1)]
    assert [(list(each.added_ids), list(each.removed_ids)) for each in told] == [
        ([one, two], []),
        ([three], []),
        ([], [two]),
    ]


def test_a_member_that_changes_stays_on_its_lists_and_shows_nothing_of_them(caller: Caller) -> None:
    guests, ada = a_list(caller), CONTACT.create(caller)
    caller.AddListMembers(on(guests, ada.id))
    read = caller.GetContact(requests_pb2.GetRequest(id=ada.id))
    assert read == ada
    CONTACT.update(caller, ada.id, job_title="Gardener")
    assert members(caller, guests.id) == [ada.id]
    caller.DeleteContact(requests_pb2.DeleteRequest(id=ada.id))
    assert members(caller, guests.id) == []


def test_ids_that_the_keeper_of_a_list_may_not_see_are_refused_by_their_place(
    colleague: Callable[..., Caller], caller: Caller
) -> None:
    mine = colleague(grants={"contacts.contact.*": "own", "contacts.list.*": "own"})
    guests, own, foreign = a_list(mine), CONTACT.create(mine), CONTACT.create(caller)
    assert violations(lambda: mine.AddListMembers(on(guests, own.id, foreign.id))).keys() == {"member_ids[1]"}
    assert members(mine, guests.id) == []
    assert violations(lambda: mine.AddListMembers(on(guests, ACCOUNT.create(caller).id))).keys() == {"member_ids[0]"}


def test_a_shared_list_shows_each_the_members_that_they_may_see(
    colleague: Callable[..., Caller], caller: Caller
) -> None:
    guests = a_list(caller, sharedWith={"everyone": True})
    narrow = colleague(grants={"contacts.contact.*": "own", "contacts.list.*": "own"})
    theirs, ours = CONTACT.create(narrow).id, CONTACT.create(caller).id
    caller.AddListMembers(on(guests, theirs, ours))
    assert members(narrow, guests.id) == [theirs]
    assert refusal(lambda: narrow.AddListMembers(on(guests, theirs))) == "FORBIDDEN"


def test_a_dynamic_list_follows_its_filter(caller: Caller) -> None:
    define(caller, "tier", index={"filters": True})
    gold = a_list(caller, filter={"field": "custom_fields.tier", "op": "eq", "value": "gold"})
    ada = CONTACT.create(caller, custom_fields={"tier": "gold"})
    CONTACT.create(caller)
    assert members(caller, gold.id) == [ada.id]
    assert members(caller, gold.id, query="nobody") == []
    assert refusal(lambda: caller.AddListMembers(on(gold, ada.id))) == "LIST_IS_DYNAMIC"
    CONTACT.update(caller, ada.id, mask=("custom_fields",), custom_fields={"tier": "silver"})
    assert members(caller, gold.id) == []


def test_a_list_that_was_put_together_by_hand_gets_no_filter(caller: Caller) -> None:
    guests, ada = a_list(caller), CONTACT.create(caller)
    request = json_format.ParseDict(
        {"list": {"id": guests.id, "filter": ADAS}, "updateMask": "filter"}, list_pb2.UpdateListRequest()
    )
    caller.AddListMembers(on(guests, ada.id))
    assert refusal(lambda: caller.UpdateList(request)) == "LIST_HAS_MEMBERS"
    caller.RemoveListMembers(on(guests, ada.id))
    assert caller.UpdateList(request).HasField("filter")


@pytest.mark.parametrize("noun", ["interaction", "objects.machine", "view"])
def test_a_list_is_of_contacts_accounts_or_leads(caller: Caller, noun: str) -> None:
    assert violations(lambda: a_list(caller, noun=noun)).keys() == {"list.noun"}


def test_more_than_two_hundred_at_once_are_refused(caller: Caller) -> None:
    guests = a_list(caller)
    assert violations(lambda: caller.AddListMembers(on(guests, *["con_1"] * 201))).keys() == {"member_ids"}


def test_members_show_no_field_that_is_hidden_from_who_asks(anybody: Callable[..., Caller], caller: Caller) -> None:
    define(caller, "margin", type="INTEGER", read_roles=["manager"])
    ada = CONTACT.create(caller, custom_fields={"margin": 40})
    guests = a_list(caller, sharedWith={"everyone": True})
    caller.AddListMembers(on(guests, ada.id))
    rep = anybody(roles=("sales_rep",))
    [seen] = rep.SearchListMembers(list_pb2.SearchListMembersRequest(id=guests.id)).contacts
    assert (seen.id, dict(seen.custom_fields)) == (ada.id, {})
    margin = {"field": "custom_fields.margin", "op": "gt", "value": 1}
    assert violations(lambda: members(rep, guests.id, filter=margin)).keys() == {"filter.field"}
    assert violations(lambda: members(rep, guests.id, orderBy=["custom_fields.margin"])).keys() == {"order_by[0]"}
