"""One customer over all services: what is shown, how fresh it is, and that no service fails the whole."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from crm.campaigns.v1 import audience_pb2, segment_pb2
from crm.common.v1 import money_pb2
from crm.contacts.v1 import account_pb2, contact_pb2, interaction_pb2
from crm.sales.v1 import opportunity_pb2, order_pb2, report_pb2
from crm.support.v1 import ticket_pb2
from flask.testing import FlaskClient

from chassis.refusals import Forbidden, NotFound, Refused
from services.gateway.composed.blocks import OVERVIEWS
from services.gateway.composed.memory import MOST_BYTES, Memory, Remembered
from tests.eventually import eventually
from tests.gateway.cast import ALL, KEY, a_principal, authenticate
from tests.gateway.standin import StandIn, serving
from tests.openapi import conforms, document

CON, ACC = "con_01jd9x2m8q4v6n0t3s5w7y9z1b", "acc_01jd9x2m8q4v6n0t3s5w7y9z1b"
PATH = f"/v1/contacts/{CON}/overview"
SERVICES = ("contacts", "sales", "support", "campaigns")


def refuse(refusal: Exception) -> Any:
    def say(_: Any) -> Any:
        raise refusal

    return say


@pytest.fixture
def customer(stand_in: StandIn) -> StandIn:
    """Services that know a customer."""
    member = {"id": CON, "opted_in": ["news"], "segment_ids": ["seg_b", "seg_a"]}
    euro = money_pb2.Money(currency_code="EUR", units=7)
    stand_in.says |= {
        "GetContact": lambda _: contact_pb2.Contact(id=CON, display_name="Ada", account_id=ACC),
        "GetAccount": lambda asked: account_pb2.Account(id=asked.id, name="Lovelace"),
        "ListAudienceMembers": lambda _: audience_pb2.ListAudienceMembersResponse(audience_members=[member]),
        "ListContactTimeline": lambda _: interaction_pb2.ListInteractionsResponse(interactions=[{"title": "Called"}]),
        "ListOpportunities": lambda _: opportunity_pb2.ListOpportunitiesResponse(
            opportunities=[{"id": "opp_1", "name": "A pier", "description": "not asked for"}], total={"value": 1}
        ),
        "ReportPipeline": lambda _: report_pb2.PipelineReport(total={"open_amount": [euro], "won_amount": [euro]}),
        "ListTickets": lambda _: ticket_pb2.ListTicketsResponse(tickets=[{"subject": "Rust"}], total={"value": 3}),
        "ListOrders": lambda _: order_pb2.ListOrdersResponse(orders=[{"number": "ORD-1"}]),
        "ListSegments": lambda _: segment_pb2.ListSegmentsResponse(segments=[{"name": "Piers"}]),
    }
    return stand_in


@pytest.fixture
def a_role(stand_in: StandIn, gateway: FlaskClient) -> Callable[[dict[str, str]], FlaskClient]:
    """Makes the caller one with these grants."""

    def become(grants: dict[str, str]) -> FlaskClient:
        stand_in.says["Authenticate"] = lambda _: a_principal(grants=grants)
        return gateway

    return become


class Doors:
    """A door of its own for each service, which can be closed for real."""

    def __init__(self, stand_in: StandIn, stack: ExitStack) -> None:
        self._open = {}
        self.targets = {}
        for name in SERVICES:
            door = ExitStack()
            stack.enter_context(door)
            self._open[name] = door
            self.targets[f"{name}_target"] = door.enter_context(serving(stand_in))

    def close(self, service: str) -> None:
        """Stop the service's server."""
        self._open[service].close()


@pytest.fixture
def doors(customer: StandIn) -> Iterator[Doors]:
    with ExitStack() as stack:
        yield Doors(customer, stack)


def states(answer: Any) -> dict[str, str]:
    return {name: block["state"] for name, block in answer.json.items()}


def blocks_of(service: str) -> set[str]:
    return {block.name for block in OVERVIEWS[0].blocks if block.rpc.service == service}


def connected(client: FlaskClient) -> Any:
    """The first overview that is whole: on a busy machine, connections may take longer than an overview waits."""

    def whole() -> Any:
        answer = conforms(client.get(PATH, headers={"Authorization": f"Bearer {KEY}"}))
        return answer.json if set(states(answer).values()) == {"FRESH"} else None

    return eventually(whole)


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
    answer = conforms(a_gateway(**doors.targets).get(PATH, headers={"Authorization": f"Bearer {KEY}"}))
    missing = {name for name, state in states(answer).items() if state != "FRESH"}
    assert missing == blocks_of(service)
    for name in missing:
        assert answer.json[name]["problem"]["type"] == "/problems/unavailable"
        assert answer.json[name]["problem"]["service"] == service
        assert "answer" not in answer.json[name]


def test_while_contacts_is_down_the_other_services_still_answer(doors: Doors, a_gateway: Any) -> None:
    doors.close("contacts")
    answer = conforms(a_gateway(**doors.targets).get(PATH, headers={"Authorization": f"Bearer {KEY}"}))
    assert {name for name, state in states(answer).items() if state == "UNAVAILABLE"} == blocks_of("contacts")


