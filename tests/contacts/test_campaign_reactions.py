"""What campaigns tells contacts: forms that become leads, and mails on timelines."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from crm.campaigns.v1 import campaign_pb2
from crm.campaigns.v1 import events_pb2 as campaigns
from crm.common.v1 import listing_pb2
from crm.contacts.v1 import lead_pb2
from crm.contacts.v1.interaction_pb2 import TimelineRequest

from chassis import new_id, now
from chassis.testing import Caller
from tests.contacts import hearing
from tests.contacts.cases import ACCOUNT, CONTACT
from tests.hearing import a_fact


def react(caller: Caller, event: Any, *, times: int = 1) -> None:
    """Hear `event` without the bus, as often as it is told."""
    fact = a_fact(caller, event, new_id("sub"), revision=0)
    for _ in range(times):
        hearing.react(event, fact)


def submitted(caller: Caller, **answers: str) -> campaigns.FormSubmitted:
    return campaigns.FormSubmitted(
        submission_id=new_id("sub"), form_id=new_id("form"), form_name="Ask us", answers=answers, lead_source="web_form",
        campaign_id=new_id("cam"), owner_id=caller.whom.user_id,
    )  # fmt: skip


def leads(caller: Caller) -> list[lead_pb2.Lead]:
    return list(caller.ListLeads(listing_pb2.ListRequest()).leads)


def test_a_form_that_was_sent_in_becomes_one_lead_however_often_it_is_told(caller: Caller) -> None:
    event = submitted(caller, given_name="Mina", email="mina@Vale.example", budget="large", description="Roses?")
    react(caller, event, times=2)
    [lead] = leads(caller)
    assert (lead.given_name, lead.email, lead.source) == ("Mina", "mina@vale.example", "web_form")
    assert (lead.campaign_id, lead.owner_id) == (event.campaign_id, caller.whom.user_id)
    assert lead.description == "Roses?\nbudget: large"
    assert [(each.system, each.id) for each in lead.external_ids] == [("web_form", event.submission_id)]
    assert lead.status == lead_pb2.Lead.NEW


def test_a_lead_that_left_only_a_number_is_called_by_it(caller: Caller) -> None:
    react(caller, submitted(caller, phone="+441632960131"))
    [lead] = leads(caller)
    assert (lead.family_name, lead.phone) == ("+441632960131", "+441632960131")


def test_one_event_puts_a_mail_on_the_timelines_of_all_who_got_it(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    people = [CONTACT.create(caller, account_id=account.id), CONTACT.create(caller, given_name="Ben")]
    sent = campaigns.CampaignMailSent(
        campaign_id=new_id("cam"), campaign_name="Spring", contact_ids=[each.id for each in people]
    )
    react(caller, sent)
    timelines = [caller.ListContactTimeline(TimelineRequest(id=each.id)) for each in people]
    for page in [*timelines, caller.ListAccountTimeline(TimelineRequest(id=account.id))]:
        [told] = page.interactions
        assert (told.title, told.source, told.record_id) == (
            "Campaign mail sent: Spring",
            "campaigns",
            sent.campaign_id,
        )


@pytest.mark.parametrize(
    ("event", "title", "description"),
    [
        (campaigns.LinkClicked(url="https://x.example/"), "Campaign mail link followed: Spring", "https://x.example/"),
        (campaigns.ContactUnsubscribed(topic="news"), "Campaign mail unsubscribed: Spring", "news"),
        (campaigns.ContactUnsubscribed(), "Campaign mail unsubscribed: Spring", "all topics"),
        (
            campaigns.CampaignMailBounced(
                verdict=campaign_pb2.ReportBounceRequest.HARD, status_code="5.1.1", diagnostic="gone"
            ),
            "Campaign mail returned: Spring",
            "5.1.1 gone",
        ),
        (
            campaigns.CampaignMailBounced(verdict=campaign_pb2.ReportBounceRequest.COMPLAINT),
            "Campaign mail complained about: Spring",
            "",
        ),
    ],
)
def test_what_becomes_of_a_mail_stands_on_the_timeline(
    caller: Caller, event: Any, title: str, description: str
) -> None:
    contact = CONTACT.create(caller)
    told = type(event)()
    told.CopyFrom(event)
    told.campaign_name, told.campaign_id, told.contact_id = "Spring", new_id("cam"), contact.id
    react(caller, told, times=2)
    [shown] = caller.ListContactTimeline(TimelineRequest(id=contact.id)).interactions
    assert (shown.title, shown.description) == (title, description)


def test_a_click_stands_where_it_happened_however_late_it_is_announced(caller: Caller) -> None:
    contact, clicked = CONTACT.create(caller), now() - timedelta(seconds=9)
    told = campaigns.LinkClicked(campaign_id=new_id("cam"), campaign_name="Spring", contact_id=contact.id)
    told.click_time.FromDatetime(clicked)
    react(caller, told)
    [shown] = caller.ListContactTimeline(TimelineRequest(id=contact.id)).interactions
    assert shown.occur_time.ToDatetime(UTC) == clicked


def consent(**fields: Any) -> campaigns.ConsentCreated:
    given = {"id": new_id("cns"), "topic": "news", "state": "OPTED_IN", "channel": "EMAIL", "source": "fair"} | fields
    return campaigns.ConsentCreated(consent=given)


def test_a_word_on_being_reached_stands_on_the_timelines_of_all_who_have_the_address(caller: Caller) -> None:
    ada, bo = (CONTACT.create(caller, emails=[{"address": "team@roseandthorn.example"}]) for _ in range(2))
    other = CONTACT.create(caller, emails=[{"address": "eve@roseandthorn.example"}])
    react(caller, consent(address="Team@roseandthorn.example"), times=2)
    for each in (ada, bo):
        [told] = caller.ListContactTimeline(TimelineRequest(id=each.id)).interactions
        assert (told.kind, told.title, told.description) == (told.CONSENT, "Said yes to news by e-mail", "source: fair")
    assert not caller.ListContactTimeline(TimelineRequest(id=other.id)).interactions


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"channel": "SMS", "phone_number": "+441632960131", "state": "OPTED_OUT"}, "Said no to news by text message"),
        ({"channel": "PHONE", "phone_number": "+441632960131"}, "Said yes to news by telephone"),
        ({"source": "unsubscribe_link", "address": "ada@roseandthorn.example", "state": "OPTED_OUT"}, ""),
    ],
)
def test_the_way_is_named_and_what_a_link_out_said_stands_there_once(
    caller: Caller, fields: dict[str, Any], title: str
) -> None:
    emails, phones = [{"address": "ada@roseandthorn.example"}], [{"number": "+441632960131"}]
    contact = CONTACT.create(caller, emails=emails, phones=phones)
    react(caller, consent(**fields))
    shown = caller.ListContactTimeline(TimelineRequest(id=contact.id)).interactions
    assert [each.title for each in shown] == ([title] if title else [])


def test_that_a_yes_expired_stands_where_it_did(caller: Caller) -> None:
    contact, until = CONTACT.create(caller), now() - timedelta(hours=1)
    said = consent(contact_id=contact.id, channel="POST", expire_time=until).consent
    react(caller, campaigns.ConsentExpired(consent=said))
    [shown] = caller.ListContactTimeline(TimelineRequest(id=contact.id)).interactions
    assert (shown.title, shown.occur_time.ToDatetime(UTC)) == ("Yes to news by letter expired", until)
