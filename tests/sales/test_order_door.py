"""Orders over the door: brought in as history, by external id and in batches, taken back, amended, and reported on."""

import random
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.sales.v1 import opportunity_pb2, order_pb2, product_pb2, report_pb2
from google.protobuf import json_format

from chassis import new_id, transaction
from chassis.principal import Principal
from chassis.testing import Caller, details, somebody
from tests.builders.sales import a_product_message, an_opportunity_message, an_order_message, euros
from tests.refused import refusal, violations

Order = order_pb2.Order
Door = Callable[[Principal], Caller]


@pytest.fixture
def rose(sales: Caller) -> str:
    return sales.CreateProduct(product_pb2.CreateProductRequest(product=a_product_message())).id


def brought(sales: Caller, product_id: str, **fields: Any) -> order_pb2.Order:
    asked = order_pb2.CreateOrderRequest(order=an_order_message(product_id, **fields))
    return sales.CreateOrder(asked)


def upserted(sales: Caller, **order: Any) -> Any:
    batch = order_pb2.BatchOrdersRequest(items=[{"order": order}])
    return sales.BatchUpsertOrders(batch).results[0]


def announced(id: str) -> list[str]:
    rows = transaction.database()["events"].find({"record_id": id}).sort([("revision", 1), ("ordinal", 1)])
    return [row["type"].rpartition(".")[2] for row in rows]


def report(sales: Caller, *by: str, **where: Any) -> report_pb2.OrderReport:
    asked = report_pb2.OrderReportRequest(group_by=by)
    if where:
        conditions = [{"field": name, "op": "eq", "value": value} for name, value in where.items()]
        json_format.ParseDict({"all": conditions}, asked.filter)
    return sales.ReportOrders(asked)


def test_an_order_of_the_past_comes_in_with_its_own_time_and_number(sales: Caller, rose: str) -> None:
    order = brought(
        sales, rose, account_id=new_id("acc"), contact_ids=[new_id("con")], place_time={"seconds": 1291191960},
        external_ids=[{"system": "erp", "id": "536365"}],
    )  # fmt: skip
    assert order.order_date == "2010-12-01"
    assert (order.kind, order.status, order.number[:4]) == (Order.SALE, Order.PLACED, "ORD-")
    assert (order.total.units, order.lines[0].product_name) == (25, "Rose bush")
    assert announced(order.id) == ["OrderPlaced"]


def test_an_order_without_a_time_is_placed_now(sales: Caller, rose: str) -> None:
    order = brought(sales, rose)
    assert order.place_time.ToDatetime().date().isoformat() == order.order_date


def test_a_price_that_is_not_given_is_the_list_price(sales: Caller, rose: str) -> None:
    assert brought(sales, rose, lines=[{"product_id": rose, "quantity": 3}]).total.units == 72


def test_what_is_no_longer_sold_was_sold_all_the_same(sales: Caller) -> None:
    asked = product_pb2.CreateProductRequest(product=a_product_message(discontinued=True))
    assert brought(sales, sales.CreateProduct(asked).id).total.units == 25


def test_a_credit_takes_back_with_quantities_below_zero(sales: Caller, rose: str) -> None:
    line = {"product_id": rose, "quantity": -3, "unit_price": euros(0, 350_000_000)}
    credit = brought(sales, rose, kind="CREDIT", lines=[line])
    assert (credit.total.units, credit.total.nanos) == (-1, -50_000_000)


def test_an_order_that_was_cancelled_elsewhere_comes_in_cancelled(sales: Caller, rose: str) -> None:
    order = brought(sales, rose, order_date="2010-12-01", status="CANCELLED", cancel_reason="out of stock")
    assert order.cancel_time.ToJsonString() == "2010-12-01T00:00:00Z"
    assert announced(order.id) == ["OrderPlaced", "OrderCancelled"]
    cancel = order_pb2.CancelOrderRequest(id=order.id, reason="again")
    assert refusal(sales.CancelOrder, cancel) == "ORDER_ALREADY_CANCELLED"


