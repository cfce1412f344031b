"""Searches and lists are read by the index that has the least to read, and answer the same by each."""

import random

import pytest
from crm.common.v1 import listing_pb2
from crm.sales.v1 import opportunity_pb2
from pymongo import IndexModel, MongoClient

from chassis import mirror
from chassis.listing import TOKENS, counts, page, paths, search_tokens
from chassis.listing.counts import NEWEST
from chassis.listing.frequency import WORDS

TENANT, ROWS = "one", 3_000
SCOPES = {
    "all": {},
    "own": {"owner_id": "usr_1"},
    "team": {"$or": [{"owner_id": "usr_1"}, {"team_id": {"$in": ["team_1", "team_2"]}}]},
    "of nobody": {"owner_id": "usr_none"},
}
QUERIES = [
    "n",
    "north",
    "north s",
    "north south",
    "rare",
    "rare nor",
    "east rare",
    "a north",
    "0151 123",
    "nobody",
    "ea we",
]


@pytest.fixture(scope="module")
def plain(database):
    """Records in a collection that has no index but that of its ids."""
    made = database["plain"]
    made.insert_many(rows())
    yield made
    made.drop()


@pytest.fixture(scope="module")
def indexed(database):
    """The same with the indexes of a noun."""
    made = database["indexed"]
    made.insert_many(rows())
    scoped = [[("tenant_id", 1), (field, 1), ("_id", 1)] for field in ("owner_id", "team_id")]
    scoped.append([("tenant_id", 1), ("name", 1), ("_id", 1), ("owner_id", 1), ("team_id", 1)])
    made.create_indexes([IndexModel(keys) for keys in (WORDS, NEWEST, *scoped)])
    yield made
    made.drop()


def rows():
    dice = random.Random(1)
    for number in range(ROWS):
        # North and south are frequent and never together.
        words = ["north" if number % 2 else "south", dice.choice(["east", "west", "eastern", "weser"])]
        words += ["rare"] if number % 500 == 0 else []
        owner = dice.choice(["usr_1", "usr_2", "usr_3"]) if dice.random() < 0.5 else f"usr_{number % 50}"
        yield {
            "_id": f"opp_{number:05}", "tenant_id": TENANT, "name": " ".join(words), "owner_id": owner,
            "team_id": f"team_{number % 9}", TOKENS: search_tokens([*words, f"+4915112{number:05}"]),
        }  # fmt: skip


def answer(collection, scope, **asked):
    return page(
        collection, opportunity_pb2.Opportunity, listing_pb2.ListRequest(**asked),
        {"tenant_id": TENANT, "deleted_time": None, **SCOPES[scope]}, opportunity_pb2.ListOpportunitiesResponse,
        as_wire=mirror.as_wire, max_time_ms=5_000,
    )  # fmt: skip


def walked(collection, scope, pages=4, **asked):
    """The ids of some pages."""
    ids, token = [], ""
    for _ in range(pages):
        found = answer(collection, scope, page_token=token, **asked)
        ids += [each.id for each in found.opportunities]
        if not (token := found.next_page_token):
            break
    return ids, found.total.value


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("query", QUERIES)
def test_the_same_is_found_whichever_index_it_is_read_by(plain, indexed, scope, query):
    asked = {"query": query, "page_size": 7, "with_total": True}
    assert walked(indexed, scope, **asked) == walked(plain, scope, **asked)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("order", [[], ["name"], ["-name"], ["id"], ["name", "-id"]])
def test_the_same_is_listed_whichever_index_it_is_read_by(plain, indexed, scope, order):
    asked = {"order_by": order, "page_size": 40}
    assert walked(indexed, scope, **asked) == walked(plain, scope, **asked)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("order", [[], ["name"], ["-name"]])
@pytest.mark.parametrize(
    "asked",
    [
        {"field": "name", "op": "eq", "value": {"string_value": "north east"}},
        {"field": "name", "op": "in", "value": {"list_value": ["north east", "rare", "south west"]}},
        {"field": "team_id", "op": "eq", "value": {"string_value": "team_2"}},
        {"field": "name", "op": "gte", "value": {"string_value": "north w"}},
    ],
)
def test_the_same_is_filtered_whichever_index_it_is_read_by(plain, indexed, scope, order, asked):
    asked = {"order_by": order, "page_size": 20, "with_total": True, "filter": listing_pb2.Filter(**asked)}
    assert walked(indexed, scope, **asked) == walked(plain, scope, **asked)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("query", ["north south", "north east", "n", "nor ea", "ea we", "0151 123"])
def test_a_search_that_ends_early_goes_on_where_it_ended(plain, indexed, monkeypatch, scope, query):
    monkeypatch.setattr(paths, "MOST_EFFORT", 1_200.0)
    monkeypatch.setattr(counts, "MOST_COUNTED", 100)
    counts.forget()
    ids, _ = walked(indexed, scope, pages=400, query=query, page_size=15)
    counts.forget()
    assert ids == walked(plain, scope, pages=400, query=query, page_size=200)[0]


def test_a_search_that_ends_early_counts_no_more_than_it_saw(indexed, monkeypatch):
    monkeypatch.setattr(paths, "MOST_EFFORT", 1_200.0)
    found = answer(indexed, "all", query="north south", with_total=True)
    assert (found.total.relation, bool(found.next_page_token), len(found.opportunities)) == ("gte", True, 0)


def test_a_filter_narrows_a_search(plain, indexed):
    asked = {
        "query": "north",
        "page_size": 5,
        "filter": listing_pb2.Filter(field="team_id", op="eq", value={"string_value": "team_4"}),
    }
    assert walked(indexed, "all", **asked) == walked(plain, "all", **asked)


@pytest.mark.parametrize(
    ("query", "scope", "most"),
    [
        ("rare", "all", 20),
        ("north rare", "all", 20),
        ("n", "all", 60),
        ("n", "team", 160),
        ("north south", "all", 3_400),
        ("", "own", 30),
    ],
)
def test_little_is_read_for_what_is_found(indexed, servers, query, scope, most):
    counts.forget()
    with MongoClient(servers.mongod.admin_url) as admin:
        database = admin[indexed.database.name]
        database.command("profile", 2)
        try:
            answer(indexed, scope, query=query, page_size=10)
        finally:
            database.command("profile", 0)
        told = database["system.profile"].find({"ns": indexed.full_name, "docsExamined": {"$exists": True}})
        read = [each["docsExamined"] for each in told]
        database["system.profile"].drop()
    assert 0 < sum(read) <= most
