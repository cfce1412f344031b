"""Two companies in one suite: whatever one of them sends, it gets, changes and learns nothing of the other.

Every text of the other company holds a word of its own, and no answer to ours may hold it. Ids of the other company are
tried in every place of the contract that takes an id: in paths, bodies, batches, filters and page tokens.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.checks.snapshot import Snapshot, differences, settled, taken_of
from tests.journeys.furnished import SYSTEM, Furnished
from tests.journeys.places import (
    BATCHES,
    NOUNS,
    WITH_ID,
    body_of,
    collection,
    holding,
    listed,
    noun_in,
    path_of,
    references,
)
from tests.journeys.waiting import eventually, refused, said

WORD = "zephyrine"

# What a body needs for a new record of a noun, beside the id that is tried in it.
BODIES = {
    "acc": {"name": "A"}, "con": {"given_name": "A"}, "lead": {"given_name": "A"}, "opp": {"name": "A"},
    "int": {"kind": "NOTE", "title": "A"}, "team": {"name": "A team"}, "key": {"name": "A"},
    "view": {"noun": "contact", "name": "A"}, "list": {"noun": "contact", "name": "A"}, "rec": {"name": "A"},
    "ast": {"name": "A"}, "svc": {"name": "A", "start_date": "2026-01-01"},
    "need": {"category": "a"}, "pref": {"key": "a", "value": "a"},
    "usr": {"email": "a@ordinary.example", "display_name": "A", "roles": ["read_only"]},
    "mbx": {"address": "a@ordinary.example", "name": "A"}, "tkt": {"subject": "A", "requester_email": "a@a.example"},
    "seg": {"name": "A", "kind": "STATIC"}, "tpl": {"name": "A", "subject": "A", "html": "<p>A</p>"},
    "cam": {"name": "A", "topic": "news", "from_name": "A", "from_address": "a@ordinary.example"},
    "form": {"name": "A", "fields": [{"key": "email", "kind": "EMAIL"}]},
    "top": {"key": "a", "name": "A"},
    "doc": {"name": "A"}, "ann": {"text": "A"}, "share": {"recipient": "A"},
    "cns": {"address": "a@a.example", "topic": "news", "state": "OPTED_IN", "proof": "A"},
}  # fmt: skip

SWAPS = [(noun, *each) for noun in BODIES for each in references(noun)]

# References to what another service keeps: no service asks another while it writes.
OWNED = ("doc", "acc", "con", "lead", "opp", "tkt", "seg", "tpl", "cam", "form", "rec", "view", "list")
UNSEEN = {(noun, prefix) for noun in OWNED for prefix in ("usr", "team")} | {
    ("int", "usr"), ("opp", "acc"), ("opp", "con"), ("tkt", "acc"), ("tkt", "con"), ("lead", "cam"), ("mbx", "team"),
    ("cns", "con"), ("need", "prod"), ("ast", "prod"), ("tkt", "ast"),
}  # fmt: skip


@pytest.fixture(scope="module")
def theirs(a_company) -> Furnished:
    return Furnished(a_company(), WORD)


@pytest.fixture(scope="module")
def ours(a_company) -> Furnished:
    """The company that tries."""
    held = Furnished(a_company(), "ordinary")
    described = held.admin.check

    def checked(verb: str, path: str, status: int, headers: dict[str, str], body: bytes) -> None:
        described(verb, path, status, headers, body)
        assert WORD.encode() not in body.lower(), f"{verb} {path} tells of the other company: {body!r}"

    held.admin.check = checked
    return held


@pytest.fixture(scope="module")
def database(suite) -> Iterator[MongoClient[Any]]:
    with MongoClient[Any](suite.mongo_admin_url()) as client:
        yield client


@pytest.fixture(scope="module")
def untouched(suite, database, theirs) -> Snapshot:
    """All that is stored of the other company, once its events have come to rest, and is to be stored after every attempt."""
    settled(suite)
    return taken_of(database, theirs.ids["ten"])


@pytest.fixture(autouse=True)
def _nothing_of_theirs_changes(database, theirs, untouched) -> Iterator[None]:
    yield
    assert differences(untouched, taken_of(database, theirs.ids["ten"])) == []


@pytest.mark.parametrize("route", WITH_ID, ids=lambda route: f"{route.verb} {route.path}")
def test_an_id_in_a_path_names_nothing(route, ours, theirs):
    noun = noun_in(route)
    path = path_of(route).replace("{id}", theirs.ids[noun.prefix])
    # The administrator of a company may do nothing with tenants, so cannot even ask whether there is one.
    with refused(403 if noun.prefix == "ten" else 404):
        ours.admin.call(route.verb, path, body_of(route) if route.body else None)


@pytest.mark.parametrize("route", BATCHES, ids=lambda route: route.path)
def test_an_id_in_a_batch_names_nothing(route, ours, theirs):
    noun = noun_in(route)
    id = theirs.ids[noun.prefix]
    update = {"items": [{noun.noun: {"id": id, "external_ids": []}}]}
    answer = ours.admin.post(path_of(route), update if route.custom == "batchUpdate" else {"ids": [id]})
    assert [each["error"]["status"] for each in answer["results"]] == [404]


@pytest.mark.parametrize("prefix", listed())
def test_no_filter_reaches_the_other_company(prefix, ours, theirs):
    ids, path = list(theirs.ids.values()), f"{collection(NOUNS[prefix])}:search"
    for search in (
        {"filter": {"field": "id", "op": "in", "value": ids}},
        {"filter": {"all": [{"field": "id", "op": "eq", "value": theirs.ids[prefix]}]}},
        {"query": WORD},
    ):
        page = ours.admin.post(path, search | {"with_deleted": True, "with_total": True}).body
        assert (page.get(NOUNS[prefix].plural, []), page["total"].get("value", 0)) == ([], 0)
    for filter in (
        {"not": {"field": "id", "op": "eq", "value": "none"}},
        {"any": [{"field": "id", "op": "exists", "value": True}, {"field": "id", "op": "in", "value": ids}]},
    ):
        page = ours.admin.post(path, {"filter": filter, "page_size": 200, "with_deleted": True})
        assert not set(ids) & {each["id"] for each in page[NOUNS[prefix].plural]}


@pytest.mark.parametrize("prefix", listed())
def test_a_page_token_of_the_other_company_leads_nowhere(prefix, ours, theirs):
    path = collection(NOUNS[prefix])
    token = theirs.admin.get(path, page_size=1)["next_page_token"]
    assert token, "a second page"
    with refused(400):
        ours.admin.get(path, page_size=1, page_token=token)


@pytest.mark.parametrize("prefix", ["acc", "con", "lead", "prod", "opp", "team", "tkt"])
def test_an_external_id_of_the_other_company_names_our_own_record(prefix, ours, theirs):
    path = f"{collection(NOUNS[prefix])}/by-external-id/{SYSTEM}/{prefix}"
    assert ours.admin.put(path, {"external_ids": [{"system": SYSTEM, "id": prefix}]})["id"] == ours.ids[prefix]


@pytest.mark.parametrize(
    ("noun", "path", "prefix"), SWAPS, ids=lambda each: each if isinstance(each, str) else ".".join(each)
)
def test_an_id_in_a_body_brings_nothing_over(noun, path, prefix, ours, theirs):
    body, home = holding(noun, path, theirs.ids[prefix]), collection(NOUNS[noun])
    for write in (
        lambda: ours.admin.post(home, BODIES[noun] | body),
        lambda: ours.admin.patch(f"{home}/{ours.ids[noun]}", body),
    ):
        written = said(write)
        if written.status < 400:
            # Only what another service keeps is taken unseen, and then it leads nowhere.
            assert (noun, prefix) in UNSEEN, written.body
            ours.admin.get(f"{home}/{written['id']}")
        else:
            assert written.status in (400, 403, 404, 405), written.body


def test_the_report_counts_only_the_own(ours, theirs):
    only_theirs = {"field": "id", "op": "eq", "value": theirs.ids["opp"]}
    assert ours.admin.get("/v1/reports/pipeline", filter=only_theirs)["total"]["count"] == 0


def test_a_lead_is_not_converted_into_the_other_company(ours, theirs):
    lead = ours.admin.post("/v1/leads", {"given_name": "Ada", "company_name": "Plain"})["id"]
    for field, prefix in (("account_id", "acc"), ("contact_id", "con")):
        with refused(400):
            ours.admin.post(f"/v1/leads/{lead}:convert", {field: theirs.ids[prefix]})


def test_what_happens_with_a_foreign_account_is_told_to_nobody(ours, theirs):
    deal = ours.admin.post("/v1/opportunities", {"name": "Told", "account_id": theirs.ids["acc"]}).body
    assert not deal["account_name"]
    ours.admin.post(f"/v1/opportunities/{deal['id']}:win")
    later = ours.admin.post("/v1/opportunities", {"name": "Later", "account_id": ours.ids["acc"]})["id"]
    timeline = f"/v1/accounts/{ours.ids['acc']}/timeline"
    eventually(lambda: any(each["record_id"] == later for each in ours.admin.get(timeline)["interactions"]))


def test_each_key_speaks_for_its_own_company(ours, theirs):
    for each in (ours, theirs):
        assert each.admin.get("/v1/me")["tenant_id"] == each.ids["ten"]
