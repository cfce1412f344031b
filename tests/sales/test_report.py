"""The pipeline report over the door."""

from typing import Any

import pytest
from crm.common.v1 import listing_pb2
from crm.sales.v1 import opportunity_pb2, product_pb2, report_pb2
from google.protobuf import json_format

from chassis.testing import Caller
from tests.builders.sales import a_product_message, an_opportunity_message, euros


def opened(sales: Caller, **fields: Any) -> opportunity_pb2.Opportunity:
    asked = opportunity_pb2.CreateOpportunityRequest(opportunity=an_opportunity_message(**fields))
    return sales.CreateOpportunity(asked)


def where(**fields: Any) -> listing_pb2.Filter:
    [(field, value)] = fields.items()
    return json_format.ParseDict({"field": field, "op": "eq", "value": value}, listing_pb2.Filter())


def test_the_report_counts_and_sums_by_what_it_is_asked(sales: Caller) -> None:
    rose = sales.CreateProduct(product_pb2.CreateProductRequest(product=a_product_message()))
    line = {"product_id": rose.id, "quantity": 2, "unit_price": euros(50, 250_000_000)}
    history = {"stage": "won", "open_date": "2026-01-01"}
    opened(sales, **history, close_date="2026-01-11", amount=euros(100, 500_000_000), lines=[line])
    opened(sales, **history, close_date="2026-04-11", amount={"currency_code": "USD", "units": 7})
    opened(sales, stage="lost", open_date="2026-01-01", close_date="2026-01-02")
    opened(sales, amount=euros(1))
    report = sales.ReportPipeline(report_pb2.PipelineReportRequest(group_by=["quarter"]))
    total = report.total
    assert (total.count, total.open_count, total.won_count, total.lost_count) == (4, 1, 2, 1)
    assert [(each.currency_code, each.units, each.nanos) for each in total.won_amount] == [
        ("EUR", 100, 500_000_000), ("USD", 7, 0)
    ]  # fmt: skip
    assert total.win_rate == pytest.approx(2 / 3)
    assert (total.average_days_to_close, total.median_days_to_close) == (55, 55)
    assert {row.group[0].value: row.count for row in report.rows} == {"2026-Q1": 2, "2026-Q2": 1, "": 1}
    by_product = sales.ReportPipeline(report_pb2.PipelineReportRequest(group_by=["product"], filter=where(stage="won")))
    labelled = {row.group[0].label: [(each.units, each.nanos) for each in row.won_amount] for row in by_product.rows}
    assert labelled["Rose bush"] == [(100, 500_000_000)]
    assert by_product.total.count == 2
