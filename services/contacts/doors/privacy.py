"""What people may ask of us for their privacy."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc

from chassis import disclosure_rpc, standard
from services.contacts.disclosing import known
from services.contacts.disclosure import Disclosure
from services.contacts.erasure import Erasure


class PrivacyDoor(
    standard(Erasure, Disclosure),  # type: ignore[misc]
    disclosure_rpc("Contacts", known),  # type: ignore[misc]
    service_pb2_grpc.PrivacyServiceServicer,
):
    """Answers PrivacyService."""

    def CreateErasure(self, request: Any, context: Any) -> Any:
        """A person is to be forgotten."""
        return Erasure.asked(request.erasure).message()

    def CreateDisclosure(self, request: Any, context: Any) -> Any:
        """Somebody asks what we know."""
        return Disclosure.asked(request.disclosure).message()

    def DescribeSubject(self, request: Any, context: Any) -> Any:
        """Of whom."""
        return Disclosure.find(request.id).subject()
