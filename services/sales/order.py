"""Orders: what customers have bought, and what they gave back."""

from datetime import UTC, date, datetime, time
from typing import Any, Self

from crm.common.v1 import money_pb2
from crm.sales.v1 import events_pb2, line_pb2, order_pb2

from chassis import (
    CustomFields,
    DateTimeField,
    Invalid,
    ListField,
    Owned,
    Part,
    Parts,
    StringField,
    next_number,
    now,
    today,
)
from services.sales.account import sell_to
from services.sales.line import (
    Line,
    demand_one_currency,
    demand_quantities,
    name_the_products,
    priced,
    total,
)
from services.sales.opportunity import Opportunity
from services.sales.refusals import OrderAgreed, OrderAlreadyCancelled
from services.sales.user import User

PLACED, CANCELLED = "PLACED", "CANCELLED"
SALE, CREDIT = "SALE", "CREDIT"


class Order(Owned):
    """What a customer has bought, or has given back."""

    contract = order_pb2.Order
    meta = {"collection": "orders"}
    searched = ("number", "account_name")
    unique = ("number",)
    indexed = (
        ("account_id", "order_date"), ("contact_ids", "order_date"), ("opportunity_id",), ("order_date",), ("lines.product_id",),
    )  # fmt: skip

    number = StringField()
    kind = StringField()
    opportunity_id = StringField()
    account_id = StringField()
    account_name = StringField()
    contact_ids = ListField(StringField())
    status = StringField()
    lines = Parts(line_pb2.Line)
    total = Part(money_pb2.Money)
    order_date = StringField()
    place_time = DateTimeField()
    description = StringField()
    cancel_reason = StringField()
    cancel_time = DateTimeField()
    payment_state = StringField()
    custom_fields = CustomFields()

    @classmethod
    def of(cls, opportunity: Opportunity, number: str, on: str, description: str) -> Self:
        """The order of a won opportunity, with the prices agreed, not yet kept."""
        lines = priced(opportunity.lines)
        order = cls.fresh(
            number=number, kind=SALE, opportunity_id=opportunity.id, account_id=opportunity.account_id,
            account_name=opportunity.account_name, owner_id=opportunity.owner_id, team_id=opportunity.team_id,
            contact_ids=[role["contact_id"] for role in opportunity.contacts], status=PLACED, lines=lines,
            total=opportunity.amount or total(lines), order_date=on, place_time=now() if on == today() else None,
            description=description or None,
        )  # fmt: skip
        order.record(events_pb2.OrderPlaced(order=order.message(), contact_ids=order.contact_ids))
        return order

    @property
    def cancelled(self) -> bool:
        """Called off."""
        return self.status == CANCELLED

    @property
    def standing(self) -> bool:
        """Placed, and not called off."""
        return not self.cancelled

    # ---------------------------------------------------------------- verbs

    def cancel(self, reason: str, at: datetime) -> None:
        """Call the order off; a cancelled one stays cancelled."""
        if self.cancelled:
            raise OrderAlreadyCancelled(number=self.number)
        self.status, self.cancel_reason, self.cancel_time = CANCELLED, reason, at
        self.record(events_pb2.OrderCancelled(order=self.message()))

    # ---------------------------------------------------------------- what a new one has, what follows

    def arrive(self) -> None:
        """An order that comes in was placed at its own time, and may have been cancelled since."""
        super().arrive()
        self.team_id = self.team_id or User.team_of(self.owner_id)
        self.kind, self.status = self.kind or SALE, self.status or PLACED
        sell_to(self, self.account_id)
        if not (self.place_time or self.order_date):
            self.place_time = now()
        self.order_date = self.order_date or self.place_time.date().isoformat()
        if self.place_time and abs((self.place_time.date() - date.fromisoformat(self.order_date)).days) > 1:
            raise Invalid.field("order.order_date", f"is not the day of {self.place_time.isoformat()}")
        self._arrive_cancelled() if self.cancelled else self._demand_no_cancellation()

    def arrived(self) -> None:
        """Tell that it was placed, and that it was cancelled where it was."""
        self.number = next_number("ORD")  # last, so that an order which is refused uses none up
        self.record(events_pb2.OrderPlaced(order=self.message(), contact_ids=self.contact_ids))
        if self.cancelled:
            self.record(events_pb2.OrderCancelled(order=self.message()))

    def settle(self) -> None:
        """Names, prices and the sum of its lines, unless they are as they were."""
        before = (self._before or {}).get("lines", [])
        if self._before is not None and [_bare(line) for line in self.lines] == [_bare(line) for line in before]:
            self.lines = before
            return
        self._demand_changeable_lines()
        name_the_products("order", self.lines, known=before)
        demand_quantities("order", self.lines, sign=-1 if self.kind == CREDIT else 1)
        self.lines = priced(self.lines)
        demand_one_currency("order", self.lines)
        self.total = total(self.lines)

    def _demand_changeable_lines(self) -> None:
        if self.opportunity_id:
            raise OrderAgreed(number=self.number, opportunity=self.opportunity_id)
        if self._before is not None and self.cancelled:
            raise OrderAlreadyCancelled(number=self.number)
        if not self.lines:
            raise Invalid.field("order.lines", "is required")

    def _arrive_cancelled(self) -> None:
        placed = self.place_time or datetime.combine(date.fromisoformat(self.order_date), time(), UTC)
        self.cancel_time = self.cancel_time or placed
        if self.cancel_time < placed:
            raise Invalid.field("order.cancel_time", "is before the order was placed")

    def _demand_no_cancellation(self) -> None:
        for name in ("cancel_reason", "cancel_time"):
            if getattr(self, name):
                raise Invalid.field(f"order.{name}", "is only for orders that were cancelled")


def _bare(line: Line) -> dict[str, Any]:
    # A line as a client gives it: its product may have another name by now.
    return {name: value for name, value in line.items() if name != "product_name"} | {
        "quantity": line.get("quantity") or 1
    }