def test_how_far_an_order_is_paid_is_told_by_who_keeps_the_accounts(sales: Caller, rose: str) -> None:
    order = brought(sales, rose, payment_state="UNPAID")
    paid = order_pb2.Order(id=order.id, payment_state="PAID")
    told = sales.UpdateOrder(order_pb2.UpdateOrderRequest(order=paid, update_mask={"paths": ["payment_state"]}))
    assert (order.payment_state, told.payment_state) == (order_pb2.Order.UNPAID, order_pb2.Order.PAID)
    assert announced(order.id) == ["OrderPlaced", "OrderUpdated"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"lines": []}, "order.lines"),
        ({"lines": [{"product_id": new_id("prod")}]}, "order.lines[0].product_id"),
        ({"kind": "CREDIT"}, "order.lines[0].quantity"),
        ({"order_date": "2010-12-32"}, "order.order_date"),
        ({"order_date": "2010-12-03", "place_time": {"seconds": 1291191960}}, "order.order_date"),
        ({"cancel_reason": "because"}, "order.cancel_reason"),
        ({"status": "CANCELLED", "order_date": "2026-01-02", "cancel_time": {"seconds": 1}}, "order.cancel_time"),
        ({"contact_ids": ["acc_1"]}, "order.contact_ids[0]"),
        ({"number": "7"}, "order.number"),
        ({"total": euros(1)}, "order.total"),
    ],
)
def test_bad_fields_are_refused_by_name(sales: Caller, rose: str, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(grpc.RpcError) as error:
        brought(sales, rose, **fields)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in details(error.value)["violations"]


def test_a_sale_takes_nothing_back_and_an_opportunity_neither(sales: Caller, rose: str) -> None:
    lines = [{"product_id": rose, "quantity": -1, "unit_price": euros(1)}]
    opened = opportunity_pb2.CreateOpportunityRequest(opportunity=an_opportunity_message(lines=lines))
    for noun, call in (
        ("order", lambda: brought(sales, rose, lines=lines)),
        ("opportunity", lambda: sales.CreateOpportunity(opened)),
    ):
        assert f"{noun}.lines[0].quantity" in violations(call)


def test_an_upsert_makes_one_order_changes_nothing_and_then_its_lines(sales: Caller, rose: str) -> None:
    given = {"external_ids": [{"system": "erp", "id": "7"}], "order_date": "2010-12-01"}
    lines = [{"product_id": rose, "quantity": 2, "unit_price": euros(3)}]
    first, again = (upserted(sales, lines=lines, **given) for _ in range(2))
    assert (first.outcome, again.outcome) == (requests_pb2.CREATED, requests_pb2.UNCHANGED)
    lines[0]["quantity"] = 5
    changed = upserted(sales, lines=lines, **given)
    assert (changed.outcome, changed.order.id, changed.order.total.units) == (requests_pb2.UPDATED, first.order.id, 15)
    assert announced(first.order.id) == ["OrderPlaced", "OrderUpdated"]
    moved = upserted(sales, **given | {"order_date": "2010-12-02"})
    assert "order_date" in str(moved.error)


def test_lines_agreed_in_an_opportunity_stay(sales: Caller, rose: str) -> None:
    lines = [{"product_id": rose, "quantity": 2}]
    opportunity = an_opportunity_message(lines=lines, contacts=[{"contact_id": new_id("con")}], stage="won")
    opened = sales.CreateOpportunity(opportunity_pb2.CreateOpportunityRequest(opportunity=opportunity))
    order = sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=opened.id))
    assert list(order.contact_ids) == [opened.contacts[0].contact_id]
    same = order_pb2.UpdateOrderRequest(order={"id": order.id, "lines": order.lines, "description": "by cart"})
    assert sales.UpdateOrder(same).description == "by cart"
    del same.order.lines[:]
    same.order.lines.add(product_id=rose, quantity=9)
    assert refusal(sales.UpdateOrder, same) == "ORDER_AGREED"


