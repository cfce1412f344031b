"""The search across nouns: what is looked for where, how hits are ranked, and what a role or a fault leaves out."""

from typing import Any

import pytest
from crm.contacts.v1 import account_pb2, contact_pb2, lead_pb2
from crm.sales.v1 import order_pb2
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusals import Unavailable
from services.gateway.composed.kinds import KINDS
from services.gateway.composed.ranking import EXACT, MATCHES, OTHER, PREFIX, TITLE, Sought
from tests.gateway.cast import a_principal
from tests.gateway.standin import StandIn, refuse
from tests.openapi import conforms, document


@pytest.fixture
def company(stand_in: StandIn) -> StandIn:
    """Services that know a few records with a word in common."""
    people = [
        {"id": "con_1", "display_name": "Bo", "emails": [{"address": "bo@pier.example"}], "job_title": "Baker"},
        {"id": "con_2", "display_name": "Pier Nilsen"},
        {"id": "con_3", "display_name": "Ada Pier"},
    ]
    stand_in.says |= {
        "ListContacts": lambda _: contact_pb2.ListContactsResponse(contacts=people),
        "ListAccounts": lambda _: account_pb2.ListAccountsResponse(accounts=[{"id": "acc_1", "name": "Píer"}]),
        "ListLeads": lambda _: lead_pb2.ListLeadsResponse(
            leads=[{"id": "lead_1", "display_name": "Per", "company_name": "Pier & Co"}]
        ),
        "ListOrders": lambda _: order_pb2.ListOrdersResponse(orders=[{"id": "ord_1", "number": "ORD-1"}]),
    }
    return stand_in


def group(answer: Any, type: str) -> Any:
    return next(each for each in answer.json["groups"] if each["type"] == type)


def test_every_noun_is_looked_at_with_the_words(gateway: FlaskClient, company: StandIn) -> None:
    answer = conforms(gateway.get("/v1/search?q=%20Pier%20"))
    assert answer.json["query"] == "Pier"
    assert {each["type"] for each in answer.json["groups"]} == {kind.type for kind in KINDS}
    assert company.asked_for(answer) - {"Authenticate"} == {kind.rpc_name for kind in KINDS}
    assert all(company.last(kind.rpc_name)[0].query == "Pier" for kind in KINDS)


def test_hits_and_groups_that_fit_best_come_first(gateway: FlaskClient, company: StandIn) -> None:
    answer = conforms(gateway.get("/v1/search?q=pier"))
    assert [each["type"] for each in answer.json["groups"]][:4] == ["accounts", "contacts", "leads", "orders"]
    assert [(hit["id"], hit["match"]) for hit in group(answer, "contacts")["hits"]] == [
        ("con_2", PREFIX), ("con_3", TITLE), ("con_1", OTHER),
    ]  # fmt: skip
    assert group(answer, "accounts")["hits"][0]["match"] == EXACT


def test_a_hit_says_what_it_is_and_by_what_it_was_found(gateway: FlaskClient, company: StandIn) -> None:
    answer = gateway.get("/v1/search?q=pier")
    assert group(answer, "contacts")["hits"][2] == {
        "noun": "contact", "id": "con_1", "title": "Bo", "subtitle": "bo@pier.example", "match": OTHER,
    }  # fmt: skip
    assert group(answer, "leads")["hits"][0]["subtitle"] == "Pier & Co"


def test_only_the_types_asked_for_are_looked_at(gateway: FlaskClient, company: StandIn) -> None:
    answer = conforms(gateway.get("/v1/search?q=pier&types=leads,orders&types=leads"))
    assert {each["type"] for each in answer.json["groups"]} == {"leads", "orders"}


def test_a_group_holds_as_many_as_asked_for_and_says_that_there_are_more(
    gateway: FlaskClient, company: StandIn
) -> None:
    found = group(conforms(gateway.get("/v1/search?q=pier&page_size=2")), "contacts")
    assert ([hit["id"] for hit in found["hits"]], found["more"]) == (["con_2", "con_3"], True)
    assert not group(gateway.get("/v1/search?q=pier&page_size=3"), "contacts")["more"]


def test_a_group_that_fails_or_is_forbidden_says_so_and_stands_last(gateway: FlaskClient, company: StandIn) -> None:
    company.says["Authenticate"] = lambda _: a_principal(grants={"contacts.*.read": "all", "support.*.read": "all"})
    company.says["ListTickets"] = refuse(Unavailable(service="support"))
    answer = conforms(gateway.get("/v1/search?q=pier"))
    reasons = {each["type"]: each["problem"]["type"] for each in answer.json["groups"] if "problem" in each}
    assert reasons.pop("tickets") == "/problems/unavailable"
    assert set(reasons.values()) == {"/problems/forbidden"}
    assert [each["state"] for each in answer.json["groups"]] == ["FRESH"] * 3 + ["UNAVAILABLE"] * 6


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "q"), ("?q=", "q"), ("?q=a", "q"), ("?q=%20%20a%20", "q"), (f"?q={'x' * 201}", "q"), ("?q=--", "q"),
        ("?q=ab&q=cd", "q"), ("?q=ab&types=unicorns", "types"), ("?q=ab&page_size=0", "page_size"),
        ("?q=ab&page_size=21", "page_size"), ("?q=ab&page_size=%C2%B2", "page_size"),
        ("?q=ab&page_size=1&page_size=2", "page_size"),
        ("?q=ab&order_by=name", "order_by"), ("?q=%ff", "?"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(gateway: FlaskClient, company: StandIn, query: str, parameter: str) -> None:
    answer = conforms(gateway.get(f"/v1/search{query}"))
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/invalid")
    assert parameter in {each["parameter"] for each in answer.json["errors"]}
    assert company.asked_for(answer) == {"Authenticate"}


def test_nobody_without_credential_searches(usual: Any, stand_in: StandIn) -> None:
    assert conforms(usual.test_client().get("/v1/search?q=pier")).status_code == 401


@pytest.mark.parametrize(
    ("text", "title", "below", "match"),
    [
        ("ada", "ADA", [], EXACT),
        ("ord-1", "Some order", ["ORD-1"], EXACT),
        ("lovelace", "Lovelace Engines", [], PREFIX),
        ("engines love", "Lovelace Engines", [], TITLE),
        ("lovelace husum", "Lovelace Engines", ["Husum"], OTHER),
    ],
)
def test_the_title_decides_how_well_a_hit_fits(text: str, title: str, below: list[str], match: str) -> None:
    assert Sought(text).match(title, below) == match


@given(st.text(min_size=1, max_size=30), st.text(max_size=30), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_has_a_rank_and_more_title_never_makes_it_better_than_exact(
    text: str, title: str, below: list[str]
) -> None:
    assert Sought(text).match(title, below) in MATCHES
    assert Sought(text).match(text, below) == EXACT
    assert Sought(text).telling(below) in (*below, "")


def test_the_search_is_described_from_its_table() -> None:
    described = document()["paths"]["/v1/search"]["get"]
    [types] = [each for each in described["parameters"] if each["name"] == "types"]
    assert types["schema"]["items"]["enum"] == [kind.type for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=lambda each: each.type)
def test_titles_and_lines_are_fields_of_the_noun(kind: Any) -> None:
    [records] = [field for field in kind.method.output_type.fields if field.name == kind.type and field.is_repeated]
    empty = records.message_type._concrete_class(id="x_1")
    assert kind.title(empty) == "x_1"
    assert kind.below(empty) == []
    assert set(kind.fields) <= set(records.message_type.fields_by_name)
