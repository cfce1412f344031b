"""One customer over all services: what is shown, how fresh it is, and that no service fails the whole."""

import threading
import time
from typing import Any

import pytest
from crm.contacts.v1 import contact_pb2
from crm.support.v1 import ticket_pb2
from flask.testing import FlaskClient

from chassis.refusals import Forbidden, NotFound
from services.gateway.composed.blocks import OVERVIEWS
from tests.gateway.overviews import ACC, CON, MINE, PATH, Doors, blocks_of, connected, states
from tests.gateway.standin import StandIn, refuse
from tests.openapi import conforms, document


def test_every_block_is_there_and_fresh(gateway: FlaskClient, customer: StandIn) -> None:
    answer = conforms(gateway.get(PATH))
    assert set(states(answer).values()) == {"FRESH"}
    assert list(answer.json) == [block.name for block in OVERVIEWS[0].blocks]
    assert answer.json["contact"]["answer"]["display_name"] == "Ada"
    assert answer.json["pipeline"]["answer"]["total"]["won_amount"] == [
        {"currency_code": "EUR", "units": "7", "nanos": 0}
    ]
    assert answer.json["open_tickets"]["answer"]["total"]["value"] == 3
    assert answer.json["segments"]["answer"]["segments"][0]["name"] == "Piers"


def test_each_service_is_asked_for_this_record_only(gateway: FlaskClient, customer: StandIn) -> None:
    gateway.get(PATH)
    sale = customer.last("ListOpportunities")[0]
    assert [(each.field, each.value.string_value) for each in sale.filter.all] == [
        ("contacts.contact_id", CON), ("status", "OPEN"),
    ]  # fmt: skip
    assert customer.last("ListOrders")[0].filter.all[0].value.string_value == CON
    assert [each.string_value for each in customer.last("ListSegments")[0].filter.value.list_value.values] == [
        "seg_a", "seg_b",
    ]  # fmt: skip
    assert customer.last("ListAudienceMemberDeliveries")[0].id == CON


def test_what_was_not_read_does_not_look_empty(gateway: FlaskClient, customer: StandIn) -> None:
    [sale] = gateway.get(PATH).json["open_opportunities"]["answer"]["opportunities"]
    assert sale["name"] == "A pier"
    assert not {"description", "lines"} & set(sale)


def test_an_account_shows_its_people(gateway: FlaskClient, customer: StandIn) -> None:
    customer.says["ListContacts"] = lambda _: contact_pb2.ListContactsResponse(contacts=[{"display_name": "Ada"}])
    answer = conforms(gateway.get(f"/v1/accounts/{ACC}/overview"))
    assert set(states(answer).values()) == {"FRESH"}
    assert answer.json["contacts"]["answer"]["contacts"][0]["display_name"] == "Ada"
    assert customer.last("ReportPipeline")[0].filter.field == "account_id"


def test_a_contact_without_account_has_empty_blocks_and_nobody_is_asked(
    gateway: FlaskClient, customer: StandIn
) -> None:
    customer.says["GetContact"] = lambda _: contact_pb2.Contact(id=CON)
    answer = conforms(gateway.get(PATH))
    assert answer.json["account"]["state"] == "FRESH"
    assert "GetAccount" not in customer.asked_for(answer)


@pytest.mark.parametrize("service", ["sales", "support", "campaigns"])
def test_a_service_that_is_down_fails_its_blocks_only(doors: Doors, a_gateway: Any, service: str) -> None:
    doors.close(service)
    answer = conforms(a_gateway(**doors.targets).get(PATH, headers=MINE))
    missing = {name for name, state in states(answer).items() if state != "FRESH"}
    assert missing == blocks_of(service)
    for name in missing:
        assert answer.json[name]["problem"]["type"] == "/problems/unavailable"
        assert answer.json[name]["problem"]["service"] == service
        assert "answer" not in answer.json[name]


def test_while_contacts_is_down_the_other_services_still_answer(doors: Doors, a_gateway: Any) -> None:
    doors.close("contacts")
    answer = conforms(a_gateway(**doors.targets).get(PATH, headers=MINE))
    assert {name for name, state in states(answer).items() if state == "UNAVAILABLE"} == blocks_of("contacts")


def test_a_service_without_target_fails_its_blocks_only(customer: StandIn, a_gateway: Any) -> None:
    answer = conforms(a_gateway(support_target="").get(PATH, headers=MINE))
    assert {name for name, state in states(answer).items() if state != "FRESH"} == blocks_of("support")


