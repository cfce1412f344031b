"""Segments at the door: who is in them, why, and how membership follows what other services tell."""

from typing import Any

import pytest
from crm.campaigns.v1 import segment_pb2
from crm.common.v1 import listing_pb2, requests_pb2
from crm.contacts.v1 import events_pb2 as contacts
from crm.sales.v1 import events_pb2 as sales

from chassis import acting_as, new_id, of_service
from chassis.testing import details, reason
from services.campaigns import chores, standing
from services.campaigns.audience import AudienceMember
from services.campaigns.reactions import know_the_account
from tests.beside import run_beside
from tests.builders.campaigns import a_contact_told, a_segment_message, tagged, where
from tests.campaigns.conftest import Marketing, address, announced, eventually
from tests.hearing import a_fact
from tests.refused import refused


def order(marketing: Marketing, contact: Any, units: int, **fields: Any) -> sales.OrderPlaced:
    given = {
        "id": new_id("ord"),
        "total": {"currency_code": "EUR", "units": units},
        "order_date": "2026-05-04",
    } | fields
    placed = sales.OrderPlaced(order=given, contact_ids=[contact.id])
    marketing.hear(placed, placed.order.id)
    return placed


def test_membership_follows_what_contacts_tells(marketing: Marketing) -> None:
    segment = marketing.segment()
    contact = marketing.meet(tags=["gold"])
    assert marketing.members(segment) == {contact.id}
    contact.tags[:] = ["silver"]
    marketing.hear(contacts.ContactUpdated(contact=contact), contact.id, revision=2)
    assert marketing.members(segment) == set()
    assert len(announced(segment.id, "SegmentEntered")) == len(announced(segment.id, "SegmentLeft")) == 1


def test_an_older_fact_changes_nothing(marketing: Marketing) -> None:
    segment, contact = marketing.segment(), marketing.meet(tags=["gold"])
    late = contacts.ContactUpdated(contact={"id": contact.id, "tags": []})
    marketing.hear(late, contact.id, revision=1)
    assert marketing.members(segment) == {contact.id}


def test_a_deleted_contact_leaves_every_segment_and_nothing_tells_who_it_was(marketing: Marketing) -> None:
    dynamic, contact = marketing.segment(), marketing.meet(tags=["gold"])
    static = marketing.segment(kind="STATIC")
    marketing.caller.ChangeSegmentMembers(
        segment_pb2.ChangeSegmentMembersRequest(id=static.id, add_contact_ids=[contact.id])
    )
    assert marketing.members(static) == {contact.id}
    marketing.hear(contacts.ContactDeleted(contact=contact), contact.id, revision=2)
    assert marketing.members(dynamic) == marketing.members(static) == set()
    assert not marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    row = AudienceMember.rows().find_one({"_id": contact.id})
    assert address(contact) not in str(row)
    marketing.hear(contacts.ContactRestored(contact=contact), contact.id, revision=3)
    assert marketing.members(dynamic) == {contact.id}


@pytest.mark.parametrize(("status", "told"), [("VALID", True), ("BOUNCED", False), ("OPTED_OUT", False)])
def test_an_address_that_nothing_may_be_sent_to_is_none(marketing: Marketing, status: str, told: bool) -> None:
    emails = [{"address": "ada@roseandthorn.example", "primary": True, "status": status}]
    ada = marketing.meet(emails=emails, consents=False)
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    assert (member.id, member.email) == (ada.id, "ada@roseandthorn.example" if told else "")


