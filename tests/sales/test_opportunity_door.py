"""Opportunities and their pipelines at the door: what moves them, what closes them, what they are refused."""

import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.sales.v1 import opportunity_pb2, order_pb2, pipeline_pb2, product_pb2

from chassis import new_id
from chassis.principal import Principal, acting_as
from chassis.testing import Caller, details, somebody
from services.sales.user import User
from tests.builders.sales import a_pipeline_message, a_product_message, euros
from tests.refused import refusal, violations
from tests.sales.opportunities import got, opened, won

Door = Callable[[Principal], Caller]


def test_an_opportunity_opens_in_the_first_stage_of_the_standard_pipeline(sales: Caller) -> None:
    opportunity = opened(sales, amount=euros(4821))
    assert (opportunity.stage, opportunity.status, opportunity.probability) == ("prospecting", 1, 10)
    assert opportunity.owner_id == sales.whom.user_id
    assert got(sales, opportunity.id) == opportunity
    [pipeline] = sales.ListPipelines(listing_pb2.ListRequest()).pipelines
    assert pipeline.default
    assert pipeline.id == opportunity.pipeline_id


def test_many_first_opportunities_at_once_share_one_standard_pipeline(door: Door) -> None:
    sales = door(somebody())
    threads = [threading.Thread(target=opened, args=(sales,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sales.ListPipelines(listing_pb2.ListRequest()).pipelines) == 1
    assert len(sales.ListOpportunities(listing_pb2.ListRequest()).opportunities) == 6


def test_history_comes_in_closed_with_its_dates(sales: Caller) -> None:
    opportunity = opened(sales, stage="won", open_date="2016-10-20", close_date="2017-03-01", amount=euros(1054))
    assert (opportunity.status, opportunity.days_to_close) == (2, 132)
    assert [entry.stage for entry in opportunity.stage_history] == ["won"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"stage": "nowhere"}, "opportunity.stage"),
        ({"close_date": "2026-03-01"}, "opportunity.close_date"),
        ({"pipeline_id": new_id("pipe")}, "opportunity.pipeline_id"),
        ({"open_date": "2026-13-01"}, "opportunity.open_date"),
        ({"lines": [{"product_id": new_id("prod")}]}, "opportunity.lines[0].product_id"),
        ({"name": ""}, "opportunity.name"),
        ({"account_id": "opp_x"}, "opportunity.account_id"),
        ({"status": "WON"}, "opportunity.status"),
        ({"amount": {"currency_code": "EURO", "units": 1}}, "opportunity.amount.currency_code"),
    ],
)
def test_bad_fields_are_refused_by_name(sales: Caller, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(grpc.RpcError) as error:
        opened(sales, **fields)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in details(error.value)["violations"]


def test_stages_move_by_verbs_only(sales: Caller) -> None:
    opportunity = opened(sales)
    asked = opportunity_pb2.UpdateOpportunityRequest(opportunity={"id": opportunity.id, "stage": "won"})
    asked.update_mask.paths.append("stage")
    assert list(violations(sales.UpdateOpportunity, asked)) == ["opportunity.stage"]
    moved = sales.MoveOpportunity(opportunity_pb2.MoveOpportunityRequest(id=opportunity.id, stage="negotiation"))
    assert [entry.stage for entry in moved.stage_history] == ["prospecting", "negotiation"]


def test_a_record_that_was_read_can_be_sent_back_whole(sales: Caller) -> None:
    opportunity = won(sales, amount=euros(7), contacts=[{"contact_id": new_id("con"), "role": "user"}])
    asked = opportunity_pb2.UpdateOpportunityRequest(opportunity=opportunity)
    asked.update_mask.paths.extend(field.name for field, _ in opportunity.ListFields())
    assert sales.UpdateOpportunity(asked) == opportunity


def test_a_closed_opportunity_is_closed_once_and_can_be_reopened(sales: Caller) -> None:
    opportunity = won(sales)
    again = opportunity_pb2.WinOpportunityRequest(id=opportunity.id)
    assert refusal(lambda: sales.WinOpportunity(again)) == "OPPORTUNITY_ALREADY_CLOSED"
    reopened = sales.ReopenOpportunity(opportunity_pb2.ReopenOpportunityRequest(id=opportunity.id))
    assert (reopened.stage, reopened.close_date) == ("prospecting", "")
    lost = sales.LoseOpportunity(opportunity_pb2.LoseOpportunityRequest(id=opportunity.id, reason="too dear"))
    assert (lost.status, lost.loss_reason) == (3, "too dear")


def test_a_won_opportunity_is_ordered_once_at_the_prices_agreed(sales: Caller) -> None:
    product = sales.CreateProduct(product_pb2.CreateProductRequest(product=a_product_message()))
    opportunity = won(sales, lines=[{"product_id": product.id, "quantity": 200}])
    order = sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=opportunity.id))
    assert order.number.startswith("ORD-")
    assert (order.total.units, order.lines[0].product_name) == (4800, "Rose bush")
    assert got(sales, opportunity.id).order_id == order.id
    again = order_pb2.PlaceOrderRequest(id=opportunity.id)
    assert refusal(lambda: sales.PlaceOrder(again)) == "OPPORTUNITY_ALREADY_ORDERED"
    cancel = order_pb2.CancelOrderRequest(id=order.id, reason="changed their mind")
    assert sales.CancelOrder(cancel).status == order_pb2.Order.CANCELLED
    assert refusal(lambda: sales.CancelOrder(cancel)) == "ORDER_ALREADY_CANCELLED"


