"""What customers have of ours, and what service they are entitled to for it."""

from crm.contacts.v1 import service_pb2_grpc

from chassis import standard
from services.contacts.installed import Asset, ServiceContract


class InstalledBaseDoor(
    standard(Asset, ServiceContract),  # type: ignore[misc]
    service_pb2_grpc.InstalledBaseServiceServicer,
):
    """Answers InstalledBaseService."""