def test_racing_upserts_leave_one_order(sales: Caller, rose: str) -> None:
    asked = order_pb2.UpsertOrderRequest(system="erp", external_id="7", order=an_order_message(rose))
    threads = [threading.Thread(target=sales.UpsertOrder, args=(asked,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sales.ListOrders(listing_pb2.ListRequest()).orders) == 1


def test_an_order_that_is_refused_in_a_batch_uses_no_number_up(sales: Caller, rose: str) -> None:
    good, bad = an_order_message(rose), an_order_message(rose, kind="CREDIT")
    batch = order_pb2.BatchOrdersRequest(items=[{"order": good}, {"order": bad}, {"order": good}])
    answer = sales.BatchCreateOrders(batch)
    assert answer.failed_count == 1
    first, second = (int(each.order.number[-6:]) for each in answer.results if each.HasField("order"))
    assert second == first + 1
    changed = [{"order": {"id": answer.results[0].order.id, "description": "by cart"}}]
    updated = sales.BatchUpdateOrders(order_pb2.BatchOrdersRequest(items=changed))
    assert updated.results[0].order.description == "by cart"


def test_a_rep_brings_in_orders_of_the_own_and_no_others(door: Door, sales: Caller, rose: str) -> None:
    grants = {"sales.order.write": "own", "sales.order.read": "own", "sales.product.read": "all"}
    rep = door(somebody(sales.whom.tenant_id, grants=grants))
    assert brought(rep, rose).owner_id == rep.whom.user_id
    with pytest.raises(grpc.RpcError) as error:
        brought(rep, rose, owner_id=new_id("usr"))
    assert error.value.code() is grpc.StatusCode.PERMISSION_DENIED
    brought(sales, rose)
    assert [each.ReportOrders(report_pb2.OrderReportRequest()).total.count for each in (rep, sales)] == [1, 2]


def test_the_report_counts_sales_credits_and_cancellations_apart(sales: Caller, rose: str) -> None:
    account, day = new_id("acc"), {"order_date": "2011-06-09"}
    brought(sales, rose, account_id=account, order_date="2011-05-31")
    brought(sales, rose, account_id=account, **day)
    line = {"product_id": rose, "quantity": -1, "unit_price": euros(12, 500_000_000)}
    brought(sales, rose, account_id=account, kind="CREDIT", lines=[line], order_date="2011-07-01")
    brought(sales, rose, account_id=account, status="CANCELLED", **day)
    brought(sales, rose, lines=[{**line, "quantity": 1, "unit_price": {"currency_code": "USD", "units": 7}}], **day)
    total = report(sales).total
    assert (total.count, total.sale_count, total.credit_count, total.cancelled_count) == (4, 3, 1, 1)
    assert [(each.currency_code, each.units, each.nanos) for each in total.amount] == [
        ("EUR", 37, 500_000_000), ("USD", 7, 0)
    ]  # fmt: skip
    assert (total.sold_amount[0].units, total.credited_amount[0].units, total.quantity) == (50, -12, 4)
    [row] = report(sales, "account", account_id=account).rows
    assert (row.first_order_date, row.last_order_date, row.sale_count) == ("2011-05-31", "2011-06-09", 2)
    months = {row.group[0].value: row.sale_count for row in report(sales, "month").rows}
    assert months == {"2011-05": 1, "2011-06": 2, "2011-07": 0}
    assert {row.group[0].value for row in report(sales, "quarter").rows} == {"2011-Q2", "2011-Q3"}
    assert [row.group[0].label for row in report(sales, "product").rows] == ["Rose bush"]


def test_the_report_equals_what_is_counted_from_the_orders(sales: Caller) -> None:
    chance = random.Random(7)
    products = [
        sales.CreateProduct(product_pb2.CreateProductRequest(product=a_product_message(name=name))).id for name in "abc"
    ]
    items = []
    for _ in range(120):
        kind = chance.choice(["SALE", "SALE", "CREDIT"])
        sign = -1 if kind == "CREDIT" else 1
        lines = [
            {
                "product_id": chance.choice(products), "quantity": sign * chance.randint(1, 90_000),
                "unit_price": euros(chance.randint(0, 9_000), chance.randint(0, 999_999_999)),
            }
            for _ in range(chance.randint(1, 6))
        ]  # fmt: skip
        status = chance.choice(["PLACED", "PLACED", "CANCELLED"])
        items.append({"order": {"kind": kind, "status": status, "lines": lines, "order_date": "2011-06-09"}})
    orders = [each.order for each in sales.BatchCreateOrders(order_pb2.BatchOrdersRequest(items=items)).results]
    whole, pieces, holding, worth = 0, defaultdict(int), defaultdict(int), defaultdict(int)
    for order in (each for each in orders if each.status == Order.PLACED):
        whole += order.total.units * 10**9 + order.total.nanos
        for product in {line.product_id for line in order.lines}:
            holding[product] += 1
        for line in order.lines:
            pieces[line.product_id] += line.quantity
            worth[line.product_id] += line.quantity * (line.unit_price.units * 10**9 + line.unit_price.nanos)
    found = report(sales, "product")
    assert exact(found.total.amount) == whole
    rows = {row.group[0].value: row for row in found.rows}
    assert {id: row.count for id, row in rows.items()} == holding
    assert {id: row.quantity for id, row in rows.items()} == pieces
    assert {id: exact(row.amount) for id, row in rows.items()} == worth


def test_a_report_of_too_many_rows_is_refused(sales: Caller, rose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.sales.order_report.MOST_ROWS", 1)
    for day in ("2011-05-31", "2011-06-01"):
        brought(sales, rose, order_date=day)
    assert "group_by" in violations(report, sales, "month")


def exact(amounts: Any) -> int:
    [amount] = amounts
    return amount.units * 10**9 + amount.nanos
