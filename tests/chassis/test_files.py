"""Files: kept once by their content, streamed, told by their bytes, scanned, and gone when nobody names them."""

import hashlib
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import grpc
import pytest

from chassis import clock, transaction
from chassis.files.content import Contents
from chassis.files.file import File
from chassis.files.kind import media_type
from chassis.files.purge import purge, stale
from chassis.files.scan import Clamd
from chassis.files.settings import FileSettings
from chassis.principal import acting_as
from chassis.testing import Caller, details, key_pair, reason, somebody


def upload(caller: Caller, data: bytes, name: str = "a.txt", piece: int = 100_000) -> Any:
    from crm.common.v1 import file_pb2

    def pieces() -> Iterator[Any]:
        yield file_pb2.UploadFileRequest(name=name, content={"data": data[:piece]})
        for start in range(piece, len(data), piece):
            yield file_pb2.UploadFileRequest(content={"data": data[start : start + piece]})

    return caller.UploadRecording(pieces())


def download(caller: Caller, id: str) -> bytes:
    from crm.common.v1 import file_pb2

    return b"".join(piece.data for piece in caller.DownloadRecording(file_pb2.DownloadFileRequest(id=id)))


def contents(caller: Caller) -> list[dict[str, Any]]:
    return list(transaction.database()["file_contents"].find({"tenant_id": caller.whom.tenant_id}))


def chunks(key: str) -> int:
    return transaction.database()["file_content.chunks"].count_documents({"files_id": key})


def test_what_comes_in_comes_out(caller: Caller) -> None:
    data = os.urandom(3_000_001)
    file = upload(caller, data, "noise.bin")
    assert (file.size_bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert download(caller, file.id) == data


def test_equal_bytes_are_kept_once(caller: Caller) -> None:
    one, other = upload(caller, b"the same", "one.txt"), upload(caller, b"the same", "other.txt")
    assert (one.name, other.name) == ("one.txt", "other.txt")
    [row] = contents(caller)
    assert chunks(row["_id"]) == 1


def test_tenants_share_no_bytes(caller: Caller, drill: Callable[..., Caller]) -> None:
    neighbour = drill(somebody())
    upload(caller, b"between us")
    upload(neighbour, b"between us")
    assert len(contents(caller)) == len(contents(neighbour)) == 1


def test_an_empty_file_is_a_file(caller: Caller) -> None:
    file = upload(caller, b"", "empty.txt")
    assert file.size_bytes == 0
    assert download(caller, file.id) == b""


def test_a_file_that_is_too_large_leaves_nothing(caller: Caller) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        upload(caller, bytes(50_000_001), piece=1_000_000)
    assert reason(refused.value) == "FILE_TOO_LARGE"
    assert contents(caller) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a\\b", "a\nb", "..", "a" * 256])
def test_a_name_that_is_none_is_refused(caller: Caller, name: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        upload(caller, b"x", name)
    assert "name" in details(refused.value)["violations"]


def test_nobody_has_the_bytes_of_another_tenant(caller: Caller, drill: Callable[..., Caller]) -> None:
    file = upload(caller, b"secret")
    with pytest.raises(grpc.RpcError) as refused:
        download(drill(somebody()), file.id)
    assert reason(refused.value) == "NOT_FOUND"


def test_a_repeated_upload_is_answered_with_the_first_file(caller: Caller) -> None:
    again = caller.saying(idempotency_key="k")
    assert upload(again, b"once").id == upload(again, b"once").id
    with pytest.raises(grpc.RpcError) as refused:
        upload(again, b"twice")
    assert reason(refused.value) == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a.txt", "image/png"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3" + bytes(50), "a.exe", "application/pdf"),
        (b"%PDF-1.4\n1 0 obj", "a.txt", "application/pdf"),
        (b"PK\x03\x04" + bytes(50), "a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (b"a;b\r\n1;2\r\n", "a.csv", "text/csv"),
        (b"<html><script>alert(1)</script>", "a.html", "text/plain"),
        ("Grüße".encode("utf-16"), "a.txt", "text/plain"),
        ("Grüße".encode("cp1252"), "a.txt", "text/plain"),
        (bytes(range(256)), "a.pdf", "application/octet-stream"),
        (b"", "a.csv", "text/csv"),
    ],
)
def test_a_file_is_what_its_bytes_say(head: bytes, name: str, kind: str) -> None:
    assert media_type(head, name) == kind


