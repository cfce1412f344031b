"""A large file passes through the service piece by piece: neither side ever holds it whole."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crm.common.v1 import file_pb2

from chassis.testing import Caller
from tests.contacts.cases import ACCOUNT
from tests.contacts.test_attachment_door import attached


def test_a_large_file_goes_in_and_out_in_little_memory(caller: Caller) -> None:
    size, account = 200 * 1024 * 1024, ACCOUNT.create(caller)
    there_and_back(caller, account, size // 8)  # from here on buffers, pools and lazily imported modules are there
    with growth() as grown:
        there_and_back(caller, account, size)
    assert grown() < size // 2, "client and service together"


def there_and_back(caller: Caller, account: Any, size: int) -> None:
    """Bring a file of `size` bytes in, put it on the account, and read it again."""
    piece = os.urandom(512 * 1024)

    def pieces() -> Iterator[Any]:
        yield file_pb2.UploadFileRequest(name="film.bin")
        for number in range(size // len(piece)):
            yield file_pb2.UploadFileRequest(content={"data": number.to_bytes(8) + piece[8:]})

    file = attached(caller, account, file_id=caller.UploadFile(pieces()).id)
    call = caller.DownloadAttachment(file_pb2.DownloadFileRequest(id=file.id))
    assert sum(len(each.data) for each in call) == file.size_bytes == size


@contextmanager
def growth() -> Iterator[Callable[[], int]]:
    """How many bytes this process grew by at most since the block began."""
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark counts from here on
    before = _memory("VmRSS")
    yield lambda: _memory("VmHWM") - before


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
