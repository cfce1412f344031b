"""Roles and scopes, as users meet them: what a sales rep, a manager and a reader see and may do."""

import pytest

from tests.journeys.waiting import eventually, refused, said


@pytest.fixture(scope="module")
def teams(company):
    """Two offices under one house."""
    admin = company.administrator
    house = admin.post("/v1/teams", {"name": "House"})["id"]
    north = admin.post("/v1/teams", {"name": "North", "parent_id": house})["id"]
    south = admin.post("/v1/teams", {"name": "South", "parent_id": house})["id"]
    return {"house": house, "north": north, "south": south}


@pytest.fixture(scope="module")
def people(company, teams):
    hire = company.hire
    return {
        "nora": hire("Nora Birk", "sales_rep", team_ids=[teams["north"]]),
        "nils": hire("Nils Aas", "sales_rep", team_ids=[teams["north"]]),
        "sven": hire("Sven Holt", "sales_rep", team_ids=[teams["south"]]),
        "mona": hire("Mona Reid", "manager", team_ids=[teams["north"]]),
        "head": hire("Hedda Lund", "manager", team_ids=[teams["house"]]),
        "look": hire("Rowan Pike", "read_only"),
    }


@pytest.fixture(scope="module")
def deals(people):
    """An opportunity of each sales rep, by owner."""
    made = {}
    for name in ("nora", "nils", "sven"):
        made[name] = people[name].post("/v1/opportunities", {"name": f"A pier for {name}"})["id"]
    return made


def seen(person):
    return {each["id"] for each in person.get("/v1/opportunities").body.get("opportunities", [])}


def test_a_new_record_belongs_to_its_maker_and_the_makers_team(people, deals, teams):
    for name, team in (("nora", "north"), ("nils", "north"), ("sven", "south")):
        made = people[name].get(f"/v1/opportunities/{deals[name]}").body
        assert (made["owner_id"], made["team_id"]) == (people[name].user_id, teams[team])


def test_a_sales_rep_sees_the_deals_of_the_team(people, deals):
    assert seen(people["nora"]) == seen(people["nils"]) == {deals["nora"], deals["nils"]}
    assert seen(people["sven"]) == {deals["sven"]}


def test_what_is_out_of_sight_is_not_there(people, deals):
    sven, path = people["sven"], f"/v1/opportunities/{deals['nora']}"
    for call in (
        lambda: sven.get(path),
        lambda: sven.patch(path, {"name": "mine"}),
        lambda: sven.post(f"{path}:win"),
        lambda: sven.post(f"{path}:move", {"stage": "proposal"}),
    ):
        with refused(404, "not-found"):
            call()


def test_a_sales_rep_changes_only_the_own_deals(people, deals):
    nora = people["nora"]
    assert (
        nora.patch(f"/v1/opportunities/{deals['nora']}", {"description": "calm water"})["description"] == "calm water"
    )
    with refused(403, "forbidden"):
        nora.patch(f"/v1/opportunities/{deals['nils']}", {"description": "mine"})
    with refused(403, "forbidden"):
        nora.post(f"/v1/opportunities/{deals['nils']}:lose", {"reason": "spite"})


def test_a_sales_rep_cannot_give_a_deal_away_or_take_one(people, deals):
    nora, nils = people["nora"], people["nils"]
    with refused(403, "forbidden"):
        nora.post("/v1/opportunities", {"name": "For Nils", "owner_id": nils.user_id})
    with refused(403, "forbidden"):
        nora.patch(f"/v1/opportunities/{deals['nora']}", {"owner_id": nils.user_id})


def test_a_report_counts_what_its_reader_sees(people, deals):
    for name, count in (("nora", 2), ("sven", 1), ("mona", 3), ("look", 3)):
        assert people[name].get("/v1/reports/pipeline")["total"]["count"] == count
    rows = people["nora"].get("/v1/reports/pipeline", group_by="owner")["rows"]
    assert {row["group"][0]["value"] for row in rows} == {people["nora"].user_id, people["nils"].user_id}


def test_totals_and_batches_count_only_what_is_seen(people, deals):
    listed = people["sven"].post("/v1/opportunities:search", {"query": "pier", "with_total": True}).body
    assert listed["total"] == {"value": 1, "relation": "eq"}
    batch = people["sven"].post("/v1/opportunities:batchGet", {"ids": [deals["nora"], deals["sven"]]})
    assert batch.status == 207
    assert [("error" in each, each.get("opportunity", {}).get("id")) for each in batch["results"]] == [
        (True, None),
        (False, deals["sven"]),
    ]


def test_a_manager_sees_all_and_changes_what_the_teams_below_own(people, deals):
    mona, head = people["mona"], people["head"]
    assert seen(mona) == seen(head) == set(deals.values())
    assert mona.patch(f"/v1/opportunities/{deals['nils']}", {"tags": ["watched"]})["tags"] == ["watched"]
    with refused(403, "forbidden"):
        mona.patch(f"/v1/opportunities/{deals['sven']}", {"tags": ["watched"]})
    assert head.patch(f"/v1/opportunities/{deals['sven']}", {"tags": ["watched"]})["tags"] == ["watched"]


def test_a_reader_sees_all_and_changes_nothing(people, deals):
    look = people["look"]
    assert seen(look) == set(deals.values())
    path = f"/v1/opportunities/{deals['nora']}"
    for call in (
        lambda: look.patch(path, {"name": "mine"}),
        lambda: look.delete(path),
        lambda: look.post(f"{path}:win"),
        lambda: look.post("/v1/opportunities", {"name": "mine"}),
        lambda: look.post("/v1/opportunities:batchCreate", {"items": [{"opportunity": {"name": "mine"}}]}),
        lambda: look.put("/v1/accounts/by-external-id/erp/1", {"name": "mine"}),
        lambda: look.post("/v1/products", {"name": "mine"}),
    ):
        with refused(403, "forbidden"):
            call()


def test_nobody_raises_the_own_roles(people):
    nora = people["nora"]
    with refused(403, "forbidden"):
        nora.patch(f"/v1/users/{nora.user_id}", {"roles": ["administrator"]})
    assert nora.patch(f"/v1/users/{nora.user_id}", {"language_code": "nb"})["language_code"] == "nb"
    with refused(403):
        nora.post("/v1/users", {"email": "x@y.example", "display_name": "X", "roles": ["administrator"]})


def test_nobody_takes_a_key_that_speaks_for_another(people):
    with refused(403):
        people["nora"].post("/v1/api-keys", {"name": "borrowed", "user_id": people["head"].user_id})


def test_only_the_operator_makes_companies(company):
    body = {
        "name": "Another", "key": "another-one", "administrator_email": "a@another.example",
        "administrator_password": "a long enough password",
    }  # fmt: skip
    with refused(403, "forbidden"):
        company.administrator.post("/v1/tenants", body)


def test_who_is_shut_out_is_out_at_once(company):
    guest = company.hire("Gil Marsh", "read_only")
    assert guest.get("/v1/accounts").status == 200
    company.administrator.post(f"/v1/users/{guest.user_id}:disable")
    eventually(lambda: said(lambda: guest.get("/v1/accounts")).status == 401, seconds=3)
