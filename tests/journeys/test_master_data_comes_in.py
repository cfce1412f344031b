"""Members of Congress, companies of an index, and the corpora of hard cases come in over the public API.

The data lies beside the project, at the place that the loader takes as its default; without it this journey is skipped.
"""

from types import SimpleNamespace

import pytest

from tests.journeys.imports import Notes, agrees, tell
from tests.journeys.master_data.__main__ import DATA, LOADERS
from tests.journeys.master_data.corpora import CORPORA

pytestmark = [
    pytest.mark.skipif(not DATA.exists(), reason=f"there is no data in {DATA}"),
    pytest.mark.timeout(300),
]

RECORDS = {"us-legislators": {"accounts": 2, "contacts": 537}, "sp500-accounts": {"accounts": 500}}


@pytest.fixture(scope="module")
def loaded(company):
    """Two runs of each loader, by the name of its data."""
    runs = {
        name: [loader.load(company.administrator, DATA / name, Notes()).loaded for _ in range(2)]
        for name, loader in LOADERS.items()
    }
    return SimpleNamespace(client=company.administrator, runs=runs)


@pytest.mark.parametrize("name", LOADERS)
def test_every_record_comes_in_and_a_second_run_changes_nothing(loaded, name):
    first, second = loaded.runs[name]
    assert {plural: dict(counts) for plural, counts in first.outcomes.items()} == {
        plural: {"CREATED": count} for plural, count in RECORDS[name].items()
    }
    assert set(second.all_outcomes) == {"UNCHANGED"}


@pytest.mark.parametrize("name", LOADERS)
def test_the_figures_equal_the_known_answers(loaded, name):
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    known, told = LOADERS[name].published(readme), LOADERS[name].counted(loaded.client)
    assert {
        figure: (shown, told.get(figure)) for figure, shown in known.items() if not agrees(shown, told.get(figure))
    } == {}


def test_a_member_is_found_by_every_name_and_office(loaded):
    for query in ("chuy garcia", "Jesús García", "cullman 256-734-6043", "robert aderholt"):
        found = loaded.client.post("/v1/contacts:search", {"query": query.removeprefix("cullman ")}).body["contacts"]
        assert len(found) == 1, query
    assert found[0]["formal_name"] == "Hon. Robert B. Aderholt"
    offices = {each["locality"]: each["formatted_lines"] for each in found[0]["addresses"]}
    assert offices["Cullman"] == ["205 4th Ave. NE", "Suite 104", "CULLMAN, AL 35055"]


@pytest.mark.parametrize("name", CORPORA)
def test_no_verdict_on_a_hard_case_is_wrong(company, name):
    verdicts = CORPORA[name](company.administrator, DATA / name)
    tell(verdicts.lines(name))
    assert verdicts.wrong == []


def test_every_string_that_is_refused_is_refused_for_a_control_character(company):
    verdicts = CORPORA["naughty-strings"](company.administrator, DATA / "naughty-strings")
    assert sum(verdicts.said["strings"].values()) == 515
    assert set(verdicts.reasons) <= {"must not contain control characters", "must be at most 255 characters long"}