def test_a_slow_service_is_not_awaited_beyond_the_deadline(customer: StandIn, a_gateway: Any) -> None:
    rested = threading.Event()

    def rest(_: Any) -> Any:
        rested.wait(5)
        return ticket_pb2.ListTicketsResponse()

    client = a_gateway(composed_milliseconds=1000, remembered_seconds=0)
    connected(client)
    customer.says["ListTickets"] = rest
    began = time.monotonic()
    answer = conforms(client.get(PATH, headers=MINE))
    rested.set()
    assert time.monotonic() - began < 3
    assert {name for name, state in states(answer).items() if state != "FRESH"} == blocks_of("support")
    assert answer.json["tickets"]["problem"]["type"] == "/problems/deadline-exceeded"


def test_a_block_that_fails_within_shows_no_internals(a_gateway: Any, customer: StandIn) -> None:
    customer.says["ListTickets"] = refuse(RuntimeError("select * from secrets"))
    answer = conforms(a_gateway().get(PATH, headers=MINE))
    assert answer.json["tickets"]["state"] == "UNAVAILABLE"
    assert "secrets" not in answer.text


def test_what_the_role_may_not_read_is_neither_asked_nor_shown(customer: StandIn, a_role: Any) -> None:
    gateway = a_role({"contacts.*.read": "all", "sales.order.read": "own"})
    answer = conforms(gateway.get(PATH))
    fresh = {name for name, state in states(answer).items() if state == "FRESH"}
    assert fresh == blocks_of("contacts") | {"orders"}  # and nothing else of sales
    assert answer.json["tickets"]["problem"] == answer.json["open_tickets"]["problem"]
    assert answer.json["tickets"]["problem"]["type"] == "/problems/forbidden"
    assert answer.json["tickets"]["problem"]["permission"] == "support.ticket.read"
    assert "ListTickets" not in customer.asked_for(answer)


def test_what_a_service_refuses_is_told_in_its_words(gateway: FlaskClient, customer: StandIn) -> None:
    customer.says["ListOrders"] = refuse(Forbidden(permission="sales.order.read"))
    answer = conforms(gateway.get(PATH))
    assert answer.json["orders"]["problem"]["status"] == 403
    assert states(answer)["tickets"] == "FRESH"


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(NotFound(noun="contact", id=CON), 404), (Forbidden(permission="contacts.contact.read"), 403)],
)
def test_who_may_not_see_the_record_sees_nothing(
    gateway: FlaskClient, customer: StandIn, refusal: Exception, status: int
) -> None:
    customer.says["GetContact"] = refuse(refusal)
    answer = conforms(gateway.get(PATH))
    assert answer.status_code == status
    assert "Rust" not in answer.text


def test_a_role_without_contacts_is_refused_before_anybody_is_asked(customer: StandIn, a_role: Any) -> None:
    answer = conforms(a_role({"sales.*.read": "all"}).get(PATH))
    assert (answer.status_code, answer.json["permission"]) == (403, "contacts.contact.read")
    assert customer.asked_for(answer) == {"Authenticate"}


def test_nobody_without_credential_is_answered(usual: Any, stand_in: StandIn) -> None:
    assert conforms(usual.test_client().get(PATH)).status_code == 401


@pytest.mark.parametrize("query", ["?fields=name", "?a=1&b=%ff"])
def test_parameters_are_refused_by_name(gateway: FlaskClient, customer: StandIn, query: str) -> None:
    answer = conforms(gateway.get(PATH + query))
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/invalid")
    assert answer.json["errors"][0]["parameter"] in ("fields", "?")


def test_a_body_is_refused(gateway: FlaskClient, customer: StandIn) -> None:
    assert conforms(gateway.get(PATH, json={})).json["type"] == "/problems/unexpected-body"


@pytest.mark.parametrize("overview", OVERVIEWS, ids=lambda each: each.name)
def test_overviews_are_described_from_their_tables(overview: Any) -> None:
    described = document()["paths"][overview.path]["get"]
    assert described["x-permission"] == overview.record.rpc.permission
    shape = document()["components"]["schemas"][overview.name]["properties"]
    assert list(shape) == [block.name for block in overview.blocks]
    assert shape["tickets"]["properties"]["answer"]["$ref"].endswith("/ListTicketsResponse")


@pytest.mark.parametrize("overview", OVERVIEWS, ids=lambda each: each.name)
def test_blocks_follow_blocks_that_need_no_other(overview: Any) -> None:
    first = {block.name for block in overview.blocks if not block.after}
    assert {block.after for block in overview.blocks if block.after} <= first
    assert not overview.record.after
    assert all(block.rpc.reads for block in overview.blocks)
