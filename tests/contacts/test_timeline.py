"""Timelines fill from what sales announces, over real NATS, and from conversions: each fact once, whenever it comes."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

from crm.common.v1.listing_pb2 import ListRequest
from crm.common.v1.requests_pb2 import DeleteRequest, PurgeRequest, RestoreRequest
from crm.contacts.v1 import events_pb2 as contacts_events
from crm.contacts.v1 import interaction_pb2, lead_pb2
from crm.contacts.v1.interaction_pb2 import Interaction as Told
from crm.contacts.v1.interaction_pb2 import TimelineRequest
from crm.sales.v1 import events_pb2 as sales_events
from crm.support.v1 import events_pb2 as support_events
from crm.support.v1 import ticket_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from chassis import new_id, now, transaction
from chassis.events import Fact
from chassis.testing import Caller, somebody
from tests.builders.contacts import MINA, a_placed_order, a_sold_opportunity
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD
from tests.contacts.conftest import Sales
from tests.contacts.hearing import hear, react
from tests.eventually import eventually
from tests.hearing import a_fact
from tests.refused import refusal


def timeline(caller: Caller, account: Any) -> list[Told]:
    return list(caller.ListAccountTimeline(TimelineRequest(id=account.id)).interactions)


def forgotten(fact: Fact) -> Fact:
    """A fact that the inbox does not know any more, so that it lets it through again."""
    transaction.database().inbox.delete_many({"_id": {"$regex": f":{fact.id}$"}})
    return fact


def test_the_story_of_a_sale_stands_on_the_timelines_of_account_and_people(caller: Caller, sales: Sales) -> None:
    account, ada = ACCOUNT.create(caller), CONTACT.create(caller)
    opportunity_id, order_id = new_id("opp"), new_id("ord")
    deal = a_sold_opportunity(
        id=opportunity_id,
        account_id=account.id,
        contacts=[{"contact_id": ada.id, "role": "decision_maker"}],
        stage="offer",
    )
    order = a_placed_order(id=order_id, account_id=account.id, cancel_reason="")
    story = [
        sales_events.OpportunityCreated(opportunity=deal),
        sales_events.OpportunityMoved(opportunity=deal, from_stage="talk"),
        sales_events.OpportunityLost(opportunity={**_dict(deal), "loss_reason": "too dear"}),
        sales_events.OpportunityReopened(opportunity=deal),
        sales_events.OpportunityWon(opportunity=deal),
    ]
    for revision, event in enumerate(story, start=1):
        sales.announce(caller.whom, opportunity_id, revision, event)
    sales.announce(caller.whom, order_id, 1, sales_events.OrderPlaced(order=order, contact_ids=[ada.id]))
    order.cancel_reason = "ordered twice"
    sales.announce(caller.whom, order_id, 2, sales_events.OrderCancelled(order=order))

    told = eventually(lambda: len(found := timeline(caller, account)) == 7 and found)
    assert [each.title for each in sorted(told, key=lambda each: each.source_id)] == [
        "Opportunity opened: 200 rose bushes, 4,821.00 EUR",
        "Opportunity moved from talk to offer: 200 rose bushes, 4,821.00 EUR",
        "Opportunity lost: 200 rose bushes, 4,821.00 EUR",
        "Opportunity reopened: 200 rose bushes, 4,821.00 EUR",
        "Opportunity won: 200 rose bushes, 4,821.00 EUR",
        "Order placed: ORD-2026-000123, 4,821.00 EUR",
        "Order cancelled: ORD-2026-000123, 4,821.00 EUR",
    ]
    assert {each.source for each in told} == {"sales"}
    assert {each.actor_id for each in told} == {caller.whom.user_id}
    assert {each.description for each in told} == {"", "too dear", "ordered twice"}
    people = caller.ListContactTimeline(TimelineRequest(id=ada.id)).interactions
    assert {each.id for each in people} == {each.id for each in told}
    orders = caller.ListAccountTimeline(TimelineRequest(id=account.id, kinds=["ORDER"])).interactions
    assert {each.record_id for each in orders} == {order_id}


def test_a_conversion_stands_on_the_timelines_of_what_the_lead_became(caller: Caller) -> None:
    lead = LEAD.create(caller)
    became = caller.ConvertLead(lead_pb2.ConvertLeadRequest(id=lead.id)).conversion
    [told] = eventually(lambda: caller.ListContactTimeline(TimelineRequest(id=became.contact_id)).interactions)
    assert told.title == f"Lead converted: Mina Vale, {MINA['company_name']}"
    assert (told.kind, told.source, told.record_id) == (Told.LEAD, "contacts", lead.id)
    assert list(told.account_ids) == [became.account_id]


def test_a_fact_that_comes_twice_or_at_once_leaves_one_interaction(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    won = sales_events.OpportunityWon(opportunity=a_sold_opportunity(account_id=account.id))
    fact = a_fact(caller, won, won.opportunity.id)
    react(won, fact)
    react(won, fact)
    react(won, forgotten(fact))
    [first] = timeline(caller, account)
    another = replace(fact, id=new_id("evt"))
    start = threading.Barrier(3)

    def at_once() -> None:
        start.wait()
        react(won, forgotten(another))

    threads = [threading.Thread(target=at_once) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.source_id for each in timeline(caller, account)] == [another.id, first.source_id]


def test_what_comes_late_stands_where_it_belongs(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    deal = a_sold_opportunity(account_id=account.id, open_date="2016-10-20", close_date="2017-03-01")
    moved = sales_events.OpportunityMoved(opportunity=deal, from_stage="talk")
    hear(caller, sales_events.OpportunityWon(opportunity=deal), deal.id)
    react(moved, a_fact(caller, moved, deal.id, time=now() - timedelta(days=1)))
    hear(caller, sales_events.OpportunityCreated(opportunity=deal), deal.id)
    told = timeline(caller, account)
    assert [each.title.split()[1].strip(":") for each in told] == ["moved", "won", "opened"]
    assert [each.occur_time.ToDatetime().date().isoformat() for each in told[1:]] == ["2017-03-01", "2016-10-20"]


def test_a_ticket_stands_on_the_timelines_of_who_asked_however_late_that_is_known(caller: Caller) -> None:
    account, ada = ACCOUNT.create(caller), CONTACT.create(caller)
    ticket = ticket_pb2.Ticket(
        id=new_id("tkt"), number="SUP-2026-000123", subject="Dry roses", open_time={"seconds": 1_772_442_000},
    )  # fmt: skip
    hear(caller, support_events.TicketOpened(ticket=ticket), ticket.id)
    assert transaction.database().interactions.find_one({"record_id": ticket.id}) is None
    ticket.requester_id, ticket.account_id = ada.id, account.id
    known = support_events.TicketUpdated(ticket=ticket, changed_fields=["account_id", "requester_id"])
    hear(caller, known, ticket.id)
    renamed = support_events.TicketUpdated(ticket=ticket, changed_fields=["subject"])
    hear(caller, renamed, ticket.id)
    ticket.solved_time.FromSeconds(1_772_528_400)
    ticket.resolution = "sent new ones"
    hear(caller, support_events.TicketSolved(ticket=ticket), ticket.id)
    solved, opened = timeline(caller, account)
    assert [each.title for each in (opened, solved)] == [
        "Ticket opened: SUP-2026-000123, Dry roses",
        "Ticket solved: SUP-2026-000123, Dry roses",
    ]
    assert (opened.kind, opened.record_id, solved.description) == (Told.TICKET, ticket.id, "sent new ones")
    assert opened.occur_time == ticket.open_time
    people = caller.ListContactTimeline(TimelineRequest(id=ada.id)).interactions
    assert [each.id for each in people] == [solved.id, opened.id]


def test_what_concerns_nobody_stands_on_no_timeline(caller: Caller) -> None:
    won = sales_events.OpportunityWon(opportunity=a_sold_opportunity())
    fact = a_fact(caller, won, won.opportunity.id)
    react(won, fact)
    assert transaction.database().interactions.find_one({"source_id": fact.id}) is None


def test_a_fact_of_one_tenant_stands_on_no_timeline_of_another(caller: Caller, door: Any) -> None:
    stranger = door(somebody())
    theirs = ACCOUNT.create(stranger)
    won = sales_events.OpportunityWon(opportunity=a_sold_opportunity(account_id=theirs.id))
    hear(caller, won, won.opportunity.id)
    assert timeline(stranger, theirs) == []


def test_what_a_service_told_cannot_be_changed_or_deleted(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    won = sales_events.OpportunityWon(opportunity=a_sold_opportunity(account_id=account.id))
    hear(caller, won, won.opportunity.id)
    [told] = timeline(caller, account)
    change = interaction_pb2.UpdateInteractionRequest(
        interaction={"id": told.id, "title": "x"}, update_mask={"paths": ["title"]}
    )
    for call, request in ((caller.UpdateInteraction, change), (caller.DeleteInteraction, DeleteRequest(id=told.id))):
        assert refusal(call, request) == "INTERACTION_NOT_LOGGED"
    assert timeline(caller, account) == [told]


def _dict(message: Any) -> dict[str, Any]:
    return {field.name: value for field, value in message.ListFields()}


def test_orders_of_the_past_stand_at_their_own_time(caller: Caller, sales: Sales) -> None:
    account = ACCOUNT.create(caller)
    then, called_off = Timestamp(seconds=1291191960), Timestamp(seconds=1291278360)
    past = {"account_id": account.id, "order_date": "2010-12-01", "number": "ORD-2026-000124"}
    sold = {**past, "id": new_id("ord"), "place_time": then}
    taken_back = {**past, "id": new_id("ord"), "kind": "CREDIT"}  # only its day is known
    sales.announce(caller.whom, sold["id"], 1, sales_events.OrderPlaced(order=sold))
    cancelled = {**sold, "status": "CANCELLED", "cancel_time": called_off}
    sales.announce(caller.whom, sold["id"], 1, sales_events.OrderCancelled(order=cancelled))
    sales.announce(caller.whom, taken_back["id"], 1, sales_events.OrderPlaced(order=taken_back))
    told = eventually(lambda: len(found := timeline(caller, account)) == 3 and found)
    assert [(each.title, each.occur_time.ToJsonString()) for each in told] == [
        ("Order cancelled: ORD-2026-000124", "2010-12-02T08:26:00Z"),
        ("Order placed: ORD-2026-000124", "2010-12-01T08:26:00Z"),
        ("Order credited: ORD-2026-000124", "2010-12-01T00:00:00Z"),
    ]


def test_a_purged_contact_leaves_no_timeline_and_the_account_keeps_its_own(caller: Caller) -> None:
    account, ada = ACCOUNT.create(caller), CONTACT.create(caller)
    for account_ids in ([], [account.id]):
        call = Told(kind="CALL", title="Asked about the roses", account_ids=account_ids, contact_ids=[ada.id])
        caller.CreateInteraction(interaction_pb2.CreateInteractionRequest(interaction=call))
    caller.DeleteContact(DeleteRequest(id=ada.id))
    assert len(caller.ListInteractions(ListRequest()).interactions) == 2
    caller.PurgeContact(PurgeRequest(id=ada.id))
    hear(caller, contacts_events.ContactPurged(contact_id=ada.id), ada.id)
    [left] = caller.ListInteractions(ListRequest()).interactions
    assert (list(left.account_ids), list(left.contact_ids)) == ([account.id], [])
    assert [each.id for each in timeline(caller, account)] == [left.id]
    caller.DeleteAccount(DeleteRequest(id=account.id))
    caller.PurgeAccount(PurgeRequest(id=account.id))
    gone = contacts_events.AccountPurged(account_id=account.id)
    hear(caller, gone, account.id)
    assert not caller.ListInteractions(ListRequest()).interactions


def test_what_names_a_purged_account_can_still_be_changed_and_restored(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    ada, below = CONTACT.create(caller, account_id=account.id), ACCOUNT.create(caller, parent_id=account.id)
    caller.DeleteAccount(DeleteRequest(id=account.id))
    caller.PurgeAccount(PurgeRequest(id=account.id))
    assert CONTACT.update(caller, ada.id, job_title="Head gardener").account_id == account.id
    assert ACCOUNT.update(caller, below.id, description="on its own now").parent_id == account.id
    caller.DeleteContact(DeleteRequest(id=ada.id))
    caller.RestoreContact(RestoreRequest(id=ada.id))
    moved = ACCOUNT.update(caller, below.id, parent_id=ACCOUNT.create(caller).id)
    assert moved.parent_id != account.id
