"""The main story over REST, SMTP and events: a form, a sale, an order, help by e-mail, a campaign, and the way out of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.oracle import looking
from tests.journeys.company import Company
from tests.journeys.post import text_of
from tests.journeys.story import CONSENT, TOPIC, Story
from tests.journeys.waiting import eventually
from tests.suite import Suite

# How often each fact of the story is announced, whatever else is.
ANNOUNCED = {
    "campaigns": {
        "FormSubmitted": 1, "SegmentEntered": 1, "CampaignStarted": 2, "CampaignCompleted": 2, "CampaignMailSent": 1,
        "LinkClicked": 1, "ContactUnsubscribed": 1,
    },
    "contacts": {
        "LeadCreated": 1, "LeadWorked": 1, "LeadQualified": 1, "LeadConverted": 1, "AccountCreated": 1, "ContactCreated": 1,
    },
    "sales": {"OpportunityCreated": 1, "OpportunityWon": 1, "OrderPlaced": 1},
    "support": {"TicketOpened": 1, "MessageReceived": 2, "MessageSent": 1, "TicketAwaited": 1, "TicketSolved": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def story(suite: Suite, company: Company) -> Iterator[Story]:
    """The story as it was told once."""
    story = Story(suite, company)
    story.prepare()
    story.fill_the_form()
    story.become_a_customer()
    story.order()
    story.ask_for_help()
    story.first = story.be_written_to("Lamps")
    story.follow_the_link()
    story.leave()
    story.second = story.be_written_to("More lamps")
    yield story
    story.close()


def test_a_person_s_form_becomes_a_lead_and_a_machine_s_does_not(story: Story) -> None:
    assert [story.trapped.status, story.too_fast.status, story.thanked.status] == [200, 409, 200]
    assert (story.lead["email"], story.lead["status"]) == (story.customer.address, "NEW")
    assert story.lead["owner_id"] == story.rep.user_id
    assert [each["email"] for each in story.admin.get("/v1/leads")["leads"]] == [story.customer.address]


def test_the_form_s_consent_is_kept_with_its_proof(story: Story) -> None:
    yes, no = story.marketer.post("/v1/consents:search", {"order_by": ["create_time"]})["consents"]
    assert [(each["topic"], each["address"]) for each in (yes, no)] == [(TOPIC, story.customer.address)] * 2
    assert (yes["state"], yes["source"], yes["proof"], yes["proof_version"]) == ("OPTED_IN", "form", CONSENT, "1")
    assert yes["record_id"].startswith("sub_")
    assert (no["state"], no["source"]) == ("OPTED_OUT", "unsubscribe_link")


def test_the_ticket_is_the_customer_s_and_the_answer_came_back_to_it(story: Story) -> None:
    assert (story.ticket["channel"], story.ticket["account_id"]) == ("EMAIL", story.account)
    assert "Is the switch at the back on?" in text_of(story.reply)
    assert "+t" in str(story.reply["Reply-To"])  # the token that says which ticket is answered
    assert (story.reopened["status"], story.solved["status"]) == ("OPEN", "SOLVED")
    listed = story.agent.get("/v1/tickets", requester_id=story.contact, with_total=True)
    assert listed["total"]["value"] == 1


def test_the_campaign_s_mail_is_the_customer_s_own_and_is_followed(story: Story) -> None:
    assert str(story.letter["Subject"]) == "Lamps for Mara"
    assert story.letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (story.followed.status, story.followed.headers["location"]) == (302, "https://www.example.com/lamps")
    total = story.marketer.get(f"/v1/campaigns/{story.first['id']}/report")["total"]
    assert (total["accepted"], total["clicked"], total["unsubscribed"]) == (1, 1, 1)


def test_who_has_left_gets_nothing_more(story: Story) -> None:
    assert (story.looked_at.status, story.unsubscribed.status) == (200, 200)
    [line] = story.marketer.get(f"/v1/campaigns/{story.second['id']}/deliveries", states="SKIPPED")["deliveries"]
    assert (line["contact_id"], line["state"], line["reason"]) == (story.contact, "SKIPPED", "no_consent")
    assert len(story.customer.letters("amps")) == 1


@pytest.mark.parametrize("plural", ["contacts", "accounts"])
def test_all_of_it_stands_on_one_timeline(story: Story, plural: str) -> None:
    id, ticket = getattr(story, plural.removesuffix("s")), f"{story.ticket['number']}, The lamp is dark"
    opportunity = story.rep.get(f"/v1/opportunities/{story.opportunity}")["name"]
    expected = {
        f"Lead converted: Mara Quill, {story.lead['company_name']}",
        f"Opportunity opened: {opportunity}", f"Opportunity won: {opportunity}, 1,900.00 EUR",
        f"Order placed: {story.ordered['number']}, 1,900.00 EUR",
        f"Ticket opened: {ticket}", f"Ticket solved: {ticket}",
        "Campaign mail sent: Lamps", "Campaign mail link followed: Lamps", "Campaign mail unsubscribed: Lamps",
    }  # fmt: skip
    told = eventually(lambda: len(found := story.titles(plural, id)) >= len(expected) and found)
    assert (set(told), len(told)) == (expected, len(expected))


def test_all_of_it_is_seen_in_one_overview(story: Story) -> None:
    def seen() -> dict[str, Any]:
        return dict(story.admin.get(f"/v1/contacts/{story.contact}/overview").body)

    eventually(lambda: seen()["audience"]["answer"]["audience_members"][0]["click_count"])
    blocks = seen()
    assert {block["state"] for block in blocks.values()} == {"FRESH"}
    found = {name: block["answer"] for name, block in blocks.items()}
    assert (found["contact"]["id"], found["account"]["id"]) == (story.contact, story.account)
    assert found["pipeline"]["total"]["won_amount"] == [story.ordered["total"]]
    assert [each["id"] for each in found["orders"]["orders"]] == [story.ordered["id"]]
    assert [(each["id"], each["status"]) for each in found["tickets"]["tickets"]] == [(story.ticket["id"], "SOLVED")]
    assert [each["name"] for each in found["segments"]["segments"]] == ["Buyers"]
    [member] = found["audience"]["audience_members"]
    assert (member["order_count"], member["opted_out"], member["mail_count"]) == (1, [TOPIC], 1)
    assert {each["campaign_id"] for each in found["mails"]["deliveries"]} == {story.first["id"], story.second["id"]}


@pytest.mark.parametrize("service", ANNOUNCED)
def test_each_fact_was_announced_once(story: Story, suite: Suite, service: str) -> None:
    def told() -> dict[str, Any]:
        with looking(suite) as oracle:
            counts = oracle.counts(service, "events", "type", published=True, tenant_id=story.company.tenant["id"])
        return {name: counts[f"crm.{service}.v1.{name}"] for name in ANNOUNCED[service]}

    eventually(lambda: sum(told().values()) >= sum(ANNOUNCED[service].values()))
    assert told() == ANNOUNCED[service]
