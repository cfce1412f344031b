"""The noun: what an order does by itself, without any connection."""

from collections.abc import Iterator

import pytest

from chassis.principal import acting_as
from chassis.refusals import Invalid
from chassis.testing import somebody
from services.sales.line import demand_one_currency, demand_quantities
from services.sales.refusals import OrderAgreed, OrderAlreadyCancelled
from tests.builders.sales import MORNING, an_order, euros


@pytest.fixture(autouse=True)
def _acting() -> Iterator[None]:
    with acting_as(somebody("ten_1")):
        yield


def test_a_cancelled_order_stands_no_more_and_says_when_and_why() -> None:
    order = an_order()
    assert order.standing
    order.cancel("changed their mind", at=MORNING)
    assert order.cancelled
    [event] = order._recorded()
    assert event.DESCRIPTOR.name == "OrderCancelled"
    assert (event.order.cancel_reason, event.order.cancel_time.ToSeconds()) == (
        "changed their mind", int(MORNING.timestamp())
    )  # fmt: skip


def test_a_cancelled_order_stays_cancelled() -> None:
    with pytest.raises(OrderAlreadyCancelled):
        an_order(status="CANCELLED").cancel("again", at=MORNING)


def test_lines_that_are_as_they_were_keep_the_names_that_they_had() -> None:
    order = an_order(opportunity_id="opp_1")
    order._before = order._stored()
    order.lines = [{"product_id": "prod_1", "quantity": 2, "unit_price": euros(12, 500_000_000)}]
    order.settle()
    assert order.lines[0]["product_name"] == "Rose bush"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [({"opportunity_id": "opp_1"}, OrderAgreed), ({"status": "CANCELLED"}, OrderAlreadyCancelled), ({}, Invalid)],
)
def test_lines_that_stand_cannot_be_taken_away(fields: dict[str, str], refusal: type[Exception]) -> None:
    order = an_order(**fields)
    order._before = order._stored()
    order.lines = []
    with pytest.raises(refusal):
        order.settle()


@pytest.mark.parametrize(("sign", "wrong"), [(1, 1), (-1, 0)])
def test_every_quantity_has_the_sign_of_its_order(sign: int, wrong: int) -> None:
    with pytest.raises(Invalid) as raised:
        demand_quantities("order", [{"quantity": 3}, {"quantity": -3}], sign)
    assert [each.field for each in raised.value.violations] == [f"order.lines[{wrong}].quantity"]


def test_lines_of_two_currencies_have_no_sum() -> None:
    with pytest.raises(Invalid) as raised:
        demand_one_currency("order", [{"unit_price": euros(1)}], {"currency_code": "USD"})
    assert raised.value.violations[0].description == "mix the currencies EUR, USD"
