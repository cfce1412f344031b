"""Opportunities: sales that may come about, from first talk to close."""

from datetime import date, datetime

from crm.common.v1 import money_pb2
from crm.sales.v1 import events_pb2, line_pb2, opportunity_pb2

from chassis import (
    CustomFields,
    IntField,
    Invalid,
    ListField,
    Owned,
    Part,
    Parts,
    StringField,
    Violation,
    now,
    principal,
    remembered,
    stored,
    today,
)
from services.sales.account import sell_to
from services.sales.line import demand_one_currency, demand_quantities, demand_sold, name_the_products
from services.sales.pipeline import LOST, OPEN, WON, Pipeline, Stage
from services.sales.refusals import (
    OpportunityAlreadyClosed,
    OpportunityAlreadyOrdered,
    OpportunityNotClosed,
    OpportunityNotWon,
    StageNotOpen,
    StageUnknown,
)
from services.sales.user import User


class Opportunity(Owned):
    """A sale that may come about."""

    contract = opportunity_pb2.Opportunity
    meta = {"collection": "opportunities"}
    searched = ("name", "account_name")
    indexed = (
        ("account_id",), ("contacts.contact_id",), ("pipeline_id", "stage"), ("status", "close_date"), ("lines.product_id",),
    )  # fmt: skip

    name = StringField()
    account_id = StringField()
    account_name = StringField()
    contacts = Parts(opportunity_pb2.Opportunity.ContactRole)
    pipeline_id = StringField()
    stage = StringField()
    status = StringField()
    forecast_category = StringField()
    probability = IntField(default=0)
    amount = Part(money_pb2.Money)
    lines = Parts(line_pb2.Line)
    open_date = StringField()
    expected_close_date = StringField()
    close_date = StringField()
    days_to_close = IntField()
    loss_reason = StringField()
    source = StringField()
    lead_id = StringField()
    stage_history = Parts(opportunity_pb2.Opportunity.StageEntry)
    order_id = StringField()
    description = StringField()
    next_step = StringField()
    tags = ListField(StringField())
    custom_fields = CustomFields()

    @property
    def closed(self) -> bool:
        """Won or lost."""
        return not self.open

    @property
    def open(self) -> bool:
        """Still to be decided."""
        return self.status == OPEN

    # ---------------------------------------------------------------- verbs

    def move(self, stage: Stage, at: datetime) -> None:
        """Come to another open stage; being there already changes nothing."""
        self._demand_open()
        if stage["status"] != OPEN:
            raise StageNotOpen(stage=stage["key"])
        if stage["key"] == self.stage:
            return
        left = self.stage
        self._enter(stage, at)
        self.record(events_pb2.OpportunityMoved(opportunity=self.message(), from_stage=left))

    def win(self, stage: Stage, on: str, at: datetime) -> None:
        """Close the opportunity in our favour; a closed one stays closed."""
        self._demand_open()
        self._enter(stage, at)
        self._close(on)
        self.record(events_pb2.OpportunityWon(opportunity=self.message()))

    def lose(self, stage: Stage, on: str, at: datetime, reason: str = "") -> None:
        """Close the opportunity against us; a closed one stays closed."""
        self._demand_open()
        self._enter(stage, at)
        self.loss_reason = reason or None
        self._close(on)
        self.record(events_pb2.OpportunityLost(opportunity=self.message()))

    def reopen(self, stage: Stage, at: datetime) -> None:
        """Take a closed opportunity up again; one that was ordered stays won."""
        if self.open:
            raise OpportunityNotClosed(opportunity=self.id, stage=self.stage)
        if self.order_id:
            raise OpportunityAlreadyOrdered(opportunity=self.id, order=self.order_id)
        if stage["status"] != OPEN:
            raise StageNotOpen(stage=stage["key"])
        self._enter(stage, at)
        self.close_date = self.days_to_close = self.loss_reason = None
        self.record(events_pb2.OpportunityReopened(opportunity=self.message()))

    def assign(self, owner_id: str, team_id: str | None) -> None:
        """Belong to another user and that user's team; belonging there already changes nothing."""
        if (self.owner_id, self.team_id) != (owner_id, team_id):
            self.owner_id, self.team_id = owner_id, team_id
            self.record_standard("Updated", changed_fields=["owner_id", "team_id"])

    def revalue(self, amount: money_pb2.Money) -> None:
        """Be worth something else."""
        self.amount = stored(amount)

    def order(self, order_id: str) -> None:
        """Note the order that was placed; there is one at most."""
        if self.status != WON:
            raise OpportunityNotWon(opportunity=self.id)
        if self.order_id:
            raise OpportunityAlreadyOrdered(opportunity=self.id, order=self.order_id)
        self.order_id = order_id
        self.record_standard("Updated", changed_fields=["order_id"])

    def last_open_stage(self) -> str:
        """Key of the stage that it was closed from; empty for one that never was open."""
        stays = self.stage_history[:-1]
        return stays[-1]["stage"] if stays else ""

    # ---------------------------------------------------------------- what a new one has, what follows

    def arrive(self) -> None:
        """A new opportunity stands in a stage of a pipeline; in a closing one when it comes from history."""
        super().arrive()
        self.team_id = self.team_id or User.team_of(self.owner_id)
        pipeline = self._pipeline_of_arrival()
        try:
            stage = pipeline.stage(self.stage) if self.stage else pipeline.first(OPEN)
        except StageUnknown as unknown:
            raise Invalid.field("opportunity.stage", unknown.detail) from None
        if self.close_date and stage["status"] == OPEN:
            raise Invalid.field("opportunity.close_date", "is only for opportunities that are closed")
        self.pipeline_id, self.stage = pipeline.id, None
        self.open_date = self.open_date or self.close_date or today()
        self._enter(stage, now())
        if self.closed:
            self.close_date = self.close_date or today()

    def arrived(self) -> None:
        """One that comes closed tells of its close, too."""
        if self.status == WON:
            self.record(events_pb2.OpportunityWon(opportunity=self.message()))
        if self.status == LOST:
            self.record(events_pb2.OpportunityLost(opportunity=self.message()))

    def settle(self) -> None:
        """Names of what it refers to, and days from open to close."""
        if not self._before or self._before.get("account_id") != self.account_id:
            sell_to(self, self.account_id)
        known = (self._before or {}).get("lines", ())
        name_the_products("opportunity", self.lines, known)
        demand_sold("opportunity", self.lines, known)
        demand_quantities("opportunity", self.lines)
        demand_one_currency("opportunity", self.lines, self.amount)
        if self.closed:
            self._close(self.close_date)

    def _pipeline_of_arrival(self) -> Pipeline:
        if not self.pipeline_id:
            return remembered((Pipeline, "standard"), Pipeline.standard)
        pipeline = remembered(
            (Pipeline, self.pipeline_id), Pipeline.objects(id=self.pipeline_id, deleted_time=None).first
        )
        if pipeline is None:
            raise Invalid.field("opportunity.pipeline_id", "names no pipeline")
        return pipeline

    def _enter(self, stage: Stage, at: datetime) -> None:
        if self.stage_history:
            self.stage_history[-1]["leave_time"] = at
        self.stage_history.append({"stage": stage["key"], "enter_time": at, "moved_by": principal().user_id})
        self.stage, self.status = stage["key"], stage["status"]
        self.forecast_category, self.probability = stage["forecast_category"], stage["probability"]

    def _close(self, on: str) -> None:
        days = _days(self.open_date, on)
        if days < 0:
            raise Invalid([Violation("close_date", f"is before the open date {self.open_date}")])
        self.close_date, self.days_to_close = on, days

    def _demand_open(self) -> None:
        if self.closed:
            raise OpportunityAlreadyClosed(opportunity=self.id, stage=self.stage)


def _days(begin: str, end: str) -> int:
    return (date.fromisoformat(end) - date.fromisoformat(begin)).days