def test_segments_ask_for_needs_and_preferences_while_they_hold(marketing: Marketing) -> None:
    wants = marketing.segment(where(field="needed_categories", op="eq", value="garden_furniture"))
    likes = marketing.segment(where(field="preferences", op="eq", value="colour=red"))
    contact = a_contact_told()
    need = {"id": new_id("need"), "contact_id": contact.id, "category": "garden_furniture"}
    liking = {"id": new_id("pref"), "contact_id": contact.id, "key": "colour", "value": "red"}
    marketing.hear(contacts.NeedCreated(need=need), need["id"])  # before the contact is known
    marketing.hear(contacts.ContactCreated(contact=contact), contact.id)
    marketing.hear(contacts.PreferenceCreated(preference=liking), liking["id"])
    assert marketing.members(wants) == marketing.members(likes) == {contact.id}
    marketing.hear(contacts.NeedExpired(need=need | {"expired": True}), need["id"], revision=3)
    marketing.hear(contacts.NeedUpdated(need=need), need["id"], revision=2)  # late
    over = liking | {"deleted_time": {"seconds": 1}}
    marketing.hear(contacts.PreferenceDeleted(preference=over), liking["id"], revision=2)
    assert marketing.members(wants) == marketing.members(likes) == set()
    marketing.hear(contacts.PreferenceRestored(preference=liking), liking["id"], revision=3)
    assert marketing.members(likes) == {contact.id}


def test_sales_count_for_people_whatever_comes_first_and_however_often(marketing: Marketing) -> None:
    segment = marketing.segment(where(all=[{"field": "order_count", "op": "gte", "value": 2}]))
    contact = a_contact_told()
    first = order(marketing, contact, 100)
    marketing.hear(first, first.order.id)
    marketing.hear(contacts.ContactCreated(contact=contact), contact.id)
    assert marketing.members(segment) == set()
    second = order(marketing, contact, 50, order_date="2026-06-01")
    assert marketing.members(segment) == {contact.id}
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    assert [(each.currency_code, each.units) for each in member.spent] == [("EUR", 150)]
    assert (member.first_order_date, member.last_order_date) == ("2026-05-04", "2026-06-01")
    assert (member.order_count, member.spent[0].units) == (2, 150)
    order(marketing, contact, -30, kind="CREDIT", order_date="2026-07-01")
    second.order.total.units = 70
    marketing.hear(sales.OrderUpdated(order=second.order, changed_fields=["total"]), second.order.id, revision=2)
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    assert (member.order_count, member.spent[0].units, member.last_order_date) == (2, 140, "2026-06-01")
    marketing.hear(sales.OrderCancelled(order=second.order), second.order.id, revision=3)
    assert marketing.members(segment) == set()


def test_wins_count_for_everybody_who_took_part_until_they_are_reopened(marketing: Marketing) -> None:
    contact, id = marketing.meet(), new_id("opp")
    deal = {"id": id, "close_date": "2026-03-01", "contacts": [{"contact_id": contact.id}]}
    marketing.hear(sales.OpportunityWon(opportunity=deal), id, revision=4)
    segment = marketing.segment(where(field="last_win_date", op="gte", value="2026-01-01"))
    assert marketing.members(segment) == {contact.id}
    marketing.hear(sales.OpportunityReopened(opportunity=deal), id, revision=5)
    assert marketing.members(segment) == set()


def test_people_follow_their_account(marketing: Marketing) -> None:
    account = new_id("acc")
    contact = marketing.meet(account_id=account)
    segment = marketing.segment(where(field="industry", op="eq", value="Retail"))
    told = contacts.AccountCreated(account={"id": account, "name": "Rose & Thorn", "industry": "Retail"})
    marketing.hear(told, account)
    assert marketing.members(segment) == {contact.id}


def test_people_and_their_account_that_are_told_of_at_the_same_moment_find_each_other(marketing: Marketing) -> None:
    account, ada = new_id("acc"), a_contact_told()
    ada.account_id = account
    told = contacts.AccountCreated(account={"id": account, "name": "Rose & Thorn", "industry": "Retail"})
    with acting_as(of_service("campaigns", marketing.caller.whom.tenant_id)):
        run_beside(lambda: standing.take_in(ada, 1), lambda: marketing.hear(told, account))
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    assert (member.id, member.account_name, member.industry) == (ada.id, "Rose & Thorn", "Retail")


