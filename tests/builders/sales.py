"""Builders of sales nouns, with a small cast: Rose & Thorn Nurseries buys what Kith's sample company sells."""

from datetime import UTC, datetime
from typing import Any

from crm.sales.v1 import opportunity_pb2, order_pb2, pipeline_pb2, product_pb2

from services.sales.opportunity import Opportunity
from services.sales.order import Order
from services.sales.pipeline import LOST, OPEN, WON, Stage

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

STAGES: dict[str, Stage] = {
    "prospecting": {"key": "prospecting", "status": OPEN, "probability": 10, "forecast_category": "IN_PIPELINE"},
    "negotiation": {"key": "negotiation", "status": OPEN, "probability": 80, "forecast_category": "COMMIT"},
    "won": {"key": "won", "status": WON, "probability": 100, "forecast_category": "CLOSED"},
    "lost": {"key": "lost", "status": LOST, "probability": 0, "forecast_category": "OMITTED"},
}


def an_opportunity(stage: str = "prospecting", **fields: Any) -> Opportunity:
    """An opportunity that never met a database, standing in one of STAGES."""
    given = {"name": "200 rose bushes", "open_date": "2026-03-02", "account_name": "Rose & Thorn Nurseries"} | fields
    opportunity = Opportunity(id="opp_01m80nk41xeqr8nx3htck6pmz2", tenant_id="ten_1", create_time=MORNING, **given)
    opportunity._enter(STAGES[stage], MORNING)
    return opportunity


def an_opportunity_message(**fields: Any) -> opportunity_pb2.Opportunity:
    """What a client sends to open an opportunity."""
    return opportunity_pb2.Opportunity(**({"name": "200 rose bushes"} | fields))


def a_product_message(**fields: Any) -> product_pb2.Product:
    """What a client sends to list a product."""
    return product_pb2.Product(**({"name": "Rose bush", "list_price": euros(24)} | fields))


def a_pipeline_message(**fields: Any) -> pipeline_pb2.Pipeline:
    """What a client sends to lay a pipeline."""
    stages = [
        {"key": "open", "name": "Open", "status": "OPEN", "probability": 20},
        {"key": "won", "name": "Won", "status": "WON"},
        {"key": "lost", "name": "Lost", "status": "LOST"},
    ]
    return pipeline_pb2.Pipeline(**({"name": "Renewals", "stages": stages} | fields))


def euros(units: int, nanos: int = 0) -> dict[str, Any]:
    """Money in euros."""
    return {"currency_code": "EUR", "units": units, "nanos": nanos}


def an_order_message(product_id: str, **fields: Any) -> order_pb2.Order:
    """What a client sends to bring an order in: two rose bushes."""
    lines = [{"product_id": product_id, "quantity": 2, "unit_price": euros(12, 500_000_000)}]
    return order_pb2.Order(**({"lines": lines} | fields))


def an_order(**fields: Any) -> Order:
    """An order that never met a database: two rose bushes, placed in the morning."""
    line = {"product_id": "prod_1", "product_name": "Rose bush", "quantity": 2, "unit_price": euros(12, 500_000_000)}
    given = {
        "number": "ORD-2026-000007", "kind": "SALE", "status": "PLACED", "order_date": "2026-03-02", "lines": [line],
        "total": euros(25), "place_time": MORNING,
    } | fields  # fmt: skip
    return Order(id="ord_01m80nk41xeqr8nx3htck6pmz2", tenant_id="ten_1", create_time=MORNING, **given)
