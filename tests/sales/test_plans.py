"""What an overview asks of sales is answered by one index each."""

from typing import Any

import pytest

from chassis import merging
from chassis.principal import acting_as
from chassis.testing import Caller
from services.sales.opportunity import Opportunity
from services.sales.order import Order
from services.sales.reactions import OF_ACCOUNTS, OF_CONTACTS
from tests.plans import demand_indexed, plan


def visible(noun: Any, caller: Caller) -> dict[str, Any]:
    with acting_as(caller.whom):
        return {**noun.visible(), "deleted_time": None}


def test_the_open_opportunities_of_a_contact_are_found_by_an_index(sales: Caller) -> None:
    rows = [
        {"_id": f"opp_{sales.whom.tenant_id}_{number}", "tenant_id": sales.whom.tenant_id, "status": "OPEN",
         "contacts": [{"contact_id": f"con_{number}"}]}
        for number in range(100)
    ]  # fmt: skip
    Opportunity._get_collection().insert_many(rows)  # without others in the way, every index is as good
    query = visible(Opportunity, sales) | {"contacts.contact_id": "con_1", "status": "OPEN"}
    stages, indexes = plan(Opportunity._get_collection(), query)
    assert not {"COLLSCAN", "SORT"} & stages
    assert indexes == {("tenant_id", "contacts.contact_id", "_id")}


@pytest.mark.parametrize("field", ["account_id", "contact_ids"])
def test_the_latest_orders_come_sorted_from_an_index(sales: Caller, field: str) -> None:
    query = visible(Order, sales) | {field: "one"}
    stages, indexes = plan(Order._get_collection(), query, [("order_date", -1), ("_id", -1)])
    assert not {"COLLSCAN", "SORT"} & stages
    assert {keys[:4] for keys in indexes} == {("tenant_id", field, "order_date", "_id")}


@pytest.mark.parametrize("reference", OF_CONTACTS + OF_ACCOUNTS, ids=lambda each: f"{each.collection}.{each.path}")
def test_what_names_a_customer_is_found_by_an_index(sales: Caller, reference: merging.Reference) -> None:
    demand_indexed(reference)
