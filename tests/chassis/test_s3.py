"""Files in a bucket: the same promises as in GridFS, against a stand-in that speaks the part of S3 that we use."""

import http.server
import os
import re
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from chassis.files.s3 import S3
from chassis.files.store import ContentLost


class _Bucket(http.server.BaseHTTPRequestHandler):
    """Objects in memory: whole and in parts, read by range."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes] = {}
    parts: dict[str, dict[int, bytes]] = {}
    most = 0  # the largest body that came in

    def log_message(self, *_: object) -> None:
        pass

    def do_PUT(self) -> None:
        path, query, body = self._asked()
        if "partNumber" in query:
            self.parts.setdefault(query["uploadId"][0], {})[int(query["partNumber"][0])] = body
        else:
            self.objects[path] = body
        self._answer(200, headers={"ETag": '"x"'})

    def do_POST(self) -> None:
        path, query, _ = self._asked()
        if "uploads" in query:
            return self._answer(
                200, b"<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
            )
        parts = self.parts.pop(query["uploadId"][0])
        self.objects[path] = b"".join(parts[number] for number in sorted(parts))
        return self._answer(200, b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")

    def do_GET(self) -> None:
        path, _, _ = self._asked()
        data = self.objects.get(path)
        if data is None:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        start = int(re.match(r"bytes=(\d+)-", self.headers["Range"])[1])
        if start >= len(data):
            return self._answer(416, b"<Error><Code>InvalidRange</Code></Error>")
        return self._answer(206, data[start:])

    def do_DELETE(self) -> None:
        path, query, _ = self._asked()
        if "uploadId" in query:
            self.parts.pop(query["uploadId"][0], None)
        self.objects.pop(path, None)
        self._answer(204)

    def _asked(self) -> tuple[str, dict[str, list[str]], bytes]:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        type(self).most = max(self.most, len(body))
        return parts.path, parse_qs(parts.query, keep_blank_values=True), body

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def store() -> Iterator[S3]:
    os.environ |= {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "something"}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Bucket) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        store = S3(f"s3://bucket/kith?endpoint=http://127.0.0.1:{server.server_address[1]}&region=eu-central-1")
        yield store
        store._client.close()
        server.shutdown()
        thread.join()
    del os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]


@pytest.mark.parametrize("size", [0, 1, 300_000, 8 << 20, (20 << 20) + 7])
def test_what_comes_in_comes_out_from_any_place(store: S3, size: int) -> None:
    data = os.urandom(size)
    store.put(f"key{size}", (data[start : start + 100_001] for start in range(0, size, 100_001)))
    assert b"".join(store.read(f"key{size}")) == data
    assert b"".join(store.read(f"key{size}", size // 2)) == data[size // 2 :]
    assert b"".join(store.read(f"key{size}", size)) == b""


def test_no_more_than_a_part_is_held_at_a_time(store: S3) -> None:
    _Bucket.most = 0
    store.put("large", (bytes(1 << 20) for _ in range(30)))
    assert _Bucket.most <= 8 << 20


def test_keys_lie_under_their_prefix_and_can_be_forgotten(store: S3) -> None:
    store.put("gone", [b"x"])
    assert "/bucket/kith/gone" in _Bucket.objects
    store.forget("gone")
    store.forget("gone")
    with pytest.raises(ContentLost):
        next(store.read("gone"))


def test_pieces_that_break_off_leave_nothing(store: S3) -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(9 << 20)
        raise InterruptedError("broken off")

    with pytest.raises(InterruptedError):
        store.put("half", pieces())
    assert "/bucket/kith/half" not in _Bucket.objects
    assert not _Bucket.parts
