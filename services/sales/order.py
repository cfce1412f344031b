"""Orders: what customers have bought."""

from typing import Self

from crm.common.v1 import money_pb2
from crm.sales.v1 import events_pb2, line_pb2, order_pb2

from chassis import Owned, Part, Parts, StringField
from services.sales.line import priced, total
from services.sales.opportunity import Opportunity
from services.sales.refusals import OrderAlreadyCancelled

PLACED, CANCELLED = "PLACED", "CANCELLED"


class Order(Owned):
    """What a customer has bought."""

    contract = order_pb2.Order
    meta = {"collection": "orders"}
    searched = ("number", "account_name")
    unique = ("number",)
    indexed = (("account_id", "order_date"), ("opportunity_id",), ("order_date",))

    number = StringField()
    opportunity_id = StringField()
    account_id = StringField()
    account_name = StringField()
    status = StringField()
    lines = Parts(line_pb2.Line)
    total = Part(money_pb2.Money)
    order_date = StringField()
    description = StringField()
    cancel_reason = StringField()

    @classmethod
    def of(cls, opportunity: Opportunity, number: str, on: str, description: str) -> Self:
        """The order of a won opportunity, with the prices agreed, not yet kept."""
        lines = priced(opportunity.lines)
        order = cls.fresh(
            number=number, opportunity_id=opportunity.id, account_id=opportunity.account_id,
            account_name=opportunity.account_name, owner_id=opportunity.owner_id, team_id=opportunity.team_id,
            status=PLACED, lines=lines, total=opportunity.amount or total(lines), order_date=on,
            description=description or None,
        )  # fmt: skip
        people = [role["contact_id"] for role in opportunity.contacts]
        order.record(events_pb2.OrderPlaced(order=order.message(), contact_ids=people))
        return order

    def cancel(self, reason: str) -> None:
        """Call the order off; a cancelled one stays cancelled."""
        if self.status == CANCELLED:
            raise OrderAlreadyCancelled(number=self.number)
        self.status, self.cancel_reason = CANCELLED, reason
        self.record(events_pb2.OrderCancelled(order=self.message()))
