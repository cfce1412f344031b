"""Members of Congress, companies of an index, files of other programs and corpora of hard cases come in over the public API.

The data lies beside the project, at the place that the command takes as its default; without it this journey is skipped.
"""

import pytest

from tests.journeys.imports import Notes, tell
from tests.journeys.master_data.__main__ import DATA
from tests.journeys.master_data.corpora import CORPORA, LOADERS
from tests.journeys.master_data.verdicts import HEAD

pytestmark = [
    pytest.mark.skipif(not DATA.exists(), reason=f"there is no data in {DATA}"),
    pytest.mark.timeout(300),
]

KNOWN = {  # rows in, created, refused; verdicts that agree, differ, are wrong; answers that hold
    "us-legislators": (539, 539, 0, 539, 0, 0, 10),
    "sp500-accounts": (500, 500, 0, 500, 0, 0, 6),
    "civicrm-import": (31, 19, 12, 31, 0, 0, 12),
    "csv-spectrum": (21, 21, 0, 19, 2, 0, 0),
    "contact-export-headers": (136, 82, 54, 82, 54, 0, 0),
    "vcards": (18, 14, 4, 14, 5, 0, 9),
    "phone-examples": (245, 245, 0, 245, 0, 0, 7),
    "email-address-tests": (164, 21, 143, 87, 77, 0, 0),
    "naughty-strings": (515, 508, 7, 508, 7, 0, 0),
}


@pytest.fixture(scope="module")
def verdicts(company):
    """Every corpus brought in once, by its name."""
    return {name: bring_in(company.administrator, DATA / name) for name, bring_in in CORPORA.items()}


@pytest.mark.parametrize("name", CORPORA)
def test_no_verdict_is_wrong_and_each_that_differs_has_its_reason(verdicts, name):
    tell(HEAD, verdicts[name].lines(name))
    assert verdicts[name].wrong == []
    assert verdicts[name].counts == KNOWN[name]


@pytest.mark.parametrize("name", LOADERS)
def test_a_second_run_changes_nothing(verdicts, company, name):
    again = LOADERS[name].load(company.administrator, DATA / name, Notes()).loaded
    assert set(again.all_outcomes) == {"UNCHANGED"}


def test_a_member_is_found_by_every_name_and_office(verdicts, company):
    for query in ("chuy garcia", "Jesús García", "256-734-6043", "robert aderholt"):
        found = company.administrator.post("/v1/contacts:search", {"query": query}).body["contacts"]
        assert len(found) == 1, query
    assert found[0]["formal_name"] == "Hon. Robert B. Aderholt"
    offices = {each["locality"]: each["formatted_lines"] for each in found[0]["addresses"]}
    assert offices["Cullman"] == ["205 4th Ave. NE", "Suite 104", "CULLMAN, AL 35055"]
