"""Files, and the records that come in and go out by them."""

from crm.contacts.v1 import service_pb2_grpc

from chassis import file_rpcs, standard, verbs
from services.contacts.exports import Export
from services.contacts.file import File
from services.contacts.imports import Import


class FilesDoor(
    standard(File, Import, Export),  # type: ignore[misc]
    file_rpcs(File),  # type: ignore[misc]
    verbs(Import, "start", "pause", "resume", "cancel", "revert", validate="try_out"),  # type: ignore[misc]
    verbs(Export, "pause", "resume", "cancel"),  # type: ignore[misc]
    service_pb2_grpc.FilesServiceServicer,
):
    """Answers FilesService."""
