"""A finished e-mail experiment comes in over the public API, twice, and the campaign's report counts as its file does.

The first people of the file are brought in; `python -m tests.journeys.hillstrom` brings in all 64,000 and holds the report to the
known answers, as tests/campaigns/test_hillstrom.py does at the door.
"""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.journeys.hillstrom.figures import counted, reported
from tests.journeys.hillstrom.files import DATA, people
from tests.journeys.hillstrom.loader import load
from tests.journeys.imports import Notes
from tests.journeys.waiting import eventually, refused

pytestmark = [
    pytest.mark.skipif(not DATA.exists(), reason=f"the experiment is not in {DATA}"),
    pytest.mark.timeout(120),
]

FIRST = 1500


@pytest.fixture(scope="module")
def experiment(company: Any) -> SimpleNamespace:
    """The company after two runs of the loader."""
    client, rows = company.administrator, list(people(DATA, FIRST))
    first, campaign = load(client, rows, Notes())
    second, same = load(client, rows, Notes())
    assert campaign["id"] == same["id"]
    return SimpleNamespace(client=client, rows=rows, first=first, second=second, campaign=campaign)


def test_everybody_and_every_result_comes_in_once(experiment: SimpleNamespace) -> None:
    outcomes = {name: dict(counts) for name, counts in experiment.first.outcomes.items()}
    assert outcomes == {"contacts": {"CREATED": FIRST}, "results": {"CREATED": FIRST}}
    assert set(experiment.second.all_outcomes) == {"UNCHANGED"}
    assert experiment.second.ids == experiment.first.ids


def test_the_report_counts_as_the_file_does(experiment: SimpleNamespace) -> None:
    figures = reported(experiment.client.get(f"/v1/campaigns/{experiment.campaign['id']}/report").body)
    assert {name: figures[name] for name in counted(experiment.rows)} == counted(experiment.rows)


def test_who_was_mailed_has_it_on_the_timeline_at_the_time(experiment: SimpleNamespace) -> None:
    mailed = next(row for row in experiment.rows if row["segment"] != "No E-Mail")
    path = f"/v1/contacts/{experiment.first.ids['contacts'][mailed['number']]}/timeline"
    [told] = eventually(lambda: experiment.client.get(path)["interactions"], 60)
    assert (told["title"], told["occur_time"]) == (
        "Campaign mail sent: MineThatData E-Mail Test",
        "2008-03-01T09:00:00Z",
    )


def test_a_result_that_does_not_fit_is_refused_with_the_place_in_the_request(experiment: SimpleNamespace) -> None:
    path = f"/v1/campaigns/{experiment.campaign['id']}:importResults"
    contact = experiment.first.ids["contacts"]["1"]
    answer = experiment.client.post(path, {"items": [{"contact_id": contact, "arm": "nobody"}]})
    assert answer.status == 207
    assert [each["pointer"] for each in answer["results"][0]["error"]["errors"]] == ["/items/0/arm"]
    with refused(400):
        experiment.client.post(path, {"items": [{"contact_id": contact, "arms": "mens"}]})