@pytest.mark.parametrize("first", ["the person", "the account"])
def test_people_follow_an_account_that_changes_at_the_same_moment(marketing: Marketing, first: str) -> None:
    account, ada = new_id("acc"), a_contact_told()
    ada.account_id = account
    marketing.hear(contacts.AccountCreated(account={"id": account, "name": "Rose & Thorn"}), account)
    event = contacts.AccountUpdated(account={"id": account, "name": "Häagen Nurseries"})
    told, fact = contacts.ContactCreated(contact=ada), a_fact(marketing.caller, event, account, 2)
    with acting_as(of_service("campaigns", marketing.caller.whom.tenant_id)):
        if first == "the person":
            run_beside(lambda: standing.take_in(ada, 1), lambda: marketing.hear(event, account, 2))
        else:
            run_beside(lambda: know_the_account(event, fact), lambda: marketing.hear(told, ada.id))
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    assert member.account_name == "Häagen Nurseries"


def test_a_word_of_an_address_that_is_told_of_at_the_same_moment_is_shown(marketing: Marketing) -> None:
    ada = a_contact_told()
    with acting_as(of_service("campaigns", marketing.caller.whom.tenant_id)):
        run_beside(lambda: standing.take_in(ada, 1), lambda: marketing.consent(address=ada.emails[0].address))
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    assert list(member.opted_in) == ["news"]


def test_a_rebuild_finds_who_was_there_before_the_segment(marketing: Marketing) -> None:
    people = {marketing.meet(tags=["gold"]).id for _ in range(3)}
    marketing.meet(tags=["silver"])
    segment = marketing.segment()
    assert marketing.members(segment) == people
    assert segment.member_count == 3
    changed = segment_pb2.UpdateSegmentRequest(
        segment={"id": segment.id, "filter": tagged("silver")}, update_mask={"paths": ["filter"]}
    )
    assert marketing.caller.UpdateSegment(changed).status == segment_pb2.Segment.PENDING
    marketing.built(segment.id)
    assert len(marketing.members(segment)) == 1
    again = marketing.caller.RebuildSegment(segment_pb2.RebuildSegmentRequest(id=segment.id))
    assert marketing.built(again.id).member_count == 1


def test_who_comes_later_is_counted_soon(marketing: Marketing) -> None:
    segment = marketing.segment()
    marketing.meet(tags=["gold"])
    got = requests_pb2.GetRequest(id=segment.id)
    eventually(lambda: marketing.caller.GetSegment(got).member_count == 1, seconds=2 * chores.RECOUNT_SECONDS)


def test_a_segment_can_build_on_another_one(marketing: Marketing) -> None:
    gold = marketing.segment()
    english = {"field": "language_code", "op": "eq", "value": "en"}
    within = where(all=[{"field": "segment_ids", "op": "eq", "value": gold.id}, english])
    both = marketing.segment(within)
    contact = marketing.meet(tags=["gold"])
    assert marketing.members(both) == {contact.id}
    circle = segment_pb2.UpdateSegmentRequest(
        segment={"id": gold.id, "filter": where(field="segment_ids", op="eq", value=both.id)},
        update_mask={"paths": ["filter"]},
    )
    assert reason(refused(marketing.caller.UpdateSegment, circle)) == "SEGMENT_CIRCULAR"
    assert reason(refused(marketing.caller.DeleteSegment, requests_pb2.DeleteRequest(id=gold.id))) == "SEGMENT_IN_USE"
    contact.tags[:] = []
    marketing.hear(contacts.ContactUpdated(contact=contact), contact.id, revision=2)
    assert marketing.members(both) == set()


