"""The door of sales: load, one verb, answer."""

from typing import Any

from crm.sales.v1 import service_pb2_grpc

from chassis import Invalid, disclosure_rpc, lookup, next_number, now, standard, today
from services.sales.disclosing import known
from services.sales.opportunity import Opportunity
from services.sales.order import Order
from services.sales.order_report import report_orders
from services.sales.pipeline import LOST, OPEN, WON, Pipeline, Stage
from services.sales.product import Product
from services.sales.report import report_pipeline
from services.sales.user import User


class Sales(
    standard(Product, Pipeline, Opportunity, Order),  # type: ignore[misc]
    disclosure_rpc("Sales", known),  # type: ignore[misc]
    service_pb2_grpc.SalesServiceServicer,
):
    """What we sell, to whom, and how far the sale is."""

    def MakePipelineDefault(self, request: Any, context: Any) -> Any:
        """The default moves from one pipeline to another."""
        with Pipeline.change(request) as pipeline:
            if not pipeline.default:
                for other in Pipeline.objects(default=True).scalar("id"):
                    former = Pipeline.find(other, "write")
                    former.step_back()
                    former.keep()
                pipeline.make_default()
        return pipeline.message()

    def AssignOpportunity(self, request: Any, context: Any) -> Any:
        """Handed to another user."""
        with Opportunity.change(request) as opportunity:
            owner = lookup(User, [request.owner_id]).get(request.owner_id)
            if owner is None:
                raise Invalid.field("owner_id", "names no user that sales has heard of")
            opportunity.assign(request.owner_id, owner.get("team_id"))
        return opportunity.message()

    def MoveOpportunity(self, request: Any, context: Any) -> Any:
        """To another open stage."""
        with Opportunity.change(request) as opportunity:
            opportunity.move(_pipeline(opportunity).stage(request.stage), at=now())
        return opportunity.message()

    def WinOpportunity(self, request: Any, context: Any) -> Any:
        """Closed in our favour."""
        with Opportunity.change(request) as opportunity:
            if request.HasField("amount"):
                opportunity.revalue(request.amount)
            opportunity.win(_closing(opportunity, WON), on=request.close_date or today(), at=now())
        return opportunity.message()

    def LoseOpportunity(self, request: Any, context: Any) -> Any:
        """Closed against us."""
        with Opportunity.change(request) as opportunity:
            stage = _closing(opportunity, LOST)
            opportunity.lose(stage, on=request.close_date or today(), at=now(), reason=request.reason)
        return opportunity.message()

    def ReopenOpportunity(self, request: Any, context: Any) -> Any:
        """Taken up again."""
        with Opportunity.change(request) as opportunity:
            pipeline = _pipeline(opportunity)
            key = request.stage or opportunity.last_open_stage() or pipeline.first(OPEN)["key"]
            opportunity.reopen(pipeline.stage(key), at=now())
        return opportunity.message()

    def PlaceOrder(self, request: Any, context: Any) -> Any:
        """The order of a won opportunity."""
        with Opportunity.change(request) as opportunity:
            order = Order.of(opportunity, next_number("ORD"), request.order_date or today(), request.description)
            opportunity.order(order.id)
            order.keep()
        return order.message()

    def CancelOrder(self, request: Any, context: Any) -> Any:
        """Called off."""
        with Order.change(request) as order:
            order.cancel(request.reason, at=now())
        return order.message()

    def ReportPipeline(self, request: Any, context: Any) -> Any:
        """What the pipeline holds and what came of it."""
        return report_pipeline(request)

    def ReportOrders(self, request: Any, context: Any) -> Any:
        """What was ordered."""
        return report_orders(request)


def _pipeline(opportunity: Opportunity) -> Pipeline:
    # A deleted pipeline still leads its opportunities to their close.
    return Pipeline.objects(id=opportunity.pipeline_id).get()


def _closing(opportunity: Opportunity, status: str) -> Stage:
    return _pipeline(opportunity).first(status)
