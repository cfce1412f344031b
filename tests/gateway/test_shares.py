"""Pages of share links: plain, telling nothing before the password, and files that are saved and never shown."""

from typing import Any

import pytest
from crm.contacts.v1 import share_link_pb2
from google.api import httpbody_pb2

from chassis.refusals import Forbidden, NotFound, TooMany
from tests.gateway.standin import StandIn

TOKEN = "A" * 32


class ShareUnknown(NotFound):
    """This address leads nowhere, or no longer."""


class SharePasswordWrong(Forbidden):
    """The password is not the right one."""


@pytest.fixture
def page(stand_in: StandIn, usual: Any) -> Any:
    """A browser without an account, before a link to a file called offer.html."""
    stand_in.says["OpenShare"] = lambda _: share_link_pb2.OpenShareResponse(
        name="<b>Offer</b>", file_name="offer.html", size_bytes=1_400_000
    )
    stand_in.says["FetchShare"] = lambda _: [httpbody_pb2.HttpBody(content_type="text/html", data=b"<script>")]
    stand_in.head = (("kith-file-name-bin", b"offer.html"), ("kith-file-size", "8"))
    return usual.test_client()


def refusing(refusal: Any) -> Any:
    def refuse(_: Any) -> Any:
        raise refusal

    return refuse


def test_a_link_shows_what_there_is(page: Any, stand_in: StandIn) -> None:
    answer = page.get(f"/s/{TOKEN}", headers={"User-Agent": "Browser/1"})
    assert answer.status_code == 200
    assert "&lt;b&gt;Offer&lt;/b&gt;" in answer.text
    assert "offer.html, 1.4 MB" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Robots-Tag"] == "noindex"
    asked, _ = stand_in.last("OpenShare")
    assert (asked.token, asked.visit.user_agent, asked.visit.ip_address) == (TOKEN, "Browser/1", "127.0.0.1")


def test_the_file_comes_by_post_and_is_saved(page: Any, stand_in: StandIn) -> None:
    answer = page.post(f"/s/{TOKEN}", data={"password": "Bärenhöhle"})
    assert (answer.status_code, answer.data) == (200, b"<script>")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''offer.html"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert stand_in.last("FetchShare")[0].password == "Bärenhöhle"


def test_a_password_is_asked_for_before_anything_is_told(page: Any, stand_in: StandIn) -> None:
    stand_in.says["OpenShare"] = lambda _: share_link_pb2.OpenShareResponse(has_password=True)
    answer = page.get(f"/s/{TOKEN}")
    assert 'type="password"' in answer.text
    assert "Offer" not in answer.text


def test_a_wrong_password_is_asked_for_again(page: Any, stand_in: StandIn) -> None:
    stand_in.says["FetchShare"] = refusing(SharePasswordWrong())
    answer = page.post(f"/s/{TOKEN}", data={"password": "a guess"})
    assert (answer.status_code, 'type="password"' in answer.text) == (403, True)
    assert "The password is not the right one." in answer.text
    assert "a guess" not in answer.text


@pytest.mark.parametrize("verb", ["get", "post"])
def test_an_address_that_leads_nowhere_says_so(page: Any, stand_in: StandIn, verb: str) -> None:
    stand_in.says["OpenShare"] = stand_in.says["FetchShare"] = refusing(ShareUnknown())
    answer = getattr(page, verb)(f"/s/{TOKEN}")
    assert (answer.status_code, "leads nowhere" in answer.text) == (404, True)


def test_who_guesses_waits(page: Any, stand_in: StandIn) -> None:
    stand_in.says["FetchShare"] = refusing(TooMany(seconds=8))
    assert page.post(f"/s/{TOKEN}", data={"password": "x"}).status_code == 429