def test_order_numbers_have_no_gaps_even_when_an_order_is_refused(sales: Caller) -> None:
    first = sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=won(sales).id))
    refusal(lambda: sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=opened(sales).id)))
    second = sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=won(sales).id))
    assert int(second.number[-6:]) == int(first.number[-6:]) + 1


def test_a_product_that_is_no_longer_sold_stays_where_it_was(sales: Caller) -> None:
    product = sales.CreateProduct(product_pb2.CreateProductRequest(product=a_product_message()))
    opportunity = opened(sales, lines=[{"product_id": product.id}])
    sales.UpdateProduct(
        product_pb2.UpdateProductRequest(
            product={"id": product.id, "discontinued": True}, update_mask={"paths": ["discontinued"]}
        )
    )
    with pytest.raises(grpc.RpcError):
        opened(sales, lines=[{"product_id": product.id}])
    kept = opportunity_pb2.UpdateOpportunityRequest(
        opportunity={"id": opportunity.id, "lines": [{"product_id": product.id, "quantity": 3}]},
        update_mask={"paths": ["lines"]},
    )
    assert sales.UpdateOpportunity(kept).lines[0].quantity == 3


def test_a_stage_that_holds_opportunities_cannot_go(sales: Caller) -> None:
    pipeline = sales.CreatePipeline(pipeline_pb2.CreatePipelineRequest(pipeline=a_pipeline_message()))
    opened(sales, pipeline_id=pipeline.id)
    renamed = a_pipeline_message(id=pipeline.id)
    renamed.stages[0].key = "fresh"
    assert refusal(lambda: sales.UpdatePipeline(pipeline_pb2.UpdatePipelineRequest(pipeline=renamed))) == "STAGE_IN_USE"
    assert refusal(lambda: sales.DeletePipeline(requests_pb2.DeleteRequest(id=pipeline.id))) == "STAGE_IN_USE"


def test_the_default_moves_and_stays_with_exactly_one_pipeline(sales: Caller) -> None:
    opened(sales)
    pipeline = sales.CreatePipeline(pipeline_pb2.CreatePipelineRequest(pipeline=a_pipeline_message()))
    sales.MakePipelineDefault(pipeline_pb2.MakePipelineDefaultRequest(id=pipeline.id))
    defaults = [each.id for each in sales.ListPipelines(listing_pb2.ListRequest()).pipelines if each.default]
    assert defaults == [pipeline.id]
    assert refusal(lambda: sales.DeletePipeline(requests_pb2.DeleteRequest(id=pipeline.id))) == "PIPELINE_IS_DEFAULT"
    assert opened(sales).pipeline_id == pipeline.id


def test_a_rep_hands_an_opportunity_over_and_out_of_reach(door: Door) -> None:
    tenant, colleague = new_id("ten"), new_id("usr")
    mine = door(somebody(tenant, grants={"sales.*.*": "own"}))
    with acting_as(mine.whom):
        User.remember(colleague, 1, name="Bo Birch", team_id=None)
    opportunity = opened(mine)
    assign = opportunity_pb2.AssignOpportunityRequest(id=opportunity.id, owner_id=colleague)
    assert mine.AssignOpportunity(assign).owner_id == colleague
    assert refusal(lambda: got(mine, opportunity.id)) == "NOT_FOUND"
    nobody = opportunity_pb2.AssignOpportunityRequest(id=opened(mine).id, owner_id=new_id("usr"))
    assert refusal(lambda: mine.AssignOpportunity(nobody)) == "INVALID"
