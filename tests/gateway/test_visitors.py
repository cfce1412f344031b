"""The doors for people without an account: links, pixel, the way out, and forms."""

from typing import Any

import pytest
from crm.campaigns.v1 import public_pb2, web_form_pb2
from flask.testing import FlaskClient

from chassis.refusals import Invalid, NotFound, Refused, Violation
from tests.gateway.standin import StandIn


class TokenUnknown(NotFound):
    """The link leads nowhere."""


class HostNotAllowed(Refused):
    """The form may not be shown on pages of {host}."""


FORM = web_form_pb2.WebForm(
    id="form_1", name="Ask <us>", fields=[{"key": "email", "required": True}, {"key": "note", "kind": "LONG_TEXT"}],
    consent_topic="news", consent_text="Send me news & more.",
)  # fmt: skip


def refuse(refusal: Exception) -> Any:
    def say(_: Any) -> Any:
        raise refusal

    return say


@pytest.fixture
def visitor(usual: Any, stand_in: StandIn) -> FlaskClient:
    """A browser without any credential."""
    return usual.test_client(use_cookies=False)


def test_a_link_is_recorded_first_and_then_redirects_without_a_trace(visitor: FlaskClient, stand_in: StandIn) -> None:
    stand_in.says["FollowLink"] = lambda _: public_pb2.FollowLinkResponse(url="https://shop.example/ä?a=1&b=2")
    answer = visitor.get("/t/c/1.k1.c.x.0.mac", headers={"User-Agent": "Firefox", "Sec-Purpose": "prefetch"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://shop.example/%C3%A4?a=1&b=2")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    asked, sent = stand_in.last("FollowLink")
    assert (asked.visit.user_agent, asked.visit.purpose, asked.visit.method) == ("Firefox", "prefetch", "GET")
    assert asked.visit.ip_address == "127.0.0.1"
    assert "kith-principal" in sent
    assert visitor.head("/t/c/1.k1.c.x.0.mac").status_code == 302
    assert stand_in.last("FollowLink")[0].visit.method == "HEAD"


def test_no_query_of_a_link_reaches_its_target(visitor: FlaskClient, stand_in: StandIn) -> None:
    stand_in.says["FollowLink"] = lambda _: public_pb2.FollowLinkResponse(url="https://shop.example/")
    assert visitor.get("/t/c/x?url=https://evil.example").headers["Location"] == "https://shop.example/"


def test_a_link_that_leads_nowhere_is_told_on_a_page(visitor: FlaskClient, stand_in: StandIn) -> None:
    stand_in.says["FollowLink"] = refuse(TokenUnknown())
    answer = visitor.get("/t/c/forged")
    assert (answer.status_code, answer.content_type) == (404, "text/html; charset=utf-8")
    assert "The link leads nowhere." in answer.text


def test_the_pixel_is_the_same_whatever_happens(visitor: FlaskClient, stand_in: StandIn) -> None:
    good = visitor.get("/t/o/token")
    stand_in.says["OpenMail"] = refuse(TokenUnknown())
    bad = visitor.get("/t/o/forged")
    assert (good.status_code, good.data, good.content_type) == (bad.status_code, bad.data, bad.content_type)
    assert good.data.startswith(b"GIF89a")


def test_a_get_never_takes_anybody_out(visitor: FlaskClient, stand_in: StandIn) -> None:
    found = public_pb2.DescribeUnsubscribeResponse(masked_address="a…a@example.com", topic="news")
    stand_in.says["DescribeUnsubscribe"] = lambda _: found
    page = visitor.get("/t/u/token")
    assert page.status_code == 200
    assert "a…a@example.com" in page.text
    assert visitor.head("/t/u/token").status_code == 200
    assert "Unsubscribe" not in {name for name, _, _ in stand_in.asked}


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_takes_out_without_cookie_page_or_redirect(
    visitor: FlaskClient, stand_in: StandIn, content_type: str
) -> None:
    stand_in.says["Unsubscribe"] = lambda _: public_pb2.UnsubscribeResponse(topic="news")
    answer = visitor.post("/t/u/token", data={"List-Unsubscribe": "One-Click"}, content_type=content_type)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    asked, _ = stand_in.last("Unsubscribe")
    assert (asked.token, asked.everything) == ("token", False)
    visitor.post("/t/u/token", data={"choice": "all"})
    assert stand_in.last("Unsubscribe")[0].everything


def test_a_form_is_a_page_that_escapes_what_it_shows(visitor: FlaskClient, stand_in: StandIn) -> None:
    stand_in.says["RenderForm"] = lambda _: public_pb2.RenderFormResponse(form=FORM, token="tok")
    page = visitor.get("/f/form_1")
    assert "Ask &lt;us&gt;" in page.text
    assert "Send me news &amp; more." in page.text
    assert 'name="_token" value="tok"' in page.text
    assert "script" not in page.headers["Content-Security-Policy"]


def test_answers_are_sent_on_and_lead_where_the_form_says(visitor: FlaskClient, stand_in: StandIn) -> None:
    stand_in.says["SubmitForm"] = lambda _: public_pb2.SubmitFormResponse(redirect_url="https://www.example.com/thanks")
    given = {"email": "a@b.example", "_token": "tok", "_consent": "yes", "website_url": "spam"}
    answer = visitor.post("/f/form_1", data=given)
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://www.example.com/thanks")
    asked, _ = stand_in.last("SubmitForm")
    assert dict(asked.answers) == {"email": "a@b.example"}
    assert (asked.token, asked.consented, asked.honeypot, asked.host) == ("tok", True, "spam", "")


def test_answers_that_do_not_fit_come_back_with_what_is_wrong(visitor: FlaskClient, stand_in: StandIn) -> None:
    stand_in.says["RenderForm"] = lambda _: public_pb2.RenderFormResponse(form=FORM, token="new")
    stand_in.says["SubmitForm"] = refuse(Invalid([Violation("answers.email", "must be an e-mail address")]))
    page = visitor.post("/f/form_1", data={"email": '"><b>', "note": "<b>"})
    assert page.status_code == 400
    assert "must be an e-mail address" in page.text
    assert "<b>" not in page.text
    assert 'value="new"' in page.text


def test_pages_of_others_are_named_to_the_service_and_may_read_its_answer(
    visitor: FlaskClient, stand_in: StandIn
) -> None:
    stand_in.says["RenderForm"] = lambda _: public_pb2.RenderFormResponse(form=FORM, token="tok")
    there = {"Origin": "https://www.example.com"}
    answer = visitor.get("/f/form_1/token", headers=there)
    assert answer.json == {"token": "tok"}
    assert answer.headers["Access-Control-Allow-Origin"] == "https://www.example.com"
    assert stand_in.last("RenderForm")[0].host == "www.example.com"
    stand_in.says["RenderForm"] = refuse(HostNotAllowed(host="evil.example"))
    refused = visitor.get("/f/form_1/token", headers={"Origin": "https://evil.example"})
    assert refused.status_code == 409
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_a_body_that_is_too_large_is_refused(visitor: FlaskClient, stand_in: StandIn) -> None:
    assert visitor.post("/f/form_1", data={"email": "x" * 100_000}).status_code == 413
    assert not stand_in.asked


def test_visits_of_one_address_are_limited(a_gateway: Any, stand_in: StandIn) -> None:
    client = a_gateway(address_visits=2)
    statuses = [client.get("/t/o/token").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