def test_what_a_tenant_has_no_room_for_is_refused_and_leaves_nothing(caller: Caller) -> None:
    from chassis.files import FileQuotaReached

    small = Contents(_settings(file_quota=10))
    with acting_as(caller.whom):
        small.take_in([b"123456"], "a")
        with pytest.raises(FileQuotaReached):
            small.take_in([b"12345"], "b")
        assert small.take_in([b"123456"], "the same again").size_bytes == 6
        assert small.take_in([b"1234"], "c").size_bytes == 4
    assert len(contents(caller)) == 2


# ---------------------------------------------------------------- purge


def _purge(file: Any, hours: int) -> None:
    from tests.chassis.drill.rehearsal import LINKS, Recording

    with clock.frozen(clock.now() + timedelta(hours=hours)):
        for row in stale():
            purge(Recording, LINKS, row)


def test_a_file_that_nobody_names_is_purged_after_a_day(caller: Caller) -> None:
    file = upload(caller, b"for nothing")
    [row] = contents(caller)
    _purge(file, 23)
    assert contents(caller)
    _purge(file, 25)
    assert contents(caller) == []
    assert chunks(row["_id"]) == 0
    with pytest.raises(grpc.RpcError):
        download(caller, file.id)


def test_a_file_that_a_record_names_stays(caller: Caller) -> None:
    from crm.drill.v1 import service_pb2

    file = upload(caller, b"for something")
    caller.CreateRehearsal(service_pb2.CreateRehearsalRequest(rehearsal={"length": 1, "recording_id": file.id}))
    _purge(file, 25)
    assert download(caller, file.id) == b"for something"


def test_bytes_whose_upload_died_are_purged(caller: Caller) -> None:
    rows = transaction.database()["file_contents"]
    rows.insert_one({"_id": "lost", "tenant_id": caller.whom.tenant_id, "use_time": clock.now()})
    File._contents._store.put("lost", [b"half a file"])
    _purge(None, 25)
    assert (contents(caller), chunks("lost")) == ([], 0)


# ---------------------------------------------------------------- scan


class _Clamd(socketserver.BaseRequestHandler):
    """clamd as far as INSTREAM goes; finds the word EICAR."""

    def handle(self) -> None:
        def take(size: int) -> bytes:
            found = b""
            while len(found) < size and (more := self.request.recv(size - len(found))):
                found += more
            return found

        assert take(10) == b"zINSTREAM\0"
        data = b""
        while size := struct.unpack("!I", take(4))[0]:
            data += take(size)
        self.request.sendall(b"stream: Eicar-Signature FOUND\0" if b"EICAR" in data else b"stream: OK\0")


@pytest.fixture(scope="module")
def clamd() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Clamd) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"clamd://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _settings(**given: Any) -> FileSettings:
    return FileSettings(listen="127.0.0.1:1", mongo_url="", nats_url="", principal_public_key=key_pair()[1], **given)


@pytest.mark.parametrize(("data", "state"), [(b"harmless", "CLEAN"), (bytes(2_000_000), "CLEAN")])
def test_what_a_scanner_has_seen_is_clean(caller: Caller, clamd: str, data: bytes, state: str) -> None:
    with acting_as(caller.whom):
        assert Contents(_settings(file_scanner=clamd)).take_in([data], "a").scan_state == state


def test_what_a_scanner_finds_is_refused_and_leaves_nothing(caller: Caller, clamd: str) -> None:
    from chassis.files import FileInfected

    with acting_as(caller.whom), pytest.raises(FileInfected, match="Eicar-Signature"):
        Contents(_settings(file_scanner=clamd)).take_in([b"x EIC", b"AR y", b"EICAR"], "a")
    assert contents(caller) == []


def test_a_scanner_that_is_away_keeps_nobody_from_working(caller: Caller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"clamd://127.0.0.1:{free.getsockname()[1]}"
    with Clamd(address) as scan:
        scan.look(b"x")
        assert scan.verdict() is None