def test_a_service_without_target_fails_its_blocks_only(customer: StandIn, a_gateway: Any) -> None:
    answer = conforms(a_gateway(support_target="").get(PATH, headers={"Authorization": f"Bearer {KEY}"}))
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
    answer = conforms(client.get(PATH, headers={"Authorization": f"Bearer {KEY}"}))
    rested.set()
    assert time.monotonic() - began < 3
    assert {name for name, state in states(answer).items() if state != "FRESH"} == blocks_of("support")
    assert answer.json["tickets"]["problem"]["type"] == "/problems/deadline-exceeded"


def test_a_block_that_fails_within_shows_no_internals(a_gateway: Any, customer: StandIn) -> None:
    customer.says["ListTickets"] = refuse(RuntimeError("select * from secrets"))
    answer = conforms(a_gateway().get(PATH, headers={"Authorization": f"Bearer {KEY}"}))
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


def test_a_service_that_went_away_is_remembered_with_its_time(doors: Doors, a_gateway: Any) -> None:
    client, mine = a_gateway(**doors.targets), {"Authorization": f"Bearer {KEY}"}
    before = connected(client)["tickets"]
    doors.close("support")
    after = conforms(client.get(PATH, headers=mine)).json["tickets"]
    assert (after["state"], after["answer"]) == ("STALE", before["answer"])
    assert after["as_of"] == before["as_of"]
    assert after["problem"]["service"] == "support"
    again = client.get(PATH, headers=mine).json["tickets"]
    assert again["as_of"] == before["as_of"]  # what is remembered does not grow younger


def test_what_is_remembered_of_a_contact_serves_what_follows_from_it(doors: Doors, a_gateway: Any) -> None:
    client, mine = a_gateway(**doors.targets), {"Authorization": f"Bearer {KEY}"}
    connected(client)
    doors.close("contacts")
    answer = conforms(client.get(PATH, headers=mine))
    assert {name for name, state in states(answer).items() if state == "STALE"} == blocks_of("contacts")


def test_nothing_is_remembered_where_that_is_not_wanted(doors: Doors, a_gateway: Any) -> None:
    client, mine = a_gateway(**doors.targets, remembered_seconds=0), {"Authorization": f"Bearer {KEY}"}
    connected(client)
    doors.close("support")
    assert client.get(PATH, headers=mine).json["tickets"]["state"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    "other",
    [{"user_id": "usr_eve"}, {"tenant_id": "ten_2"}, {"grants": ALL | {"sales.*.*": "own"}}],
    ids=["user", "tenant", "grants"],
)
def test_nobody_is_shown_what_another_caller_was_shown(
    doors: Doors, a_gateway: Any, stand_in: StandIn, other: Any
) -> None:
    client = a_gateway(**doors.targets)
    connected(client)
    stand_in.says["Authenticate"] = lambda asked: (
        a_principal(**other) if asked.api_key.endswith("_other") else authenticate(asked)
    )
    doors.close("support")
    mine = client.get(PATH, headers={"Authorization": f"Bearer {KEY}"}).json
    theirs = client.get(PATH, headers={"Authorization": f"Bearer {KEY}_other"}).json
    assert (mine["tickets"]["state"], theirs["tickets"]["state"]) == ("STALE", "UNAVAILABLE")


def test_a_record_that_is_gone_is_not_remembered(doors: Doors, a_gateway: Any, customer: StandIn) -> None:
    client, mine = a_gateway(**doors.targets), {"Authorization": f"Bearer {KEY}"}
    connected(client)
    customer.says["GetContact"] = refuse(NotFound(noun="contact", id=CON))
    assert client.get(PATH, headers=mine).status_code == 404
    doors.close("contacts")
    assert client.get(PATH, headers=mine).json["contact"]["state"] == "UNAVAILABLE"


def test_a_refusal_is_not_papered_over_with_what_is_remembered(gateway: FlaskClient, customer: StandIn) -> None:
    gateway.get(PATH)
    customer.says["ListOrders"] = refuse(Refused())
    assert gateway.get(PATH).json["orders"]["state"] == "UNAVAILABLE"


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    memory = Memory(60, most_bytes=10_000)
    for number in range(100):
        memory.keep((b"ada", PATH, str(number)), {"a": Remembered(b"x" * 500, "", memory.clock())})
        assert memory.bytes <= 10_000
    assert memory.recall((b"ada", PATH, "99"))
    assert not memory.recall((b"ada", PATH, "0"))
    memory.keep((b"ada", PATH, "99"), {"a": Remembered(b"x" * (MOST_BYTES + 1), "", memory.clock())})
    assert not memory.recall((b"ada", PATH, "99"))  # what is too large is not kept, and what it replaces neither
    for number in range(100):
        memory.keep((b"ada", PATH, str(number)), {})
    assert memory.bytes == 0


def test_memory_fades() -> None:
    second = [0.0]
    memory = Memory(60, clock=lambda: second[0])
    key = (b"ada", PATH, CON)
    memory.keep(key, {"a": Remembered(b"{}", "", 0.0), "b": Remembered(b"{}", "", 30.0)})
    second[0] = 60.5
    assert list(memory.recall(key)) == ["b"]


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
