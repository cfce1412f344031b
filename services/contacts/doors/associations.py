"""How records belong together."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc

from chassis import standard, today
from services.contacts.association import Association
from services.contacts.association_label import AssociationLabel


class AssociationsDoor(
    standard(AssociationLabel, Association),  # type: ignore[misc]
    service_pb2_grpc.AssociationsServiceServicer,
):
    """Answers AssociationsService."""

    def EndAssociation(self, request: Any, context: Any) -> Any:
        """No more from a day on."""
        with Association.change(request) as association:
            association.end(request.until_date or today())
        return association.message()
