"""What becomes known of a customer's contracts and assets reaches the tickets that are not closed.

A fact only notes whose claims are to be found anew, for a customer may have very many tickets; a sweeper goes through them, some
at a time, in the order of their ids, and notes how far it is. Another fact meanwhile begins again.
"""

from functools import partial
from typing import Any

from chassis import Sweeper, acting_as, merging, of_service, principal, take_turns, transaction
from services.support.installed import CUSTOMER
from services.support.ticket import CLOSED, STATUSES, Ticket

_DUE = "claims_due"
_AT_ONCE = 100  # tickets in a transaction
_NAMED = dict(zip(CUSTOMER, ("account_id", "requester_id"), strict=True))  # how a ticket names whom an asset names so


def find_anew(**customer: str | None) -> None:
    """Have claims found anew after this transaction, of the customers `account_id` and `contact_id`, where there is one."""
    due, tenant = transaction.database()[_DUE], principal().tenant_id
    for whose, id in customer.items():
        if id:
            take_turns(f"claims/{merging.survivor_of(id)}")  # with tickets that are being made
            row = {"tenant_id": tenant, "field": _NAMED[whose], "customer_id": id, "after": ""}
            due.replace_one({"_id": f"{tenant}/{id}"}, row, upsert=True)


def finding() -> Sweeper:
    """What finds them beside the door."""
    return Sweeper("claims", due, find)


def due(most: int = 200) -> list[dict[str, Any]]:
    """Whose claims are to be found anew, of every tenant."""
    return list(transaction.database()[_DUE].find().limit(most))


def find(row: dict[str, Any]) -> None:
    """Find the claims of some tickets of a customer anew; what is left is due again."""
    with acting_as(of_service("support", row["tenant_id"])):
        transaction.run(partial(_find_some, row["_id"]))


def _find_some(id: str) -> None:
    rows = transaction.database()[_DUE]
    row = rows.find_one({"_id": id})
    if row is None:  # another process was faster
        return
    customer = merging.survivor_of(row["customer_id"])
    open_ones = {row["field"]: customer, "status": {"$in": [each for each in STATUSES if each != CLOSED]}}
    asked = {**open_ones, "_id": {"$gt": row["after"]}}
    tickets = Ticket.objects(deleted_time=None, __raw__=asked).order_by("id").limit(_AT_ONCE)
    ids = list(tickets.scalar("id"))
    for each in ids:
        ticket = Ticket.find(each, "write")
        if ticket.claim_anew():
            ticket.keep()
    if len(ids) < _AT_ONCE:
        rows.delete_one({"_id": id})
    else:
        rows.update_one({"_id": id}, {"$set": {"after": ids[-1]}})
