"""Sign-in as the pages of a browser do it: a cookie that scripts cannot read, and a token that proves our own pages."""

import pytest

from tests.journeys.company import PASSWORD
from tests.journeys.waiting import refused, said


@pytest.fixture
def browser(suite):
    with suite.client() as client:
        yield client


@pytest.fixture
def session(browser, company):
    """A session of the administrator; the browser keeps the cookie from here on."""
    answer = sign_in(browser, company)
    browser.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
    return answer


def sign_in(browser, company, password=PASSWORD):
    return browser.post("/v1/sessions", {"email": company.email, "password": password, "tenant_key": company.key})


def test_a_session_reads_and_with_its_token_writes(browser, session, company):
    assert session["user"]["email"] == company.email
    assert browser.get("/v1/me")["user_id"] == session["user"]["user_id"]
    made = browser.post("/v1/accounts", {"name": "Saltmarsh"}, x_csrf_token=session["csrf_token"])
    assert made["owner_id"] == session["user"]["user_id"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(session):
    cookie = session.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "csrf_token" not in cookie


def test_a_write_without_the_token_is_refused(browser, session):
    for headers in ({}, {"x_csrf_token": "guessed"}):
        with refused(403, "csrf-refused"):
            browser.post("/v1/accounts", {"name": "Saltmarsh"}, **headers)


def test_a_page_of_another_site_is_refused_even_with_the_token(browser, session):
    for headers in ({"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}):
        with refused(403, "csrf-refused"):
            browser.post("/v1/accounts", {"name": "Saltmarsh"}, x_csrf_token=session["csrf_token"], **headers)


def test_signing_out_ends_the_session(browser, session):
    browser.delete("/v1/sessions/current", x_csrf_token=session["csrf_token"])
    with refused(401):
        browser.get("/v1/accounts")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(browser, company):
    answers = []
    for email, password in ((company.email, "not the password"), ("nobody@nowhere.example", PASSWORD)):
        body = {"email": email, "password": password, "tenant_key": company.key}
        answers.append(said(lambda body=body: browser.post("/v1/sessions", body)))
    one, other = ({**answer.body, "instance": ""} for answer in answers)
    assert one == other
    assert one["status"] == 401


def test_a_new_password_ends_the_sessions(browser, session, company):
    other = company.hire("Olga Beck", "sales_rep")
    path = f"/v1/users/{other.user_id}:setPassword"
    browser.post(path, {"password": "the lamp above the door"}, x_csrf_token=session["csrf_token"])
    body = {
        "email": f"olga.beck@{company.key}.example",
        "password": "the lamp above the door",
        "tenant_key": company.key,
    }
    mine = browser.post("/v1/sessions", body)
    cookie = mine.headers["set-cookie"].partition(";")[0]
    assert browser.get("/v1/me").status == 200
    browser.post(path, {"password": "the lamp above the gate"}, x_csrf_token=session["csrf_token"])
    browser.headers["Cookie"] = cookie
    with refused(401):
        browser.get("/v1/me")


def test_without_a_credential_nothing_is_answered(browser):
    for path in ("/v1/accounts", "/v1/me", "/v1/reports/pipeline"):
        with refused(401):
            browser.get(path)


def test_a_forged_principal_is_worth_nothing(browser):
    forged = {"kith_principal": "eyJhbGciOiJub25lIn0.e30.", "x_tenant_id": "ten_1", "grpc_metadata_kith_principal": "x"}
    with refused(401):
        browser.call("GET", "/v1/accounts", headers=forged)