@pytest.mark.parametrize(
    ("filter", "path"),
    [
        (where(field="shoe_size", op="eq", value=44), "segment.filter.field"),
        (where(field="order_count", op="contains", value="4"), "segment.filter.op"),
        (where(all=[{"field": "tags", "op": "eq", "value": 4}]), "segment.filter.all[0].value"),
        (where(field="segment_ids", op="eq", value="seg_nowhere"), "segment.filter"),
        (where(), "segment.filter"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused_by_place(marketing: Marketing, filter: Any, path: str) -> None:
    asked = segment_pb2.CreateSegmentRequest(segment=a_segment_message(filter))
    assert path in details(refused(marketing.caller.CreateSegment, asked))["violations"]


def test_a_preview_counts_and_shows_some(marketing: Marketing) -> None:
    for tag in ("gold", "gold", "silver"):
        marketing.meet(tags=[tag])
    marketing.meet(tags=["gold"], address="")
    asked = segment_pb2.PreviewSegmentRequest(filter=tagged("gold"), sample_size=2)
    found = marketing.caller.PreviewSegment(asked)
    assert (found.count, found.reachable_count, len(found.sample)) == (3, 2, 2)
    assert found.sample[0].given_name == "Ada"


def test_an_explanation_says_which_clause_fails(marketing: Marketing) -> None:
    contact = marketing.meet(tags=["gold", "new"])
    wanted = where(
        all=[
            {"field": "tags", "op": "eq", "value": "gold"},
            {
                "not": {
                    "any": [
                        {"field": "tags", "op": "eq", "value": "new"},
                        {"field": "order_count", "op": "gte", "value": 2},
                    ]
                }
            },
        ]
    )
    segment = marketing.segment(wanted)
    asked = segment_pb2.ExplainSegmentRequest(id=segment.id, contact_id=contact.id)
    found = marketing.caller.ExplainSegment(asked)
    assert (found.matches, found.member) == (False, False)
    assert [(each.path, each.says, each.holds) for each in found.clauses] == [
        ("filter", "all", False),
        ("filter.all[0]", "tags eq gold", True),
        ("filter.all[1]", "not", False),
        ("filter.all[1].not", "any", True),
        ("filter.all[1].not.any[0]", "tags eq new", True),
        ("filter.all[1].not.any[1]", "order_count gte 2", False),
    ]
    assert list(found.clauses[1].found) == ["gold", "new"]


def test_static_segments_are_made_by_hand_and_dynamic_ones_are_not(marketing: Marketing) -> None:
    contact, dynamic = marketing.meet(), marketing.segment()
    change = segment_pb2.ChangeSegmentMembersRequest(id=dynamic.id, add_contact_ids=[contact.id])
    assert reason(refused(marketing.caller.ChangeSegmentMembers, change)) == "SEGMENT_DYNAMIC"
    static = marketing.segment(kind="STATIC")
    rebuild = segment_pb2.RebuildSegmentRequest(id=static.id)
    assert reason(refused(marketing.caller.RebuildSegment, rebuild)) == "SEGMENT_STATIC"
    stranger = segment_pb2.ChangeSegmentMembersRequest(id=static.id, add_contact_ids=[new_id("con")])
    assert reason(refused(marketing.caller.ChangeSegmentMembers, stranger)) == "NOT_FOUND"
    add = segment_pb2.ChangeSegmentMembersRequest(id=static.id, add_contact_ids=[contact.id])
    assert marketing.caller.ChangeSegmentMembers(add).member_count == 1
    remove = segment_pb2.ChangeSegmentMembersRequest(id=static.id, remove_contact_ids=[contact.id])
    assert marketing.caller.ChangeSegmentMembers(remove).member_count == 0


def test_segments_of_another_tenant_take_nobody_in(marketing: Marketing) -> None:
    asked = segment_pb2.CreateSegmentRequest(segment=a_segment_message())
    theirs = marketing.stranger.CreateSegment(asked)
    marketing.meet(tags=["gold"])
    found = marketing.stranger.ListSegmentMembers(segment_pb2.ListSegmentMembersRequest(id=theirs.id))
    assert not found.audience_members
    preview = segment_pb2.PreviewSegmentRequest(filter=tagged("gold"))
    assert marketing.stranger.PreviewSegment(preview).count == 0


def test_a_mail_that_went_out_moves_those_whom_segments_ask_about_mails(marketing: Marketing) -> None:
    gold = marketing.segment()
    mailed = marketing.segment(where(field="mail_count", op="gte", value=1))
    beside = marketing.segment(where(field="segment_ids", op="eq", value=mailed.id))
    contact = marketing.meet(tags=["gold"])
    campaign = marketing.campaign(gold)
    marketing.start(campaign)
    marketing.completed(campaign)
    eventually(lambda: marketing.members(mailed))
    assert [marketing.members(each) for each in (gold, mailed, beside)] == [{contact.id}] * 3
    assert len(announced(gold.id, "SegmentEntered")) == 1
