"""What tests of imports need: a file brought in, an import made of it, and its end awaited."""

import csv
import io
import time
from collections.abc import Iterator
from typing import Any

from crm.common.v1 import file_pb2, job_pb2, listing_pb2, requests_pb2
from crm.contacts.v1 import import_pb2, service_pb2  # noqa: F401  the service's messages are known with it

from chassis.testing import Caller

END = ("DONE", "VALIDATED", "REVERTED", "FAILED", "CANCELLED", "PAUSED")


def brought(caller: Caller, data: bytes | str, name: str = "rows.csv") -> str:
    """The id of a file with these bytes."""
    data = data.encode() if isinstance(data, str) else data

    def pieces() -> Iterator[Any]:
        yield file_pb2.UploadFileRequest(name=name, content={"data": data[:500_000]})
        for start in range(500_000, len(data), 500_000):
            yield file_pb2.UploadFileRequest(content={"data": data[start : start + 500_000]})

    return caller.UploadFile(pieces()).id


def an_import(caller: Caller, data: bytes | str, name: str = "rows.csv", **fields: Any) -> Any:
    """A draft over a file with these bytes."""
    told = {"noun": "contact", "file_id": brought(caller, data, name)} | fields
    return caller.CreateImport(import_pb2.CreateImportRequest(**{"import": told}))


def done(caller: Caller, data: bytes | str, name: str = "rows.csv", verb: str = "Start", **fields: Any) -> Any:
    """An import over these bytes, ended."""
    return after(caller, verb, an_import(caller, data, name, **fields).id)


def after(caller: Caller, verb: str, id: str, seconds: float = 60.0) -> Any:
    """The import after a verb, when what it asks for has ended."""
    getattr(caller, f"{verb}Import")(getattr(import_pb2, f"{verb}ImportRequest")(id=id))
    return ended(caller, id, seconds)


def ended(caller: Caller, id: str, seconds: float = 60.0) -> Any:
    """The import when nothing is left to do."""
    deadline = time.monotonic() + seconds
    while state(found := caller.GetImport(requests_pb2.GetRequest(id=id))) not in END:
        assert time.monotonic() < deadline, f"it is still {state(found)}"
        time.sleep(0.05)
    return found


def state(message: Any) -> str:
    """Where it stands, by name."""
    return job_pb2.JobState.Name(message.state)


def counts(message: Any) -> dict[str, int]:
    """What became of its rows, without zeros."""
    return {name: value for name, value in progress(message).items() if name != "total"}


def progress(message: Any) -> dict[str, int]:
    """What it counted, without zeros."""
    return {field.name.removesuffix("_count"): value for field, value in message.progress.ListFields() if value}


def targets(message: Any) -> dict[str, str]:
    """Where its columns go."""
    return {column.header: column.target for column in message.columns if column.target}


def result(caller: Caller, message: Any) -> list[list[str]]:
    """The rows of its result file, without the header; none where it has none."""
    if not message.result_file_id:
        return []
    asked = file_pb2.DownloadFileRequest(id=message.result_file_id)
    text = b"".join(piece.data for piece in caller.DownloadFile(asked)).decode()
    return list(csv.reader(io.StringIO(text)))[1:]


def contacts(caller: Caller, **more: Any) -> list[Any]:
    """The caller's contacts, oldest first."""
    request = listing_pb2.ListRequest(page_size=200, order_by=["create_time", "id"], **more)
    return list(caller.ListContacts(request).contacts)
