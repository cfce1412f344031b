"""What contacts hears: what sales, support and campaigns announce and what becomes of leads, put on the timelines of accounts
and contacts; and forms that were sent in, which become leads.

The same fact may come twice or late: `Interaction.tell` keeps it once, at the time at which it happened.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from crm.campaigns.v1 import campaign_pb2, consent_pb2
from crm.campaigns.v1 import events_pb2 as campaigns
from crm.contacts.v1 import events_pb2 as contacts
from crm.identity.v1 import events_pb2 as identity
from crm.sales.v1 import events_pb2 as sales
from crm.sales.v1 import opportunity_pb2, order_pb2
from crm.support.v1 import events_pb2 as support
from crm.support.v1 import ticket_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis import Fact, acting_as, on, principal, take_up
from services.contacts import document_reactions as document_reactions  # registered together with these
from services.contacts import titles
from services.contacts.association_label import AssociationLabel
from services.contacts.contact import Contact
from services.contacts.erasure import Erasure
from services.contacts.interaction import Interaction
from services.contacts.purchase import Purchase
from services.contacts.submitted import lead_of

_MailEvent = (
    campaigns.CampaignMailSent | campaigns.CampaignMailBounced | campaigns.LinkClicked | campaigns.ContactUnsubscribed
)


@on(identity.TenantCreated)
def lay_the_standard_labels(event: identity.TenantCreated, fact: Fact) -> None:
    """Give a new tenant the ways in which records commonly belong together."""
    AssociationLabel.lay_standard()


@on(sales.OpportunityCreated)
def show_the_opening(event: sales.OpportunityCreated, fact: Fact) -> None:
    """A sale may come about."""
    _tell_of_opportunity(fact, "opened", event.opportunity, on_day=event.opportunity.open_date)


@on(sales.OpportunityMoved)
def show_the_move(event: sales.OpportunityMoved, fact: Fact) -> None:
    """It came to another stage."""
    moved = f"moved from {event.from_stage} to {event.opportunity.stage}"
    _tell_of_opportunity(fact, moved, event.opportunity)


@on(sales.OpportunityWon)
def show_the_win(event: sales.OpportunityWon, fact: Fact) -> None:
    """It was decided for us."""
    _tell_of_opportunity(fact, "won", event.opportunity, on_day=event.opportunity.close_date)


@on(sales.OpportunityLost)
def show_the_loss(event: sales.OpportunityLost, fact: Fact) -> None:
    """It was decided against us."""
    lost = event.opportunity
    _tell_of_opportunity(fact, "lost", lost, on_day=lost.close_date, description=lost.loss_reason)


@on(sales.OpportunityReopened)
def show_the_reopening(event: sales.OpportunityReopened, fact: Fact) -> None:
    """It is open again."""
    _tell_of_opportunity(fact, "reopened", event.opportunity)


@on(sales.OrderPlaced)
def show_the_order(event: sales.OrderPlaced, fact: Fact) -> None:
    """Something was ordered, or given back."""
    order = event.order
    happened = "credited" if order.kind == order_pb2.Order.CREDIT else "placed"
    _tell_of_order(fact, happened, order, event.contact_ids, order.order_date, at=_known(order, "place_time"))


@on(sales.OrderCancelled)
def show_the_cancellation(event: sales.OrderCancelled, fact: Fact) -> None:
    """An order was called off; it concerns the people who placed it."""
    placed, order = Interaction.objects(record_id=event.order.id, kind="ORDER").first(), event.order
    people = placed.contact_ids if placed else order.contact_ids
    _tell_of_order(fact, "cancelled", order, people, at=_known(order, "cancel_time"), description=order.cancel_reason)


@on(contacts.AccountPurged)
def end_the_timeline_of_the_account(event: contacts.AccountPurged, fact: Fact) -> None:
    """Its timeline is gone."""
    Interaction.forget("account_ids", event.account_id)


@on(contacts.ContactPurged)
def end_the_timeline_of_the_contact(event: contacts.ContactPurged, fact: Fact) -> None:
    """Its timeline is gone."""
    Interaction.forget("contact_ids", event.contact_id)


@on(sales.OrderPlaced, sales.OrderUpdated, sales.OrderCancelled)
def know_the_purchase(event: sales.OrderPlaced | sales.OrderUpdated | sales.OrderCancelled, fact: Fact) -> None:
    """What was bought stands with its customers, and their figures follow."""
    placed_by = event.contact_ids if isinstance(event, sales.OrderPlaced) else ()
    Purchase.hear(event.order, fact.revision, [*event.order.contact_ids, *placed_by])


@on(contacts.ErasureRequested)
def forget_the_person(event: contacts.ErasureRequested, fact: Fact) -> None:
    """Who asked to be forgotten is: what contacts knows goes."""
    take_up(event)


@on(contacts.ErasureCompleted, sales.ErasureCompleted, support.ErasureCompleted, campaigns.ErasureCompleted)
def note_the_answer(event: contacts.ErasureCompleted, fact: Fact) -> None:
    """A service has forgotten the person; the last one ends the erasure."""
    erasure = Erasure.find(event.erasure_id, "write")
    erasure.answer(fact.service, event.erased, fact.time)
    erasure.keep()


@on(contacts.LeadConverted)
def show_the_conversion(event: contacts.LeadConverted, fact: Fact) -> None:
    """Whom we first knew as a lead."""
    lead, became = event.lead, event.lead.conversion
    title = titles.of_conversion(lead)
    _tell(fact, became.account_id, [became.contact_id], kind="LEAD", record_id=lead.id, title=title)


@on(support.TicketOpened)
def show_the_ticket(event: support.TicketOpened, fact: Fact) -> None:
    """Somebody asked for help."""
    _tell_of_ticket(fact, "opened", event.ticket, event.ticket.open_time)


@on(support.TicketUpdated)
def show_the_ticket_of_a_contact_known_later(event: support.TicketUpdated, fact: Fact) -> None:
    """Somebody asked for help before we knew who it was."""
    if "requester_id" in event.changed_fields:
        _tell_of_ticket(fact, "opened", event.ticket, event.ticket.open_time)


@on(support.TicketSolved)
def show_the_solution(event: support.TicketSolved, fact: Fact) -> None:
    """Somebody was helped."""
    _tell_of_ticket(fact, "solved", event.ticket, event.ticket.solved_time, description=event.ticket.resolution)


def _tell_of_ticket(fact: Fact, happened: str, ticket: ticket_pb2.Ticket, at: Timestamp, **more: str) -> None:
    told: dict[str, Any] = {"kind": "TICKET", "record_id": ticket.id, "title": titles.of_ticket(happened, ticket)}
    people = [ticket.requester_id, *(each.contact_id for each in ticket.participants)]
    _tell(fact, ticket.account_id, people, at=at, **told, **more)


@on(campaigns.FormSubmitted)
def take_the_lead_in(event: campaigns.FormSubmitted, fact: Fact) -> None:
    """Somebody sent a form in: a lead of whoever looks after the form, by the rules for forms."""
    with acting_as(replace(principal(), via="form")):
        lead_of(event).enter()


@on(campaigns.CampaignMailSent)
def show_the_mail(event: campaigns.CampaignMailSent, fact: Fact) -> None:
    """A campaign's mail went out; one interaction stands on the timelines of all who got it at that moment."""
    _tell_of_mail(fact, "sent", event, event.contact_ids, _known(event, "send_time"), direction="OUTBOUND")


