"""Every error is a problem document: refusals of the services, failures of the way to them, and what breaks here."""

import re

import grpc
import pytest
from google.rpc import status_pb2

from chassis import refusals
from chassis.refusals import Invalid, Refused, Violation
from services.gateway import contract, intake, problems
from services.gateway.problem_pages import problem_pages
from tests.openapi import conforms


class OpportunityAlreadyClosed(Refused):
    """The opportunity {opportunity} is already closed, as {status}."""


def refusing(stand_in, rpc, refusal):
    def answer(_):
        raise refusal

    stand_in.says[rpc] = answer


def test_a_refusal_becomes_a_problem_with_its_keywords(gateway, stand_in):
    refusing(stand_in, "WinOpportunity", OpportunityAlreadyClosed(opportunity="opp_1", status="WON"))
    answer = conforms(
        gateway.post("/v1/opportunities/opp_1:win", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    )
    assert answer.status_code == 409
    assert answer.json == {
        "type": "/problems/opportunity-already-closed",
        "title": "Opportunity already closed",
        "status": 409,
        "detail": "The opportunity opp_1 is already closed, as WON.",
        "instance": "a" * 32,
        "opportunity": "opp_1",
        "record_status": "WON",
    }


@pytest.mark.parametrize(
    ("verb", "path", "field", "place"),
    [
        ("POST", "/v1/contacts", "contact.emails[0].address", {"pointer": "/emails/0/address"}),
        ("POST", "/v1/contacts", "contact", {"pointer": ""}),
        ("PATCH", "/v1/contacts/con_1", "contact.id", {"parameter": "id"}),
        ("PATCH", "/v1/contacts/con_1", "update_mask", {"parameter": "update_mask"}),
        ("POST", "/v1/opportunities/opp_1:win", "amount.currency_code", {"pointer": "/amount/currency_code"}),
        ("POST", "/v1/opportunities/opp_1:win", "id", {"parameter": "id"}),
        ("POST", "/v1/contacts:search", "filter.all[1].value", {"pointer": "/filter/all/1/value"}),
        ("GET", "/v1/contacts?job_title=x&filter={}", "filter.all[0].value", {"parameter": "job_title"}),
        ("GET", "/v1/contacts?job_title=x&filter={}", "filter.all[1].op", {"parameter": "filter"}),
        ("GET", "/v1/contacts?order_by=x", "order_by[0]", {"parameter": "order_by"}),
        ("PUT", "/v1/contacts/by-external-id/a/b", "external_id", {"parameter": "external_id"}),
    ],
)
def test_a_fault_of_a_field_is_told_where_the_caller_put_it(gateway, stand_in, verb, path, field, place):
    for rpc in ("CreateContact", "UpdateContact", "WinOpportunity", "ListContacts", "UpsertContact"):
        refusing(stand_in, rpc, Invalid([Violation(field, "does not fit")]))
    body = {} if verb == "GET" else {"json": {}}
    answer = conforms(gateway.open(path, method=verb, **body))
    assert (answer.status_code, answer.json["errors"]) == (400, [place | {"detail": "does not fit"}])


@pytest.mark.parametrize(
    ("verb", "path", "name", "hint"),
    [
        ("POST", "/v1/contacts", "firstname", "; did you mean given_name?"),
        ("POST", "/v1/contacts", "AccountId", "; did you mean account_id?"),
        ("POST", "/v1/contacts", "departmnet", "; did you mean department?"),
        ("POST", "/v1/contacts", "email", "; did you mean emails?"),
        ("POST", "/v1/contacts", "shoe", ""),
        ("POST", "/v1/territories:explain", "ids", "; known are record_id"),
        ("GET", "/v1/contacts", "email", "; did you mean emails.address?"),
        ("GET", "/v1/contacts", "limit", "; did you mean page_size?"),
        ("GET", "/v1/search", "query", "; known are page_size, q, types"),
    ],
)
def test_an_unknown_name_is_told_with_the_one_that_was_meant(gateway, verb, path, name, hint):
    if verb == "POST":
        answer, what, place = gateway.post(path, json={name: "x"}), "field", {"pointer": f"/{name}"}
    else:
        answer, what, place = gateway.get(f"{path}?{name}=x"), "parameter", {"parameter": name}
    assert answer.status_code == 400
    assert place | {"detail": f"there is no {what} of this name here{hint}"} in answer.json["errors"]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (refusals.Invalid(), 400),
        (refusals.Forbidden(permission="a.b.c"), 403),
        (refusals.NotFound(noun="contact", id="con_1"), 404),
        (refusals.AlreadyExists(noun="contact", field="code"), 409),
        (refusals.StaleRevision(noun="contact", id="con_1", etag="2"), 409),
        (refusals.TooMany(seconds=7), 429),
        (refusals.Unavailable(service="mongo"), 503),
    ],
)
def test_each_kind_of_refusal_has_its_status(gateway, stand_in, refusal, status):
    refusing(stand_in, "CreateContact", refusal)
    assert conforms(gateway.post("/v1/contacts", json={})).status_code == status


def test_a_stale_revision_fails_the_precondition_only_where_there_was_one(gateway, stand_in):
    refusing(stand_in, "UpdateContact", refusals.StaleRevision(noun="contact", id="con_1", etag="2"))
    conditional = gateway.patch("/v1/contacts/con_1", json={}, headers={"If-Match": '"1"'})
    assert conforms(conditional).status_code == 412
    assert conforms(gateway.patch("/v1/contacts/con_1", json={})).status_code == 409


