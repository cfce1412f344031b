"""What contacts hears: what sales announces and what becomes of leads, put on the timelines of accounts and contacts.

The same fact may come twice or late: `Interaction.tell` keeps it once, at the time at which it happened.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from crm.contacts.v1 import events_pb2 as contacts
from crm.sales.v1 import events_pb2 as sales
from crm.sales.v1 import opportunity_pb2, order_pb2

from chassis import Fact, on
from services.contacts import titles
from services.contacts.interaction import Interaction


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
    """Something was ordered."""
    _tell_of_order(fact, "placed", event.order, event.contact_ids, on_day=event.order.order_date)


@on(sales.OrderCancelled)
def show_the_cancellation(event: sales.OrderCancelled, fact: Fact) -> None:
    """An order was called off; it concerns the people who placed it."""
    placed = Interaction.objects(record_id=event.order.id, kind="ORDER").first()
    people = placed.contact_ids if placed else []
    _tell_of_order(fact, "cancelled", event.order, people, description=event.order.cancel_reason)


@on(contacts.LeadConverted)
def show_the_conversion(event: contacts.LeadConverted, fact: Fact) -> None:
    """Whom we first knew as a lead."""
    lead, became = event.lead, event.lead.conversion
    title = titles.of_conversion(lead)
    _tell(fact, became.account_id, [became.contact_id], kind="LEAD", record_id=lead.id, title=title)


def _tell_of_opportunity(fact: Fact, happened: str, opportunity: opportunity_pb2.Opportunity, **more: str) -> None:
    people = [part.contact_id for part in opportunity.contacts]
    told = {"kind": "OPPORTUNITY", "record_id": opportunity.id, "title": titles.of_opportunity(happened, opportunity)}
    _tell(fact, opportunity.account_id, people, **told, **more)


def _tell_of_order(fact: Fact, happened: str, order: order_pb2.Order, people: Iterable[str], **more: str) -> None:
    told = {"kind": "ORDER", "record_id": order.id, "title": titles.of_order(happened, order)}
    _tell(fact, order.account_id, people, **told, **more)


def _tell(fact: Fact, account_id: str, contact_ids: Iterable[str], on_day: str = "", **told: str) -> None:
    account_ids, contact_ids = [account_id] if account_id else [], [id for id in contact_ids if id]
    if account_ids or contact_ids:  # what concerns nobody stands on no timeline
        when = happened_at(on_day, fact.time)
        Interaction.tell(fact, occur_time=when, account_ids=account_ids, contact_ids=contact_ids, **told)


def happened_at(day: str, told: datetime) -> datetime:
    """When something happened that was told at `told` and is dated `day`: then, if it was the same day; else as that day
    began (UTC), so that what is imported from the past stands where it belongs.
    """
    if not day or date.fromisoformat(day) == told.date():
        return told
    return datetime.combine(date.fromisoformat(day), time(), UTC)