@on(campaigns.CampaignMailBounced)
def show_the_bounce(event: campaigns.CampaignMailBounced, fact: Fact) -> None:
    """It came back, or its recipient complained."""
    returned = "complained about" if event.verdict == campaign_pb2.ReportBounceRequest.COMPLAINT else "returned"
    said = f"{event.status_code} {event.diagnostic}".strip()
    _tell_of_mail(fact, returned, event, [event.contact_id], description=said)


@on(campaigns.LinkClicked)
def show_the_click(event: campaigns.LinkClicked, fact: Fact) -> None:
    """A link of it was followed."""
    told = {"direction": "INBOUND", "description": event.url}
    _tell_of_mail(fact, "link followed", event, [event.contact_id], _known(event, "click_time"), **told)


@on(campaigns.ContactUnsubscribed)
def show_the_way_out(event: campaigns.ContactUnsubscribed, fact: Fact) -> None:
    """Its recipient wants no more of them."""
    topic = event.topic or "all topics"
    _tell_of_mail(fact, "unsubscribed", event, [event.contact_id], direction="INBOUND", description=topic)


@on(campaigns.ConsentCreated)
def show_the_consent(event: campaigns.ConsentCreated, fact: Fact) -> None:
    """Somebody said yes or no to being reached; what a mail's link out said stands there already."""
    said = event.consent
    if said.source != "unsubscribe_link":
        when, by = _known(said, "occur_time"), f"source: {said.source}"
        _tell_of_consent(fact, titles.of_consent(said), said, when, direction="INBOUND", description=by)


