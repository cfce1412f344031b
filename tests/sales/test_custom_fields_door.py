"""Fields of a tenant's own on opportunities and orders."""

from typing import Any

from crm.common.v1 import listing_pb2
from crm.sales.v1 import events_pb2, opportunity_pb2, order_pb2, report_pb2
from google.protobuf import json_format

from chassis import transaction
from chassis.events import outbox
from chassis.testing import Caller, somebody
from tests.builders.fields import define
from tests.builders.sales import euros
from tests.refused import refusal
from tests.sales.opportunities import opened


def fields_of(record: Any) -> dict[str, Any]:
    return json_format.MessageToDict(record.custom_fields)


def test_a_formula_follows_the_verbs_of_an_opportunity(sales: Caller) -> None:
    define(sales, "share", noun="opportunity", type="INTEGER", default_value={"number_value": 10})
    define(sales, "fee", noun="opportunity", type="DECIMAL", formula="round(amount * share / 100, 2)")
    define(sales, "standing", noun="opportunity", formula="concat(stage, ' ', status)")
    opportunity = opened(sales, amount=euros(4821))
    assert fields_of(opportunity) == {"share": 10, "fee": "482.1", "standing": "prospecting OPEN"}
    won = sales.WinOpportunity(opportunity_pb2.WinOpportunityRequest(id=opportunity.id, amount=euros(100)))
    assert fields_of(won) == {"share": 10, "fee": "10", "standing": "won WON"}
    row = transaction.database()[outbox.EVENTS].find_one({"record_id": opportunity.id, "subject": "opportunity.won"})
    assert fields_of(events_pb2.OpportunityWon.FromString(row["body"]).opportunity)["fee"] == "10"


def test_verbs_answer_without_what_their_caller_may_not_see(sales: Caller, door: Any) -> None:
    define(sales, "margin", noun="opportunity", type="INTEGER", read_roles=["manager"])
    opportunity = opened(sales, custom_fields={"margin": 40})
    rep = door(somebody(sales.whom.tenant_id, grants={"sales.*.*": "all"}, roles=("sales_rep",)))
    won = rep.WinOpportunity(opportunity_pb2.WinOpportunityRequest(id=opportunity.id))
    assert fields_of(won) == {}
    [listed] = rep.ListOpportunities(listing_pb2.ListRequest()).opportunities
    assert fields_of(listed) == {}


def test_a_report_takes_no_condition_on_what_its_caller_may_not_see(sales: Caller, door: Any) -> None:
    define(sales, "margin", noun="opportunity", type="INTEGER", read_roles=["manager"])
    opened(sales, custom_fields={"margin": 40})
    request = report_pb2.PipelineReportRequest(group_by=["stage"])
    json_format.ParseDict({"field": "custom_fields.margin", "op": "gt", "value": 1}, request.filter)
    assert sales.ReportPipeline(request).total.count == 1
    rep = door(somebody(sales.whom.tenant_id, grants={"sales.*.*": "all"}, roles=("sales_rep",)))
    assert refusal(rep.ReportPipeline, request) == "INVALID"


def test_an_order_has_defaults_from_its_first_event_on(sales: Caller) -> None:
    define(sales, "channel", noun="order", default_value={"string_value": "shop"})
    define(sales, "worth", noun="order", type="DECIMAL", formula="total * 2")
    opportunity = opened(sales, amount=euros(50))
    sales.WinOpportunity(opportunity_pb2.WinOpportunityRequest(id=opportunity.id))
    order = sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=opportunity.id))
    assert fields_of(order) == {"channel": "shop", "worth": "100"}
    row = transaction.database()[outbox.EVENTS].find_one({"record_id": order.id, "subject": "order.placed"})
    assert fields_of(events_pb2.OrderPlaced.FromString(row["body"]).order) == {"channel": "shop", "worth": "100"}
    request = order_pb2.UpdateOrderRequest(order={"id": order.id, "custom_fields": {"channel": "phone"}})
    request.update_mask.paths.append("custom_fields")
    assert fields_of(sales.UpdateOrder(request))["channel"] == "phone"
