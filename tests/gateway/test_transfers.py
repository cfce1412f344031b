"""Files over REST: the body is the file, a download is never a page, and a link stands for a permission until it expires."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from crm.contacts.v1 import file_pb2
from flask.testing import FlaskClient
from google.api import httpbody_pb2

from chassis import clock
from chassis.refusals import NotFound
from tests.gateway.standin import StandIn


def pieces_of(request: Any) -> bytes:
    return b"".join(piece.content.data for piece in request)


def test_an_upload_is_the_body_and_its_parameters(gateway: FlaskClient, stand_in: StandIn) -> None:
    stand_in.says["UploadFile"] = lambda pieces: file_pb2.File(id="file_1", etag="1", size_bytes=len(pieces_of(pieces)))
    data = bytes(range(256)) * 4000
    answer = gateway.post("/v1/files?name=a%20b.bin", data=data, content_type="image/png")
    assert (answer.status_code, answer.json["size_bytes"]) == (201, str(len(data)))
    assert (answer.headers["Location"], answer.headers["ETag"]) == ("/v1/files/file_1", '"1"')
    pieces, metadata = stand_in.last("UploadFile")
    assert (pieces[0].name, pieces[0].content.content_type, pieces_of(pieces)) == ("a b.bin", "image/png", data)
    assert max(len(piece.content.data) for piece in pieces) <= 256 * 1024
    assert "kith-principal" in metadata


def test_an_upload_may_be_repeated(gateway: FlaskClient, stand_in: StandIn) -> None:
    stand_in.trailing = (("idempotency-replayed", "true"),)
    answer = gateway.post("/v1/files?name=a", data=b"x", headers={"Idempotency-Key": "k"})
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert stand_in.last("UploadFile")[1]["idempotency-key"] == "k"


def test_an_empty_body_is_an_empty_file(gateway: FlaskClient, stand_in: StandIn) -> None:
    assert gateway.post("/v1/files?name=a").status_code == 201
    assert pieces_of(stand_in.last("UploadFile")[0]) == b""


def test_an_unknown_parameter_of_an_upload_is_named(gateway: FlaskClient) -> None:
    answer = gateway.post("/v1/files?name=a&colour=red", data=b"x")
    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (400, "colour")


def test_a_file_that_says_it_is_too_large_is_refused_at_once(a_gateway: Callable[..., FlaskClient]) -> None:
    client = a_gateway(upload_limit=10)
    answer = client.post("/v1/files?name=a", data=b"x" * 11, headers={"Authorization": "Bearer kith_adas_key"})
    assert (answer.status_code, answer.json["type"]) == (413, "/problems/body-too-large")


def test_nobody_uploads_without_a_credential(usual: Any, stand_in: StandIn) -> None:
    assert usual.test_client().post("/v1/files?name=a", data=b"x").status_code == 401
    assert not [name for name, _, _ in stand_in.asked if name == "UploadFile"]


@pytest.fixture
def a_file(stand_in: StandIn) -> None:
    stand_in.says["DownloadFile"] = lambda _: [
        httpbody_pb2.HttpBody(content_type="text/html", data=b"<script>"),
        httpbody_pb2.HttpBody(content_type="text/html", data=b"alert(1)"),
    ]
    stand_in.head = (("kith-file-name-bin", 'Grüße "1".html'.encode()), ("kith-file-size", "16"))


@pytest.mark.usefixtures("a_file")
def test_a_download_is_saved_and_never_shown(gateway: FlaskClient, stand_in: StandIn) -> None:
    answer = gateway.get("/v1/files/file_1/content")
    assert (answer.status_code, answer.data) == (200, b"<script>alert(1)")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.html"
    assert answer.headers["Content-Length"] == "16"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert stand_in.last("DownloadFile")[0].id == "file_1"


@pytest.mark.parametrize(
    ("given", "status"), [('"ab12"', 304), ('W/"ab12"', 304), ('"x", "ab12"', 304), ("*", 304), ('"ab13"', 200)]
)
@pytest.mark.usefixtures("a_file")
def test_a_file_is_not_sent_again_to_whoever_has_it(
    gateway: FlaskClient, stand_in: StandIn, given: str, status: int
) -> None:
    stand_in.head = (*stand_in.head, ("kith-file-sha256", "ab12"))
    answer = gateway.get("/v1/files/file_1/content", headers={"If-None-Match": given})
    assert (answer.status_code, answer.headers["ETag"]) == (status, '"ab12"')
    assert answer.data == (b"" if status == 304 else b"<script>alert(1)")


def test_a_download_is_refused_as_its_rpc_is(gateway: FlaskClient, stand_in: StandIn) -> None:
    def refuse(_: Any) -> Any:
        raise NotFound(noun="file", id="file_2")

    stand_in.says["DownloadFile"] = refuse
    answer = gateway.get("/v1/files/file_2/content")
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/not-found")


@pytest.fixture
def link(gateway: FlaskClient, a_file: None) -> Iterator[Any]:
    return gateway.post("/v1/files/file_1/content:link", json={"seconds": 60})


def test_a_link_leads_to_the_file_without_a_credential(link: Any, usual: Any, stand_in: StandIn) -> None:
    assert link.status_code == 201
    answer = usual.test_client().get(link.json["url"].partition("8080")[2])
    assert (answer.status_code, answer.data) == (200, b"<script>alert(1)")


def test_a_link_ends(link: Any, usual: Any) -> None:
    with clock.frozen(clock.now()):
        path = link.json["url"].partition("8080")[2]
        assert usual.test_client().get(path).status_code == 200
    assert link.json["expire_time"].endswith(".000Z")
    assert clock.now() < clock.datetime.fromisoformat(link.json["expire_time"]) < clock.now() + timedelta(seconds=61)


@pytest.mark.parametrize(
    "change", [lambda token: token[:-4] + "AAAA", lambda token: "x", lambda token: token.partition(".")[2]]
)
def test_a_forged_link_leads_nowhere(link: Any, usual: Any, change: Callable[[str], str]) -> None:
    token = link.json["url"].rpartition("/")[2]
    answer = usual.test_client().get(f"/d/{change(token)}")
    assert (answer.status_code, answer.json["detail"]) == (404, f"There is no link …{change(token)[-8:]}.")


def test_links_are_described_as_every_route_is(gateway: FlaskClient) -> None:
    paths = gateway.get("/openapi.json").json["paths"]
    made = {path for path in paths if path.endswith("/content:link")}
    assert made == {f"/v1/{noun}/{{id}}/content:link" for noun in ("files", "attachments", "document-revisions")}
    assert paths["/d/{token}"]["get"]["security"] == []


@pytest.mark.parametrize(
    "body", [{"seconds": 0}, {"seconds": 10**9}, {"seconds": "60"}, {"seconds": True}, {"colour": 1}, [1]]
)
@pytest.mark.usefixtures("a_file")
def test_a_link_of_no_sensible_length_is_refused(gateway: FlaskClient, body: Any) -> None:
    assert gateway.post("/v1/files/file_1/content:link", json=body).status_code == 400
