"""The rpcs that stream files, as methods of a servicer.

`Upload…` takes in first, outside of any transaction, for that may take minutes; what it comes to is an ordinary write with an
idempotency record. `Download…` finds the file, says its name and size in the head of the answer, and streams.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from crm.common.v1 import file_pb2
from google.api import httpbody_pb2

from chassis.files.file import File
from chassis.refusals import Invalid
from chassis.validation import violations

NAME, SIZE, HASH = "kith-file-name-bin", "kith-file-size", "kith-file-sha256"  # in the head of a download


def file_rpcs(noun: type[File]) -> type:
    """A class with the rpc methods `Upload…` and `Download…` of the noun: a mixin as `standard` is."""
    name = noun.about().name

    def upload(self: Any, pieces: Iterator[Any], context: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ARG001
        first = next(pieces, file_pb2.UploadFileRequest())
        if faults := violations(first):
            raise Invalid(faults)
        taken = noun.take_in((piece.content.data for piece in chain([first], pieces)), first.name)
        first.content.data = bytes.fromhex(taken.sha256)  # what makes one upload another's repetition
        return first, lambda request, context: noun.made(taken, request.name).message()  # noqa: ARG005

    def download(self: Any, request: Any, context: Any) -> Iterator[Any]:  # noqa: ARG001  an rpc's signature
        return bytes_of(noun.readable(request.id), context)

    return type("FileRpcs", (), {f"Upload{name}": upload, f"Download{name}": download})


def bytes_of(file: File, context: Any, name: str = "") -> Iterator[Any]:
    """What an rpc answers that streams the bytes of `file`, under a name that need not be the file's own."""
    about = ((NAME, (name or file.name).encode()), (SIZE, str(file.size_bytes)), (HASH, file.sha256))
    context.send_initial_metadata(about)
    return (httpbody_pb2.HttpBody(content_type=file.media_type, data=piece) for piece in file.pieces())
