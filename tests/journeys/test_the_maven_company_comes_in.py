"""A sales company of 35 agents and 8,800 deals comes in over the public API, and the pipeline report knows it to the cent.

The data lies beside the project, at the place that the loader takes as its default; without it this journey is skipped.
"""

from types import SimpleNamespace

import pytest

from tests.journeys.imports import agrees, notes, outcomes, tell
from tests.journeys.maven.__main__ import DATA, comparison
from tests.journeys.maven.figures import counted, reported, same
from tests.journeys.maven.files import Files
from tests.journeys.maven.loader import load
from tests.journeys.maven.published import published
from tests.journeys.maven.records import SYSTEM
from tests.journeys.waiting import eventually

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(not DATA.exists(), reason=f"the Maven data is not in {DATA}"),
    pytest.mark.timeout(600),
]

MINE = {"field": "external_ids.system", "op": "eq", "value": SYSTEM}


@pytest.fixture(scope="module")
def maven(company):
    """The company after two runs of the loader: `first` and `second` say what each did."""
    client, files = company.administrator, Files(DATA)
    eventually(lambda: client.get("/v1/pipelines").body.get("pipelines"))
    first = load(client, files)
    second = load(client, Files(DATA))
    known = published(DATA.parent / "README.md")
    tell(outcomes(first), "", outcomes(second), "", notes(files.notes), "", comparison(known, files, client, first)[0])
    return SimpleNamespace(client=client, files=files, first=first, second=second, known=known)


def test_every_record_comes_in(maven):
    assert {plural: dict(counts) for plural, counts in maven.first.outcomes.items()} == {
        "teams": {"CREATED": 3},
        "users": {"CREATED": 35 + 6},
        "products": {"CREATED": 7},
        "accounts": {"CREATED": 85},
        "opportunities": {"CREATED": 8800},
    }


def test_a_second_run_changes_nothing(maven):
    assert set(maven.second.all_outcomes) == {"UNCHANGED"}
    assert maven.second.all_outcomes.total() == maven.first.all_outcomes.total()
    assert maven.second.ids == maven.first.ids


def test_the_report_equals_the_known_answers(maven):
    report = reported(maven.client, maven.first)
    assert {
        name: (shown, report.get(name)) for name, shown in maven.known.items() if not agrees(shown, report.get(name))
    } == {}


def test_every_figure_of_the_report_equals_the_files(maven):
    report, files = reported(maven.client, maven.first), counted(maven.files)
    assert [name for name in report.keys() | files.keys() if not same(report.get(name), files.get(name))] == []


def test_the_best_come_first_in_the_report(maven):
    report, won = reported(maven.client, maven.first), ": won amount"
    for by in ("owner", "product", "team", "account"):
        listed = [name for name in maven.known if name.startswith(f"{by} ") and name.endswith(won)]
        assert [name for name in report if name.startswith(f"{by} ") and name.endswith(won)][: len(listed)] == listed


def test_the_report_names_what_it_groups_by(maven):
    def labels():
        rows = maven.client.get("/v1/reports/pipeline", group_by=["team", "owner"], filter=MINE)["rows"]
        return {tuple(group.get("label") for group in row["group"]) for row in rows}

    offices = {row["sales_agent"]: row["regional_office"] for row in maven.files.agents}
    sellers = {row["sales_agent"] for row in maven.files.deals}
    eventually(lambda: labels() == {(offices[name], name) for name in sellers})


def test_what_was_mended_and_left_out_is_told(maven):
    told = {rule.split("'")[1]: len(names) for rule, names in maven.files.notes.mended.items()}
    assert told == {"technolgy": 12, "Philipines": 1, "GTXPro": 1480, "Korea": 1}
    assert [len(names) for names in maven.files.notes.left_out.values()] == [1425, 500]
    assert maven.files.notes.refused == {}


def test_subsidiaries_have_their_parents(maven):
    accounts = {each["id"]: each for each in maven.client.pages("/v1/accounts", "accounts", filter=MINE)}
    parents = {each["name"]: accounts[each["parent_id"]]["name"] for each in accounts.values() if each.get("parent_id")}
    assert parents == {row["account"]: row["subsidiary_of"] for row in maven.files.accounts if row["subsidiary_of"]}


def test_paging_through_the_deals_shows_each_once(maven):
    seen = [
        each["id"]
        for each in maven.client.pages(
            "/v1/opportunities", "opportunities", filter=MINE, fields=["name"], page_size=200, order_by=["-close_date"]
        )
    ]
    assert len(seen) == len(set(seen)) == 8800
    assert set(seen) == set(maven.first.ids["opportunities"].values())


def test_the_deals_show_the_names_of_their_accounts(maven):
    unnamed = {
        "all": [
            MINE,
            {"field": "account_id", "op": "exists", "value": True},
            {"field": "account_name", "op": "exists", "value": False},
        ]
    }
    eventually(lambda: not maven.client.post("/v1/opportunities:search", {"filter": unnamed}).body.get("opportunities"))


def test_every_closed_deal_stands_on_its_accounts_timeline(maven):
    account = maven.first.ids["accounts"]["Kan-code"]
    deals = [row for row in maven.files.deals if row["account"] == "Kan-code"]

    def told():
        seen, token = [], None
        while True:
            page = maven.client.get(f"/v1/accounts/{account}/timeline", page_size=200, page_token=token).body
            seen += page.get("interactions", [])
            if not (token := page.get("next_page_token")):
                return seen

    expected = len(deals) + len([row for row in deals if row["close_date"]])
    assert len(eventually(lambda: seen if len(seen := told()) >= expected else None, seconds=120)) == expected
