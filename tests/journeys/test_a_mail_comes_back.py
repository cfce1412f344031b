"""A campaign's mail goes out, comes back to the suite's own listener, and is held against the address or not, once."""

import json
import smtplib
from contextlib import closing
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from tests.builders.campaigns import HTML
from tests.builders.support import a_bounce
from tests.journeys.waiting import eventually, said
from tests.rest import Client
from tests.suite import Suite

MAILBOX = "b@bounces.kith.example"  # of KITH_BOUNCE_DOMAIN: where the mails of all tenants come back to


@pytest.fixture(scope="module")
def mailbox(operator: Client) -> None:
    """The mailbox for returned mails, which the operator makes once."""
    made = said(lambda: operator.post("/v1/mailboxes", {"address": MAILBOX, "name": "Returned mails"}))
    assert made.status in (201, 409)


def mailed(client: Client, suite: Suite, address: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Somebody who got a campaign's mail: the contact, the campaign, and the mail as the sink shows it."""
    tag = address.partition("@")[0]
    contact = client.post("/v1/contacts", {"given_name": "Ada", "tags": [tag], "emails": [{"address": address}]}).body
    filter = {"field": "tags", "op": "eq", "value": tag}
    segment = client.post("/v1/segments", {"name": tag, "filter": filter}).body
    template = client.post("/v1/templates", {"name": tag, "subject": f"Spring {tag}", "html": HTML}).body
    eventually(lambda: client.get("/v1/audience-members", filter=filter)["audience_members"])
    consent = {"contact_id": contact["id"], "topic": "news", "state": "OPTED_IN", "source": "import"}
    client.post("/v1/consents", consent)
    eventually(lambda: client.get(f"/v1/segments/{segment['id']}/members")["audience_members"])
    campaign = client.post(
        "/v1/campaigns",
        {"name": tag, "topic": "news", "from_address": "news@kith.example", "segment_ids": [segment["id"]],
         "template_id": template["id"]},
    ).body  # fmt: skip
    client.post(f"/v1/campaigns/{campaign['id']}:start")
    page = f"{suite.mail_out}/mails?to={quote(address)}"

    def arrived() -> Any:
        with urlopen(page, timeout=10) as answer:
            return json.load(answer)["mails"]

    [mail] = eventually(arrived, 60)
    return contact, campaign, mail


@pytest.mark.parametrize(
    ("name", "status", "reason", "suppressed"),
    [("hard", "5.1.1", "hard", True), ("policy", "5.7.1", "policy", False)],
)
def test_a_mail_that_comes_back_is_noted_on_its_line_and_gives_up_who_is_not_there(
    company: Any, suite: Suite, mailbox: None, name: str, status: str, reason: str, suppressed: bool
) -> None:
    client, address = company.administrator, f"{name}@{company.key}.example"
    contact, campaign, mail = mailed(client, suite, address)
    answer = "550 5.1.1 no such user" if suppressed else "550 5.7.1 message refused by policy"
    raw = a_bounce(f"{name}@{company.key}", address, status, diagnostic=answer)
    for _ in range(2):
        with closing(smtplib.SMTP(*suite.mail_listener, timeout=20)) as smtp:
            smtp.sendmail("", [mail["sender"]], raw)
    path = f"/v1/campaigns/{campaign['id']}/deliveries"
    [line] = eventually(lambda: client.get(path, states="BOUNCED")["deliveries"], 60)
    assert (line["contact_id"], line["reason"]) == (contact["id"], reason)
    [member] = client.get("/v1/audience-members", filter={"field": "id", "op": "eq", "value": contact["id"]})[
        "audience_members"
    ]
    assert member["suppressed"] is suppressed
    titles = eventually(lambda: [title for title in told(client, contact) if "returned" in title], 60)
    assert len(titles) == 1


def told(client: Client, contact: dict[str, Any]) -> list[str]:
    """What stands on a contact's timeline."""
    return [each["title"] for each in client.get(f"/v1/contacts/{contact['id']}/timeline")["interactions"]]
