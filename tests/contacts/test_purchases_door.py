"""Purchases follow the orders of sales, whatever the order in which they are heard of, and show in lists and figures."""

from itertools import permutations
from typing import Any

import pytest
from crm.common.v1 import listing_pb2
from crm.common.v1.requests_pb2 import GetRequest
from crm.contacts.v1.purchase_pb2 import CustomerPurchasesRequest, Purchase, PurchaseFigures
from crm.sales.v1 import events_pb2 as sales
from crm.sales.v1 import order_pb2

from chassis import new_id
from chassis.testing import Caller
from tests.builders.contacts import a_placed_order, euros
from tests.contacts.cases import ACCOUNT, CONTACT
from tests.contacts.hearing import hear
from tests.refused import refusal

ROSES = {"product_id": new_id("prod"), "product_name": "Rose bush", "quantity": 200, "unit_price": euros(24)}


def an_order(**fields: Any) -> order_pb2.Order:
    given = {"id": new_id("ord"), "kind": "SALE", "status": "PLACED", "order_date": "2026-03-02", "lines": [ROSES]}
    return a_placed_order(**(given | fields))


def placed(caller: Caller, order: order_pb2.Order, revision: int = 1) -> None:
    hear(caller, sales.OrderPlaced(order=order, contact_ids=order.contact_ids), order.id, revision)


def of_account(caller: Caller, account: Any) -> list[Purchase]:
    return list(caller.ListAccountPurchases(CustomerPurchasesRequest(id=account.id)).purchases)


def figures(caller: Caller, contact: Any) -> PurchaseFigures:
    return caller.GetContact(GetRequest(id=contact.id)).purchases


def test_what_was_bought_stands_with_the_account_and_the_people(caller: Caller) -> None:
    account, ada = ACCOUNT.create(caller), CONTACT.create(caller)
    order = an_order(
        account_id=account.id, contact_ids=[ada.id], owner_id=new_id("usr"), description="Before noon",
        payment_state="PARTLY_PAID",
    )  # fmt: skip
    placed(caller, order)
    [bought] = of_account(caller, account)
    assert list(caller.ListContactPurchases(CustomerPurchasesRequest(id=ada.id)).purchases) == [bought]
    assert (bought.order_id, bought.number, bought.rep_id) == (order.id, order.number, order.owner_id)
    assert (bought.special_instructions, bought.order_date) == ("Before noon", "2026-03-02")
    assert (bought.payment_state, bought.total) == (Purchase.PARTLY_PAID, order.total)
    assert [(each.product_name, each.quantity, each.unit_price.units) for each in bought.items] == [
        ("Rose bush", 200, 24)
    ]
    told = caller.GetAccount(GetRequest(id=account.id)).purchases
    assert (told.order_count, told.last_order_date, told.values[0].units) == (1, "2026-03-02", 4821)
    assert figures(caller, ada) == told


@pytest.mark.parametrize("turn", list(permutations(range(3))))
def test_an_order_ends_the_same_however_late_each_of_its_events_comes(caller: Caller, turn: tuple[int, ...]) -> None:
    ada, first = CONTACT.create(caller), an_order(order_date="2025-11-03", total=euros(100))
    first.contact_ids.append(ada.id)
    placed(caller, first)
    order = an_order(contact_ids=[ada.id])
    paid, off = order_pb2.Order(), order_pb2.Order()
    paid.CopyFrom(order)
    paid.payment_state = order_pb2.Order.PAID
    off.CopyFrom(paid)
    off.status = order_pb2.Order.CANCELLED
    story = [
        sales.OrderPlaced(order=order, contact_ids=[ada.id]),
        sales.OrderUpdated(order=paid, changed_fields=["payment_state"]),
        sales.OrderCancelled(order=off),
    ]
    for place in (*turn, *turn):
        hear(caller, story[place], order.id, place + 1)
    latest, _ = caller.ListContactPurchases(CustomerPurchasesRequest(id=ada.id)).purchases
    assert (latest.cancelled, latest.payment_state, latest.etag) == (True, Purchase.PAID, "3")
    kept = figures(caller, ada)
    assert (kept.order_count, kept.first_order_date, kept.last_order_date) == (1, "2025-11-03", "2025-11-03")
    assert [(each.currency_code, each.units) for each in kept.values] == [("EUR", 100)]


def test_an_older_revision_changes_nothing_even_where_the_newer_showed_nothing_new(caller: Caller) -> None:
    ada = CONTACT.create(caller)
    order = an_order(contact_ids=[ada.id])
    placed(caller, order)
    hear(caller, sales.OrderUpdated(order=order), order.id, 3)
    order.description = "Never mind"
    hear(caller, sales.OrderUpdated(order=order), order.id, 2)
    [bought] = caller.ListContactPurchases(CustomerPurchasesRequest(id=ada.id)).purchases
    assert (bought.special_instructions, bought.etag) == ("", "3")


def test_figures_are_no_revision_and_lists_ask_for_them(caller: Caller) -> None:
    ada, ben = CONTACT.create(caller), CONTACT.create(caller, given_name="Ben")
    for day in ("2026-01-05", "2026-03-02"):
        placed(caller, an_order(contact_ids=[ada.id], order_date=day))
    assert caller.GetContact(GetRequest(id=ada.id)).etag == ada.etag

    def found(field: str, op: str, value: Any) -> list[str]:
        return CONTACT.ids(caller, listing_pb2.ListRequest(filter={"field": field, "op": op, "value": value}))

    assert found("purchases.order_count", "gte", {"number_value": 2}) == [ada.id]
    assert found("purchases.order_count", "exists", {"bool_value": False}) == [ben.id]
    assert found("purchases.last_order_date", "gte", {"string_value": "2026-02-01"}) == [ada.id]
    ordered = CONTACT.ids(caller, listing_pb2.ListRequest(order_by=["-purchases.last_order_date"]))
    assert ordered == [ada.id, ben.id]


def test_who_sees_a_customer_sees_its_purchases_and_no_others(caller: Caller, colleague: Any) -> None:
    rep = colleague(
        grants={"contacts.contact.read": "own", "contacts.contact.write": "own", "contacts.purchase.read": "own"}
    )
    mine, theirs = CONTACT.create(rep), CONTACT.create(caller)
    for contact in (mine, theirs):
        placed(caller, an_order(contact_ids=[contact.id]))
    [seen] = rep.ListPurchases(listing_pb2.ListRequest()).purchases
    assert list(seen.contact_ids) == [mine.id]
    assert len(caller.ListPurchases(listing_pb2.ListRequest()).purchases) == 2
    assert refusal(rep.ListContactPurchases, CustomerPurchasesRequest(id=theirs.id)) == "NOT_FOUND"
