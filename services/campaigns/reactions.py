"""What campaigns hear: people and companies from contacts, what they bought from sales, and what came back from support."""

from collections.abc import Iterable
from typing import Any

from crm.contacts.v1 import events_pb2 as contacts
from crm.contacts.v1 import need_pb2, preference_pb2
from crm.sales.v1 import events_pb2 as sales
from crm.sales.v1 import order_pb2
from crm.support.v1 import events_pb2 as support

from chassis import Fact, merging, mirror, on, take_up
from services.campaigns import bounce, joined, standing
from services.campaigns.audience import Account, AudienceMember, Finding, Sale, count_sales, gather
from services.campaigns.membership import follow, leave_all

OF_ACCOUNTS = AudienceMember.following


@on(contacts.ContactCreated, contacts.ContactUpdated, contacts.ContactRestored)
def take_the_contact_in(event: contacts.ContactCreated, fact: Fact) -> None:
    """Take a person into the audience, and into the segments that describe it."""
    if standing.take_in(event.contact, fact.revision):
        follow([event.contact.id])


@on(contacts.ContactDeleted)
def let_the_contact_go(event: contacts.ContactDeleted, fact: Fact) -> None:
    """Take a person out of the audience and of every segment; the address's suppression stays."""
    if AudienceMember.forget(event.contact.id, fact.revision):
        leave_all(event.contact.id)


@on(contacts.AccountCreated, contacts.AccountUpdated, contacts.AccountRestored)
def know_the_account(event: contacts.AccountCreated, fact: Fact) -> None:
    """Show name and line of business of an account with its people."""
    account = event.account
    if Account.remember(account.id, fact.revision, name=account.name, industry=account.industry):
        people = AudienceMember.rows().find({**AudienceMember.present(), "account_id": account.id}, {"_id": 1})
        ids = [row["_id"] for row in people]
        told = {"account_name": account.name, "industry": account.industry}
        AudienceMember.rows().update_many({"_id": {"$in": ids}}, {"$set": told})
        follow(ids)


@on(contacts.NeedCreated, contacts.NeedUpdated, contacts.NeedDeleted, contacts.NeedRestored, contacts.NeedExpired)
def know_the_need(event: contacts.NeedCreated, fact: Fact) -> None:
    """What a contact needs can be asked about while it holds."""
    need = event.need
    _know_finding(need, fact, needed_categories=need.category, needed_product_ids=need.product_id)


@on(
    contacts.PreferenceCreated, contacts.PreferenceUpdated, contacts.PreferenceDeleted, contacts.PreferenceRestored,
    contacts.PreferenceExpired,
)  # fmt: skip
def know_the_preference(event: contacts.PreferenceCreated, fact: Fact) -> None:
    """What a contact likes can be asked about while it holds."""
    _know_finding(event.preference, fact, preferences=f"{event.preference.key}={event.preference.value}")


@on(sales.OpportunityWon, sales.OpportunityReopened)
def count_the_win(event: sales.OpportunityWon | sales.OpportunityReopened, fact: Fact) -> None:
    """Count an opportunity with everybody who took part in it, unless it was taken up again."""
    deal = event.opportunity
    people = [role.contact_id for role in deal.contacts]
    _know_sale(deal.id, fact, people, kind="win", counts=isinstance(event, sales.OpportunityWon), date=deal.close_date)


@on(sales.OrderPlaced, sales.OrderUpdated)
def count_the_order(event: sales.OrderPlaced | sales.OrderUpdated, fact: Fact) -> None:
    """Count an order with everybody who placed it; a credit only lessens what they spent."""
    order = event.order
    people = event.contact_ids if isinstance(event, sales.OrderPlaced) else _people(order)
    kind = "credit" if order.kind == order_pb2.Order.CREDIT else "order"
    counts = order.status != order_pb2.Order.CANCELLED
    amount = mirror.stored(order.total) if order.HasField("total") else None
    _know_sale(order.id, fact, people, kind=kind, counts=counts, date=order.order_date, amount=amount)


@on(sales.OrderCancelled)
def discount_the_order(event: sales.OrderCancelled, fact: Fact) -> None:
    """An order that was called off counts no more; it concerns the people who placed it."""
    _know_sale(event.order.id, fact, _people(event.order), kind="order", counts=False)


@on(support.BounceReceived)
def give_the_bounce_to_its_line(event: support.BounceReceived, fact: Fact) -> None:
    """A mail of a campaign came back, or its recipient complained: note it, and give the address up where that is due."""
    bounce.hear(event.mail)


@on(contacts.ContactsMerged)
def join_in_the_audience(event: contacts.ContactsMerged, fact: Fact) -> None:
    """The survivor is where the merged contacts were, said what they said, and bought what they bought."""
    joined.join(event)


@on(contacts.ContactsUnmerged)
def part_in_the_audience(event: contacts.ContactsUnmerged, fact: Fact) -> None:
    """Everybody stands in the audience again with what is theirs."""
    joined.part(event)


@on(contacts.AccountsMerged)
def join_the_staff(event: contacts.AccountsMerged, fact: Fact) -> None:
    """Who worked for the merged accounts works for the survivor."""
    survivor = event.account
    told = {"account_name": survivor.name, "industry": survivor.industry}
    merging.join(event.merge_id, OF_ACCOUNTS, survivor.id, [each.id for each in event.merged], **told)
    follow(merging.moved(event.merge_id, "audience_members"))


@on(contacts.AccountsUnmerged)
def part_the_staff(event: contacts.AccountsUnmerged, fact: Fact) -> None:
    """Who worked for an account does so again."""
    merging.part(event.merge_id)
    for account in event.restored:
        Account.remember(account.id, int(account.etag), name=account.name, industry=account.industry)
    follow(merging.moved(event.merge_id, "audience_members"))


@on(contacts.ErasureRequested)
def forget_the_recipient(event: contacts.ErasureRequested, fact: Fact) -> None:
    """Who asked to be forgotten is: only the hashes of the addresses stay."""
    take_up(event)


def _know_finding(found: need_pb2.Need | preference_pb2.Preference, fact: Fact, **said: str) -> None:
    over = found.expired or found.HasField("deleted_time")
    held = {} if over else {name: value for name, value in said.items() if value}
    if found.contact_id and Finding.remember(found.id, fact.revision, contact_id=found.contact_id, said=held):
        contact_id = merging.survivor_of(found.contact_id)  # what was announced before a merge may be heard after it
        gather(contact_id)
        follow([contact_id])


def _people(order: order_pb2.Order) -> list[str]:
    known = Sale.objects(id=order.id).first()
    return known.contact_ids if known else list(order.contact_ids)


def _know_sale(id: str, fact: Fact, contact_ids: Iterable[str], **fields: Any) -> None:
    known = Sale.objects(id=id).first()
    people = list(dict.fromkeys(each for each in contact_ids if each))
    if Sale.remember(id, fact.revision, contact_ids=people, **fields):
        # What was announced before its service heard of a merge counts for the survivor.
        concerned = {*merging.survivors_of(people), *(known.contact_ids if known else ())}
        count_sales(concerned)
        follow(concerned)