def test_a_service_without_a_target_is_named(a_gateway):
    client = a_gateway(sales_target="")
    answer = conforms(client.get("/v1/opportunities", headers={"Authorization": "Bearer kith_adas_key"}))
    assert (answer.status_code, answer.json["service"], answer.headers["Retry-After"]) == (503, "sales", "1")
    assert client.get("/v1/contacts", headers={"Authorization": "Bearer kith_adas_key"}).status_code == 200


def test_a_service_that_is_down_is_named(a_gateway):
    client = a_gateway(sales_target="127.0.0.1:1")
    answer = conforms(client.get("/v1/opportunities", headers={"Authorization": "Bearer kith_adas_key"}))
    assert (answer.status_code, answer.json["service"], answer.headers["Retry-After"]) == (503, "sales", "1")
    assert conforms(client.get("/readyz")).json["services"]["sales"] == "down"


def test_without_identity_nobody_is_let_in_and_identity_is_named(a_gateway):
    answer = conforms(a_gateway(identity_target="").get("/v1/contacts", headers={"Authorization": "Bearer kith_x"}))
    assert (answer.status_code, answer.json["service"]) == (503, "identity")


def test_a_service_that_is_too_slow_is_named(a_gateway, stand_in):
    import threading

    done = threading.Event()
    stand_in.says["GetContact"] = lambda _: done.wait(3) or None
    answer = a_gateway(deadline_seconds=1).get("/v1/contacts/con_1", headers={"Authorization": "Bearer kith_adas_key"})
    done.set()
    assert (conforms(answer).status_code, answer.json["service"]) == (504, "contacts")


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS])
def test_a_service_that_breaks_tells_no_text(gateway, stand_in, code):
    stand_in.says["GetContact"] = lambda _: status_pb2.Status(code=code.value[0], message="File /srv/secret.py, line 3")
    answer = conforms(gateway.get("/v1/contacts/con_1"))
    assert (answer.status_code, answer.json["type"]) == (500, "/problems/unexpected")
    assert "secret" not in answer.text


def test_a_fault_of_our_own_tells_no_text(gateway, monkeypatch, caplog):
    def breaks(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(intake.Intake, "message", breaks)
    answer = conforms(gateway.get("/v1/contacts/con_1"))
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert "ZeroDivisionError" in caplog.text


def test_a_full_service_asks_to_come_back(gateway, stand_in):
    stand_in.says["GetContact"] = lambda _: status_pb2.Status(code=8, message="Concurrent RPC limit exceeded!")
    answer = conforms(gateway.get("/v1/contacts/con_1"))
    assert (answer.status_code, answer.json["service"]) == (503, "contacts")


def test_a_read_is_tried_again_when_the_service_is_away_for_a_moment(gateway, stand_in):
    from crm.contacts.v1 import contact_pb2

    tries = []

    def second(_):
        tries.append(1)
        return contact_pb2.Contact(id="con_1") if len(tries) > 1 else status_pb2.Status(code=14, message="x")

    stand_in.says["GetContact"] = stand_in.says["CreateContact"] = second
    assert conforms(gateway.get("/v1/contacts/con_1")).status_code == 200
    tries.clear()
    assert conforms(gateway.post("/v1/contacts", json={})).status_code == 503


def test_every_problem_type_has_a_page(gateway):
    for name in re.findall(r'href="(/problems/[a-z-]+)"', gateway.get("/problems").text):
        page = gateway.get(name)
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert "script" not in page.headers["Content-Security-Policy"]
    assert "WinOpportunity" in gateway.get("/problems/opportunity-already-closed").text
    assert conforms(gateway.get("/problems/none-of-ours")).status_code == 404


def test_http_errors_without_a_refusal_of_ours_are_problems_too():
    from werkzeug.exceptions import RequestHeaderFieldsTooLarge

    problem = problems.of_exception(RequestHeaderFieldsTooLarge())
    assert (problem.status, problem.document()["type"]) == (431, "/problems/request-header-fields-too-large")


def test_every_answer_has_an_id_and_closes_what_browsers_leave_open(gateway):
    for path in ("/v1/contacts", "/nothing", "/docs", "/openapi.json", "/healthz"):
        headers = gateway.get(path, headers={"X-Request-Id": "mine-1"}).headers
        assert headers["X-Request-Id"] == "mine-1"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers
    assert gateway.get("/healthz", headers={"X-Request-Id": "a b\x00"}).headers["X-Request-Id"].startswith("req_")


def test_a_trace_goes_on_through_the_gateway(gateway, stand_in):
    gateway.get("/v1/contacts/con_1", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "X-Request-Id": "mine"})
    metadata = stand_in.last("GetContact")[1]
    assert (metadata["traceparent"][3:35], metadata["x-request-id"]) == ("a" * 32, "mine")
    gateway.get("/v1/contacts/con_1", headers={"traceparent": f"00-{'0' * 32}-{'b' * 16}-01"})
    assert re.fullmatch(r"00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-0[01]", stand_in.last("GetContact")[1]["traceparent"])


def test_the_pages_know_what_the_comments_of_the_contract_name():
    assert problem_pages(list(contract.services())).name == "problems"
