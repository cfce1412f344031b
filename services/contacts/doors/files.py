"""Files, and the records that come in and go out by them."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc

from chassis import file_rpcs, job_verbs, standard
from services.contacts.exports import Export
from services.contacts.file import File
from services.contacts.imports import Import


class FilesDoor(
    standard(File, Import, Export),  # type: ignore[misc]
    file_rpcs(File),  # type: ignore[misc]
    job_verbs(Import, Export),  # type: ignore[misc]
    service_pb2_grpc.FilesServiceServicer,
):
    """Answers FilesService."""

    def ValidateImport(self, request: Any, context: Any) -> Any:
        """Try it."""
        with Import.change(request) as import_:
            import_.try_out()
        return import_.message()

    def StartImport(self, request: Any, context: Any) -> Any:
        """Do it."""
        with Import.change(request) as import_:
            import_.start()
        return import_.message()
