"""A gift wholesaler's orders come in over the public API, twice, and the order report knows them to the tenth of a penny.

The first invoices of the file are brought in and held to what is counted from the file; the whole file, counted the same way, is
held to the known answers. `python -m tests.journeys.online_retail` brings in the whole.
"""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.journeys.imports import agrees, amount_of, outcomes, tell
from tests.journeys.online_retail.__main__ import DATA
from tests.journeys.online_retail.figures import MINE, counted, read_back, reported
from tests.journeys.online_retail.files import Files
from tests.journeys.online_retail.loader import load
from tests.journeys.online_retail.published import published
from tests.journeys.waiting import eventually

pytestmark = [
    pytest.mark.skipif(not DATA.exists(), reason=f"the wholesaler's data is not in {DATA}"),
    pytest.mark.timeout(120),
]

FIRST = 100  # invoices


@pytest.fixture(scope="module")
def wholesaler(company: Any) -> SimpleNamespace:
    """The company after two runs of the loader."""
    client, files = company.administrator, Files(DATA, FIRST)
    first, second = load(client, files), load(client, Files(DATA, FIRST))
    tell(outcomes(first), "", outcomes(second))
    return SimpleNamespace(client=client, files=files, first=first, second=second)


@pytest.mark.whole
def test_the_files_figures_are_the_known_answers() -> None:
    known, figures = published(DATA.parent / "README.md"), counted(Files(DATA))
    assert {
        name: (shown, figures.get(name)) for name, shown in known.items() if not agrees(shown, figures.get(name))
    } == {}


def test_every_invoice_comes_in_once(wholesaler: SimpleNamespace) -> None:
    files = wholesaler.files
    came = {plural: dict(counts) for plural, counts in wholesaler.first.outcomes.items()}
    assert came == {
        "products": {"CREATED": len(files.names)}, "accounts": {"CREATED": len(files.countries)},
        "contacts": {"CREATED": len(files.countries)}, "orders": {"CREATED": len(files.orders)},
    }  # fmt: skip
    assert set(wholesaler.second.all_outcomes) == {"UNCHANGED"}
    assert wholesaler.second.ids == wholesaler.first.ids


def test_the_figures_over_rest_are_the_files(wholesaler: SimpleNamespace) -> None:
    told = reported(wholesaler.client, wholesaler.first) | read_back(wholesaler.client, wholesaler.first)
    assert told == {name: figure for name, figure in counted(wholesaler.files).items() if name in told}
    assert counted(wholesaler.files).keys() == told.keys()


def test_orders_and_credits_stand_at_their_own_time_on_their_customers_timeline(wholesaler: SimpleNamespace) -> None:
    credits = [order for order in wholesaler.files.orders if order.number.startswith("C") and order.customer]
    customer = credits[0].customer
    mine = [order for order in wholesaler.files.orders if order.customer == customer]
    path = f"/v1/accounts/{wholesaler.first.ids['accounts'][customer]}/timeline"
    told = eventually(
        lambda: len(found := wholesaler.client.get(path, page_size=200)["interactions"]) == len(mine) and found, 60
    )
    assert sorted(each["occur_time"] for each in told) == sorted(f"{order.time}Z" for order in mine)
    credited = [each for each in told if each["title"].startswith("Order credited")]
    assert len(credited) == len([order for order in credits if order.customer == customer])


def test_what_a_buyer_spent_counts_in_the_audience(wholesaler: SimpleNamespace) -> None:
    buyer = next(order for order in wholesaler.files.orders if order.customer)
    sales = [order for order in wholesaler.files.orders if order.customer == buyer.customer and order.sale]
    contact = wholesaler.first.ids["contacts"][buyer.customer]
    filter = {"field": "id", "op": "eq", "value": contact}

    def count() -> int:
        members = wholesaler.client.get("/v1/audience-members", filter=filter)["audience_members"]
        return members[0]["order_count"] if members else 0

    eventually(lambda: count() == len(sales), 60)


def test_every_customers_recency_frequency_and_value_are_the_files(wholesaler: SimpleNamespace) -> None:
    counted: dict[str, tuple[int, str, Decimal]] = {}
    for order in (each for each in wholesaler.files.orders if each.customer):
        count, last, value = counted.get(order.customer, (0, "", Decimal(0)))
        bought = not order.number.startswith("C") and order.amount >= 0
        day = max(last, order.time[:10]) if bought else last
        counted[order.customer] = (count + bought, day, value + order.amount)
    names = wholesaler.first.named("accounts")

    def told() -> dict[str, tuple[int, str, Decimal]]:
        asked = {"filter": {"field": "purchases", "op": "exists", "value": True}, "page_size": 200}
        return {
            names[account["id"]]: (
                figures["order_count"], figures.get("last_order_date", ""), amount_of(figures.get("values", []), "GBP")
            )
            for account in wholesaler.client.pages("/v1/accounts", "accounts", **asked)
            for figures in [account["purchases"]]
        }  # fmt: skip

    eventually(lambda: told() == counted, 60)


def test_an_order_is_found_by_the_number_that_its_system_gave_it(wholesaler: SimpleNamespace) -> None:
    number = wholesaler.files.orders[0].number
    found = wholesaler.client.get("/v1/orders", **{"external_ids.id": number, "filter": MINE})["orders"]
    assert [each["id"] for each in found] == [wholesaler.first.ids["orders"][number]]
