"""Ranks that are read together answer what they answer one by one, page by page."""

import random

import pytest
from crm.common.v1 import listing_pb2
from crm.sales.v1 import opportunity_pb2
from pymongo import IndexModel

from chassis import mirror
from chassis.listing import TOKENS, counts, page, paths, search_tokens
from chassis.listing.counts import NEWEST
from chassis.listing.frequency import WORDS, Frequencies
from chassis.listing.words import begun

NAMES = ["ann", "anna", "annabel", "kow", "kowalska", "li", "lila", "иван", "иванова", "mann", "mannsfeld"]
QUERIES = [
    "ann", "anna kow", "kow ann", "ann anna kow", "an", "a k", "li kowalska", "l", "иван ann", "ив", "mann", "kowalska mann",
    "lila ann kow", "annabel", "nobody", "anna nobody", "0151 123",
]  # fmt: skip


@pytest.fixture(scope="module")
def people(database):
    """Records with names that begin with each other, with the indexes of searches."""
    dice = random.Random(3)
    made = database["gathered"]
    made.create_indexes([IndexModel(WORDS), IndexModel(NEWEST)])
    for number in range(400):
        name = " ".join(dice.sample(NAMES, dice.choice((1, 2, 2, 3))))
        made.insert_one(
            {"_id": f"opp_{number:03}", "tenant_id": "one", "name": name, "owner_id": f"usr_{number % 3}",
             TOKENS: search_tokens([name, f"+49151{number:07}"])}
        )  # fmt: skip
    yield made
    made.drop()


def walked(collection, size, narrow, **asked):
    ids, token = [], ""
    while True:
        found = page(
            collection, opportunity_pb2.Opportunity, listing_pb2.ListRequest(page_size=size, page_token=token, **asked),
            {"tenant_id": "one", "deleted_time": None, **narrow}, opportunity_pb2.ListOpportunitiesResponse,
            as_wire=mirror.as_wire, max_time_ms=5_000,
        )  # fmt: skip
        ids += [each.id for each in found.opportunities]
        token = found.next_page_token
        if not token:
            return ids


@pytest.mark.parametrize("narrow", [{}, {"owner_id": "usr_1"}], ids=["all", "own"])
@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(("few", "size"), [(1_000, 7), (60, 7), (60, 200)])
def test_ranks_together_are_ranks_one_by_one(people, monkeypatch, query, narrow, few, size):
    monkeypatch.setattr(paths, "FEW", few)
    monkeypatch.setattr(paths, "MOST_EFFORT", few * paths.RECORD)
    together = walked(people, size, narrow, query=query)
    monkeypatch.undo()
    monkeypatch.setattr(paths.Paths, "few", lambda *_: None)
    assert together == walked(people, 50, narrow, query=query)
    assert len(set(together)) == len(together)


@pytest.mark.parametrize("query", ["anna", "an", "kow ann", "0151 123", "nobody"])
def test_words_lead_to_few_entries_by_the_rarest_of_them(people, query):
    counts.forget()
    every = [[counts.now(people, {"tenant_id": "one", **term.leading}, WORDS) for term in way] for way in begun(query)]
    least = sum(map(min, every))
    words = Frequencies(people, "one")
    assert words.few(begun(query), max(least - 1, -1)) is None
    assert least <= words.few(begun(query), 600).entries <= sum(map(max, every))


def test_what_is_few_is_asked_anew(people):
    counts.forget()
    assert walked(people, 10, {}, query="zora") == []
    people.insert_one({"_id": "opp_new", "tenant_id": "one", "name": "zora", TOKENS: search_tokens(["zora"])})
    assert walked(people, 10, {}, query="zora") == ["opp_new"]
    people.delete_one({"_id": "opp_new"})
