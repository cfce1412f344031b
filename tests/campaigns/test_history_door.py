"""Campaigns that were sent elsewhere: made over, their results brought in recipient by recipient."""

from typing import Any

import grpc
import pytest
from crm.campaigns.v1 import campaign_pb2, events_pb2
from crm.common.v1 import requests_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2

from chassis import new_id, transaction
from chassis.testing import reason
from services.campaigns import ledger
from tests.builders.campaigns import a_campaign_message
from tests.campaigns.conftest import Marketing, announced
from tests.eventually import eventually
from tests.refused import refusal, violations

Campaign, Delivery = campaign_pb2.Campaign, campaign_pb2.Delivery
ARMS = [{"key": "mens"}, {"key": "none", "hold_out": True}]
THEN = Timestamp(seconds=1205000000)


def sent_elsewhere(marketing: Marketing, **fields: Any) -> campaign_pb2.Campaign:
    given = {"status": "COMPLETED", "start_time": THEN, "arms": ARMS, "segment_ids": []} | fields
    asked = campaign_pb2.CreateCampaignRequest(campaign=a_campaign_message(**given))
    return marketing.caller.CreateCampaign(asked)


def told(marketing: Marketing, campaign: campaign_pb2.Campaign, *items: dict[str, Any]) -> Any:
    return marketing.caller.ImportResults(campaign_pb2.ImportResultsRequest(id=campaign.id, items=items))


def faults(result: Any) -> dict[str, str]:
    bad = error_details_pb2.BadRequest()
    found = next(detail for detail in result.error.details if detail.Is(bad.DESCRIPTOR))
    found.Unpack(bad)
    return {each.field: each.description for each in bad.field_violations}


def test_results_of_a_campaign_that_was_sent_elsewhere_come_in_once(marketing: Marketing) -> None:
    one, two = marketing.meet(), marketing.meet()
    campaign = sent_elsewhere(marketing)
    items = [
        {"contact_id": one.id, "arm": "mens", "converted": True, "spent": [{"currency_code": "USD", "units": 42}]},
        {"contact_id": two.id, "arm": "none", "visited": True, "client_ref": "second"},
    ]
    first, again = told(marketing, campaign, *items), told(marketing, campaign, *items)
    assert [each.outcome for each in first.results] == [requests_pb2.CREATED] * 2
    assert [each.outcome for each in again.results] == [requests_pb2.UNCHANGED] * 2
    assert [each.delivery.id for each in again.results] == [each.delivery.id for each in first.results]
    assert [each.delivery.state for each in first.results] == [Delivery.ACCEPTED, Delivery.HELD_OUT]
    assert first.results[1].client_ref == "second"
    report = marketing.report(campaign)
    assert (report.total.recipients, report.total.visited, report.total.converted) == (2, 2, 1)
    assert report.arms[0].spent[0].units == 42
    found = marketing.caller.GetCampaign(requests_pb2.GetRequest(id=campaign.id))
    assert (found.recipient_count, found.status, found.end_time) == (2, Campaign.COMPLETED, THEN)


def test_what_is_told_later_takes_the_place_of_what_was_told_before(marketing: Marketing) -> None:
    contact, campaign = marketing.meet(), sent_elsewhere(marketing)
    item = {"contact_id": contact.id, "arm": "mens"}
    told(marketing, campaign, {**item, "spent": [{"currency_code": "USD", "units": 42}]})
    answer = told(marketing, campaign, {**item, "clicked": True}, {**item, "clicked": True})
    assert [each.outcome for each in answer.results] == [requests_pb2.UPDATED, requests_pb2.UNCHANGED]
    total = marketing.report(campaign).total
    assert (total.opened, total.clicked, total.visited, len(total.spent)) == (1, 1, 1, 0)


def test_mails_of_the_past_are_announced_once_at_their_own_time(marketing: Marketing) -> None:
    contact, campaign = marketing.meet(), sent_elsewhere(marketing)
    [result] = told(marketing, campaign, {"contact_id": contact.id, "arm": "mens"}).results
    [event] = eventually(lambda: announced(result.delivery.id, "CampaignMailSent"))
    sent = events_pb2.CampaignMailSent.FromString(event["body"])
    assert (list(sent.contact_ids), sent.send_time) == ([contact.id], THEN)


