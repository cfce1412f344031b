"""Whose a record is by what it is, and how many records change hands at once."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc, territory_pb2

from chassis import batch, standard, today
from services.contacts import reassignment
from services.contacts.territory import Territory


class TerritoriesDoor(
    standard(Territory),  # type: ignore[misc]
    service_pb2_grpc.TerritoriesServiceServicer,
):
    """Answers TerritoriesService."""

    def ListTerritoryMembers(self, request: Any, context: Any) -> Any:
        """Who works there on a day."""
        members = Territory.find(request.id).members_on(request.on_date or today())
        return territory_pb2.ListTerritoryMembersResponse(members=members)

    def ExplainTerritory(self, request: Any, context: Any) -> Any:
        """Which rule wins."""
        return reassignment.explain(request.record_id)

    def AssignTerritories(self, request: Any, context: Any) -> Any:
        """To whom the rules say."""
        answer = territory_pb2.AssignTerritoriesResponse()
        return batch(answer, request.items, reassignment.assign, rpc="AssignTerritories")

    def PreviewReassignment(self, request: Any, context: Any) -> Any:
        """What it would be."""
        return reassignment.preview(request)

    def ReassignRecords(self, request: Any, context: Any) -> Any:
        """A step of it."""
        return reassignment.reassign(request)