@on(campaigns.ConsentExpired)
def show_the_lapse(event: campaigns.ConsentExpired, fact: Fact) -> None:
    """A yes holds no more."""
    said = event.consent
    _tell_of_consent(fact, titles.of_lapse(said), said, _known(said, "expire_time"))


def _tell_of_consent(fact: Fact, title: str, said: consent_pb2.Consent, at: Timestamp | None, **more: str) -> None:
    # What was said by an address or a number, everybody said who has it.
    people = [said.contact_id] if said.contact_id else Contact.reached_by(said.address, said.phone_number)
    _tell(fact, "", people, at=at, kind="CONSENT", record_id=said.id, title=title, **more)


def _tell_of_mail(
    fact: Fact, happened: str, event: _MailEvent, contact_ids: Iterable[str], at: Timestamp | None = None, **more: Any
) -> None:
    # Campaigns writes to people; that it also concerns their companies is known here.
    people = [id for id in contact_ids if id]
    accounts = Contact.objects(id__in=people, account_id__ne=None).distinct("account_id")
    title = titles.of_mail(happened, event.campaign_name)
    told: dict[str, Any] = {"kind": "EMAIL", "record_id": event.campaign_id, "title": title}
    when = at.ToDatetime(tzinfo=UTC) if at else fact.time
    Interaction.tell(fact, occur_time=when, account_ids=sorted(accounts), contact_ids=people, **told, **more)


def _tell_of_opportunity(fact: Fact, happened: str, opportunity: opportunity_pb2.Opportunity, **more: Any) -> None:
    people = [part.contact_id for part in opportunity.contacts]
    told: dict[str, Any] = {
        "kind": "OPPORTUNITY",
        "record_id": opportunity.id,
        "title": titles.of_opportunity(happened, opportunity),
    }
    _tell(fact, opportunity.account_id, people, **told, **more)


def _tell_of_order(
    fact: Fact, happened: str, order: order_pb2.Order, people: Iterable[str], on_day: str = "",
    at: Timestamp | None = None, **more: Any,
) -> None:  # fmt: skip
    told: dict[str, Any] = {"kind": "ORDER", "record_id": order.id, "title": titles.of_order(happened, order)}
    _tell(fact, order.account_id, people, on_day, at, **told, **more)


def _known(message: Message, name: str) -> Timestamp | None:
    at: Timestamp = getattr(message, name)
    return at if message.HasField(name) else None


def _tell(
    fact: Fact, account_id: str, contact_ids: Iterable[str], on_day: str = "", at: Timestamp | None = None, **told: Any
) -> None:
    account_ids, contact_ids = [account_id] if account_id else [], [id for id in contact_ids if id]
    when = at.ToDatetime(tzinfo=UTC) if at else happened_at(on_day, fact.time)
    Interaction.tell(fact, occur_time=when, account_ids=account_ids, contact_ids=contact_ids, **told)


def happened_at(day: str, told: datetime) -> datetime:
    """When something happened that was told at `told` and is dated `day`: then, if it was the same day; else as that day
    began (UTC), so that what is imported from the past stands where it belongs.
    """
    if not day or date.fromisoformat(day) == told.date():
        return told
    return datetime.combine(date.fromisoformat(day), time(), UTC)