def test_a_mail_that_came_back_then_is_held_against_nobody_now(marketing: Marketing) -> None:
    contact, campaign = marketing.meet(), sent_elsewhere(marketing)
    [result] = told(marketing, campaign, {"contact_id": contact.id, "arm": "mens", "bounced": True}).results
    assert result.delivery.state == Delivery.BOUNCED
    assert ledger.lines().find_one({"_id": result.delivery.id})["judged"]
    suppressed = transaction.database()["suppressions"].find_one({"tenant_id": marketing.caller.whom.tenant_id})
    assert suppressed is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"arm": "womens"}, "arm"),
        ({"arm": ""}, "arm"),
        ({"arm": "none", "opened": True}, "opened"),
        ({"arm": "none", "accept_time": THEN}, "accept_time"),
        ({"spent": [{"currency_code": "USD", "units": -1}]}, "spent"),
        ({"spent": [{"currency_code": "DOLLAR"}]}, "spent[0].currency_code"),
    ],
)
def test_an_item_that_does_not_fit_is_refused_by_name_and_the_others_stand(
    marketing: Marketing, fields: dict[str, Any], field: str
) -> None:
    contact, campaign = marketing.meet(), sent_elsewhere(marketing)
    good = {"contact_id": contact.id, "arm": "mens"}
    answer = told(marketing, campaign, {**good, **fields}, good)
    assert answer.failed_count == 1
    assert list(faults(answer.results[0])) == [field]
    assert answer.results[1].outcome == requests_pb2.CREATED


def test_a_contact_stays_in_its_arm_and_must_be_known(marketing: Marketing) -> None:
    contact, campaign = marketing.meet(), sent_elsewhere(marketing)
    told(marketing, campaign, {"contact_id": contact.id, "arm": "mens"})
    answer = told(
        marketing, campaign, {"contact_id": contact.id, "arm": "none"}, {"contact_id": new_id("con"), "arm": "mens"}
    )
    assert [each.error.code for each in answer.results] == [
        grpc.StatusCode.FAILED_PRECONDITION.value[0], grpc.StatusCode.NOT_FOUND.value[0]
    ]  # fmt: skip


def test_only_a_campaign_that_was_sent_elsewhere_takes_results(marketing: Marketing) -> None:
    contact, campaign, _ = marketing.mailed()
    for each in (campaign, marketing.campaign(marketing.segment())):
        assert refusal(told, marketing, each, {"contact_id": contact.id}) == "CAMPAIGN_NOT_IMPORTED"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"status": "RUNNING"}, "campaign.status"),
        ({"status": "DRAFT"}, "campaign.start_time"),
        ({"end_time": Timestamp(seconds=1)}, "campaign.end_time"),
    ],
)
def test_no_campaign_is_made_in_the_middle(marketing: Marketing, fields: dict[str, Any], field: str) -> None:
    assert field in violations(sent_elsewhere, marketing, **fields)


def test_a_campaign_is_found_and_kept_by_the_name_that_another_system_gave_it(marketing: Marketing) -> None:
    given = a_campaign_message(status="COMPLETED", start_time=THEN, arms=ARMS, segment_ids=[])
    asked = campaign_pb2.UpsertCampaignRequest(system="mailer", external_id="7", campaign=given)
    first, again = marketing.caller.UpsertCampaign(asked), marketing.caller.UpsertCampaign(asked)
    assert (first.id, first.etag) == (again.id, again.etag)
    del given.arms[:]
    given.arms.add(key="other")
    with pytest.raises(grpc.RpcError) as error:
        marketing.caller.UpsertCampaign(
            campaign_pb2.UpsertCampaignRequest(system="mailer", external_id="7", campaign=given)
        )
    assert reason(error.value) == "CAMPAIGN_NOT_DRAFT"
