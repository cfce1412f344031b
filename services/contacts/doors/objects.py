"""What a tenant adds: kinds of records of its own, and their records."""

from crm.contacts.v1 import service_pb2_grpc

from chassis import standard
from services.contacts.object_definition import ObjectDefinition
from services.contacts.record import Record, keyed


class ObjectsDoor(
    standard(ObjectDefinition),  # type: ignore[misc]
    keyed(standard(Record)),  # type: ignore[misc]
    service_pb2_grpc.ObjectsServiceServicer,
):
    """Answers ObjectsService."""

    nouns = (ObjectDefinition, Record)
