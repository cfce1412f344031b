"""What an overview asks of support is answered by one index each."""

from typing import Any

import pytest

from chassis.principal import acting_as
from chassis.testing import somebody
from services.support.ticket import Ticket
from tests.plans import plan


@pytest.mark.parametrize("field", ["requester_id", "account_id"])
def test_the_latest_tickets_of_a_customer_come_sorted_from_an_index(door: Any, field: str) -> None:
    with acting_as(somebody()):
        query = {**Ticket.visible(), "deleted_time": None, field: "x_1"}
    stages, indexes = plan(Ticket._get_collection(), query, [("open_time", -1), ("_id", -1)])
    assert not {"COLLSCAN", "SORT"} & stages
    assert {keys[:4] for keys in indexes} == {("tenant_id", field, "open_time", "_id")}
