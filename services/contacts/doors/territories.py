"""Whose a record is by what it is, and how many records change hands at once."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc, territory_pb2

from chassis import batch, standard, today, verbs
from services.contacts import assignment
from services.contacts.reassignment import Reassignment
from services.contacts.territory import Territory


class TerritoriesDoor(
    standard(Territory, Reassignment),  # type: ignore[misc]
    verbs(Reassignment, "start", "pause", "resume", "cancel", "revert", validate="try_out"),  # type: ignore[misc]
    service_pb2_grpc.TerritoriesServiceServicer,
):
    """Answers TerritoriesService."""

    def ListTerritoryMembers(self, request: Any, context: Any) -> Any:
        """Who works there on a day."""
        members = Territory.find(request.id).members_on(request.on_date or today())
        return territory_pb2.ListTerritoryMembersResponse(members=members)

    def ExplainTerritory(self, request: Any, context: Any) -> Any:
        """Which rule wins."""
        return assignment.explain(request.record_id)

    def AssignTerritories(self, request: Any, context: Any) -> Any:
        """To whom the rules say."""
        answer = territory_pb2.AssignTerritoriesResponse()
        return batch(answer, request.items, assignment.assign, rpc="AssignTerritories")
