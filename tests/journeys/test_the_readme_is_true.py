"""The lines of the README run as they are printed, one after the other, against a suite with its sample company."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.waiting import eventually
from tests.rest import Client
from tests.suite import Suite, running

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
CUSTOMER = "mara@quill.example.com"
STORY = {
    "Lead converted", "Opportunity opened", "Opportunity won", "Order placed", "Ticket opened", "Ticket solved",
    "Campaign mail sent", "Campaign mail link followed", "Campaign mail unsubscribed",
}  # fmt: skip

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="the README's lines need curl")


def lines() -> str:
    """Every block for a shell, but the first one, which installs and starts."""
    first, *others = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert first.startswith("make up")
    return "".join(others)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """A suite as `make up` starts it, in the folder `.run`."""
    with running(tmp_path_factory.mktemp("kith") / ".run", KITH_SAMPLE=1) as suite:
        yield suite


@pytest.fixture(scope="module")
def said(sample: Suite) -> str:
    """What the lines print."""
    run = subprocess.run(
        ["sh", "-eu", "-c", lines()], cwd=sample.state.parent, capture_output=True, text=True, timeout=150, check=False
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, ""), run.stdout + run.stderr
    return run.stdout


@pytest.mark.timeout(240)
def test_every_line_works_as_printed(said: str) -> None:
    assert "It was off. How embarrassing." in said
    assert "https://www.example.com/beacons" in said
    assert {title for title in STORY if f" {title}: " in said} == STORY - {"Campaign mail unsubscribed"}
    assert '"opted_out":["news"]' in said
    assert "E-mail → emails[1].address" in said
    assert "2,E-mail,per@," in said
    assert '"display_name":"Oda Fenn"' in said


@pytest.mark.timeout(240)
def test_the_story_ends_as_the_readme_says(said: str, sample: Suite) -> None:
    with sample.client(sample.api_key) as admin:
        [contact] = admin.get("/v1/contacts", **{"emails.address": CUSTOMER})["contacts"]
        path = f"/v1/contacts/{contact['id']}/timeline"
        eventually(lambda: len(admin.get(path)["interactions"]) >= len(STORY))
        assert {each["title"].partition(":")[0] for each in admin.get(path)["interactions"]} == STORY


@pytest.mark.timeout(240)
def test_outgoing_mail_is_shown_as_a_page(said: str, sample: Suite) -> None:
    with Client(sample.mail_out) as stranger:
        page = stranger.get("/").content.decode()
    assert "New lights, Mara" in page
    assert f'href="{sample.url}/t/c/' in page
