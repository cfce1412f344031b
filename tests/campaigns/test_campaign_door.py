"""Campaigns at the door: from draft to end, over a real SMTP connection, and who gets a mail and who does not."""

import email
import email.policy
import time
from typing import Any

from crm.campaigns.v1 import campaign_pb2, consent_pb2, template_pb2
from crm.campaigns.v1.campaign_pb2 import Campaign, Delivery
from crm.common.v1 import listing_pb2, requests_pb2
from crm.contacts.v1 import events_pb2 as contacts

from chassis import new_id, now, transaction
from chassis.testing import details, reason
from services.campaigns import keyring
from tests.builders.campaigns import HTML, a_campaign_message, tagged
from tests.campaigns.conftest import Marketing, address, announced
from tests.campaigns.sink import Sink
from tests.eventually import eventually
from tests.refused import refused


def test_a_mail_goes_out_personal_tracked_and_with_a_way_out(marketing: Marketing, sink: Sink) -> None:
    contact, _, delivery = marketing.mailed()
    [mail] = sink.to(address(contact))
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert message["Subject"] == "Spring, Ada"
    assert message["To"] == f"Ada Thorn <{address(contact)}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    out = message["List-Unsubscribe"].strip("<>")
    assert out.startswith("https://kith.example/t/u/1.k1.u.")
    html = message.get_body(("html",)).get_content()
    text = message.get_body(("plain",)).get_content()
    assert "Dear Ada," in html
    assert "shop.example" not in html + text
    assert html.count("https://kith.example/t/c/") == 2
    assert text.count("https://kith.example/t/c/") == 2
    assert html.count("https://kith.example/t/o/") == 1
    assert out in html
    assert mail.sender.startswith(f"b+k1.{delivery.id[4:]}.")
    assert mail.sender.endswith("@bounces.kith.example")
    assert (delivery.state, delivery.contact_id, delivery.attempt) == (Delivery.ACCEPTED, contact.id, 1)


def test_a_campaign_completes_when_no_mail_is_left_and_tells_of_what_it_sent(marketing: Marketing, sink: Sink) -> None:
    people = [marketing.meet(tags=["gold"]) for _ in range(12)]
    campaign = marketing.campaign(marketing.segment())
    assert campaign.status == Campaign.DRAFT
    marketing.start(campaign)
    report = marketing.completed(campaign)
    assert (report.total.recipients, report.total.accepted, report.total.open) == (12, 12, 0)
    assert [len(sink.to(address(each))) for each in people] == [1] * 12
    done = marketing.reached(campaign, Campaign.COMPLETED)
    assert done.recipient_count == 12
    assert done.HasField("end_time")
    for name in ("CampaignCreated", "CampaignStarted", "CampaignCompleted"):
        assert len(announced(campaign.id, name)) == 1
    lines = marketing.deliveries(campaign)
    told = eventually(lambda: [row for line in lines for row in announced(line.id, "CampaignMailSent")])
    assert len(told) == 1


def test_only_who_consented_and_is_not_suppressed_gets_a_mail(marketing: Marketing, sink: Sink) -> None:
    yes = marketing.meet(tags=["gold"])
    never = marketing.meet(tags=["gold"], consents=False)
    withdrawn = marketing.meet(tags=["gold"])
    marketing.consent(contact_id=withdrawn.id, state="OPTED_OUT")
    suppressed = marketing.meet(tags=["gold"])
    asked = consent_pb2.CreateSuppressionRequest(suppression={"address": address(suppressed).upper()})
    marketing.caller.CreateSuppression(asked)
    nowhere = marketing.meet(tags=["gold"], address="")
    twin = marketing.meet(tags=["gold"], address=address(yes))
    campaign = marketing.campaign(marketing.segment())
    marketing.start(campaign)
    report = marketing.completed(campaign)
    assert (report.total.accepted, report.total.skipped) == (1, 5)
    reasons = {each.contact_id: each.reason for each in marketing.deliveries(campaign)}
    assert reasons[never.id] == reasons[withdrawn.id] == "no_consent"
    assert reasons[suppressed.id] == "suppressed"
    assert reasons[nowhere.id] == "no_address"
    assert sorted([reasons[yes.id], reasons[twin.id]]) == ["", "duplicate_address"]
    assert len(sink.to(address(yes))) == 1


def test_what_is_withdrawn_after_the_start_is_not_sent(marketing: Marketing, sink: Sink) -> None:
    contact = marketing.meet(tags=["gold"])
    sink.refuses = lambda recipient: "450 4.2.0 later" if recipient == address(contact) else ""
    campaign = marketing.campaign(marketing.segment())
    marketing.start(campaign)
    [line] = eventually(lambda: marketing.deliveries(campaign, Delivery.DEFERRED))
    assert line.smtp_reply.startswith("450")
    marketing.consent(contact_id=contact.id, state="OPTED_OUT")
    sink.refuses = lambda recipient: ""
    transaction.database()["deliveries"].update_one(
        {"_id": line.id}, {"$set": {"next_time": line.state_time.ToDatetime()}}
    )
    assert marketing.completed(campaign).total.skipped == 1
    assert not sink.to(address(contact))


def test_a_contact_that_is_gone_gets_no_mail(marketing: Marketing, sink: Sink) -> None:
    contact = marketing.meet(tags=["gold"])
    sink.refuses = lambda recipient: "450 later" if recipient == address(contact) else ""
    campaign = marketing.campaign(marketing.segment())
    marketing.start(campaign)
    [line] = eventually(lambda: marketing.deliveries(campaign, Delivery.DEFERRED))
    sink.refuses = lambda recipient: ""
    marketing.hear(contacts.ContactDeleted(contact=contact), contact.id, revision=2)
    transaction.database()["deliveries"].update_one(
        {"_id": line.id}, {"$set": {"next_time": line.state_time.ToDatetime()}}
    )
    marketing.completed(campaign)
    assert [each.reason for each in marketing.deliveries(campaign)] == ["gone"]


def test_an_address_that_is_refused_for_good_is_suppressed_and_a_refusal_of_us_is_not(
    marketing: Marketing, sink: Sink
) -> None:
    gone, strict = marketing.meet(tags=["gold"]), marketing.meet(tags=["gold"])
    answers = {address(gone): "550 5.1.1 no such user", address(strict): "550 5.7.1 not from you"}
    sink.refuses = lambda recipient: answers.get(recipient, "")
    campaign = marketing.campaign(marketing.segment())
    marketing.start(campaign)
    report = marketing.completed(campaign)
    sink.refuses = lambda recipient: ""
    assert (report.total.bounced, report.total.failed) == (1, 1)

    def suppressed() -> list[str]:
        found = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
        return [each.id for each in found if each.suppressed]

    assert eventually(suppressed) == [gone.id]


def test_a_mail_whose_fate_is_unknown_is_sent_again_only_by_choice(marketing: Marketing, sink: Sink) -> None:
    contact = marketing.meet(tags=["gold"])
    sink.after_data = lambda recipient: "drop" if recipient == address(contact) else ""
    campaign = marketing.campaign(marketing.segment())
    marketing.start(campaign)
    report = marketing.completed(campaign)
    sink.after_data = lambda recipient: ""
    assert report.total.unknown == 1
    assert len(sink.to(address(contact))) == 1
    [line] = marketing.deliveries(campaign)
    again = campaign_pb2.RetryDeliveriesRequest(id=campaign.id, delivery_ids=[line.id])
    assert marketing.caller.RetryDeliveries(again).queued_count == 1
    assert marketing.completed(campaign).total.accepted == 1
    assert len(sink.to(address(contact))) == 2
    assert marketing.caller.RetryDeliveries(again).queued_count == 0


def test_a_paused_campaign_hands_nothing_over_until_it_goes_on(marketing: Marketing, sink: Sink) -> None:
    people = [marketing.meet(tags=["gold"]) for _ in range(5)]
    mine = {address(each) for each in people}
    sink.refuses = lambda recipient: "450 later" if recipient in mine else ""
    campaign = marketing.campaign(marketing.segment())
    marketing.start(campaign)
    eventually(lambda: len(marketing.deliveries(campaign, Delivery.DEFERRED)) == 5)
    marketing.caller.PauseCampaign(campaign_pb2.PauseCampaignRequest(id=campaign.id))
    sink.refuses = lambda recipient: ""
    transaction.database()["deliveries"].update_many({"campaign_id": campaign.id}, {"$set": {"next_time": now()}})
    time.sleep(1.0)
    assert not [mail for mail in sink.mails if mail.recipients[0] in mine]
    again = campaign_pb2.PauseCampaignRequest(id=campaign.id)
    assert reason(refused(marketing.caller.PauseCampaign, again)) == "CAMPAIGN_NOT_RUNNING"
    marketing.caller.ResumeCampaign(campaign_pb2.ResumeCampaignRequest(id=campaign.id))
    assert marketing.completed(campaign).total.accepted == 5


def test_a_cancelled_campaign_withdraws_what_was_not_handed_over(marketing: Marketing, sink: Sink) -> None:
    contact = marketing.meet(tags=["gold"])
    sink.refuses = lambda recipient: "450 later" if recipient == address(contact) else ""
    campaign = marketing.campaign(marketing.segment())
    marketing.start(campaign)
    eventually(lambda: marketing.deliveries(campaign, Delivery.DEFERRED))
    marketing.caller.CancelCampaign(campaign_pb2.CancelCampaignRequest(id=campaign.id))
    eventually(lambda: marketing.deliveries(campaign, Delivery.WITHDRAWN))
    sink.refuses = lambda recipient: ""
    again = campaign_pb2.CancelCampaignRequest(id=campaign.id)
    assert reason(refused(marketing.caller.CancelCampaign, again)) == "CAMPAIGN_ALREADY_ENDED"
    assert not sink.to(address(contact))


def test_a_campaign_starts_by_itself_when_it_is_time(marketing: Marketing) -> None:
    marketing.meet(tags=["gold"])
    campaign = marketing.campaign(marketing.segment())
    past = campaign_pb2.ScheduleCampaignRequest(id=campaign.id, schedule_time={"seconds": 1})
    assert "schedule_time" in details(refused(marketing.caller.ScheduleCampaign, past))["violations"]
    soon = campaign_pb2.ScheduleCampaignRequest(id=campaign.id, schedule_time={"seconds": int(time.time()) + 2})
    assert marketing.caller.ScheduleCampaign(soon).status == Campaign.SCHEDULED
    assert marketing.completed(campaign).total.accepted == 1


def test_what_is_incomplete_does_not_start_and_what_runs_does_not_change(marketing: Marketing) -> None:
    segment = marketing.segment()
    mute = marketing.template(html="<p>No way out</p>")
    for fields in ({"segment_ids": []}, {"template_id": mute.id}):
        draft = marketing.campaign(segment, **fields)
        start = campaign_pb2.StartCampaignRequest(id=draft.id)
        assert reason(refused(marketing.caller.StartCampaign, start)) == "CAMPAIGN_INCOMPLETE"
    campaign = marketing.campaign(segment)
    marketing.start(campaign)
    change = campaign_pb2.UpdateCampaignRequest(
        campaign={"id": campaign.id, "topic": "other"}, update_mask={"paths": ["topic"]}
    )
    assert reason(refused(marketing.caller.UpdateCampaign, change)) == "CAMPAIGN_NOT_DRAFT"
    rename = campaign_pb2.UpdateCampaignRequest(
        campaign={"id": campaign.id, "name": "May"}, update_mask={"paths": ["name"]}
    )
    assert marketing.caller.UpdateCampaign(rename).name == "May"
    start = campaign_pb2.StartCampaignRequest(id=campaign.id)
    assert reason(refused(marketing.caller.StartCampaign, start)) == "CAMPAIGN_NOT_DRAFT"


def test_a_campaign_names_only_what_is_there(marketing: Marketing) -> None:
    gone = marketing.segment()
    marketing.caller.DeleteSegment(requests_pb2.DeleteRequest(id=gone.id))
    nowhere = new_id("tpl")
    faults: dict[str, dict[str, Any]] = {
        "campaign.segment_ids[1]": {"segment_ids": [marketing.segment().id, gone.id]},
        "campaign.exclude_segment_ids[0]": {"exclude_segment_ids": [new_id("seg")]},
        "campaign.template_id": {"template_id": nowhere},
        "campaign.arms[1].template_id": {"arms": [{"key": "a"}, {"key": "b", "template_id": nowhere}]},
    }
    for field, fields in faults.items():
        asked = campaign_pb2.CreateCampaignRequest(campaign=a_campaign_message(**fields))
        assert field in details(refused(marketing.caller.CreateCampaign, asked))["violations"]


def test_excluded_segments_and_hold_outs_get_nothing(marketing: Marketing, sink: Sink) -> None:
    people = [marketing.meet(tags=["gold"]) for _ in range(40)]
    out = marketing.meet(tags=["gold", "out"])
    arms = [{"key": "a", "weight": 1}, {"key": "b", "weight": 1}, {"key": "control", "weight": 1, "hold_out": True}]
    campaign = marketing.campaign(
        marketing.segment(), exclude_segment_ids=[marketing.segment(tagged("out")).id], arms=arms
    )
    marketing.start(campaign)
    report = marketing.completed(campaign)
    assert [each.arm for each in report.arms] == ["a", "b", "control"]
    assert report.total.recipients == 40
    assert report.total.held_out == report.arms[2].recipients > 0
    assert report.total.accepted == 40 - report.total.held_out
    assert not sink.to(address(out))
    held = {each.contact_id for each in marketing.deliveries(campaign, Delivery.HELD_OUT)}
    assert {each.id for each in people if not sink.to(address(each))} == held


def test_a_template_that_changes_after_the_start_changes_no_mail(marketing: Marketing, sink: Sink) -> None:
    contact = marketing.meet(tags=["gold"])
    sink.refuses = lambda recipient: "450 later" if recipient == address(contact) else ""
    template = marketing.template()
    campaign = marketing.campaign(marketing.segment(), template_id=template.id)
    marketing.start(campaign)
    [line] = eventually(lambda: marketing.deliveries(campaign, Delivery.DEFERRED))
    changed = template_pb2.UpdateTemplateRequest(
        template={"id": template.id, "html": HTML.replace("Dear", "Cheap")}, update_mask={"paths": ["html"]}
    )
    marketing.caller.UpdateTemplate(changed)
    sink.refuses = lambda recipient: ""
    transaction.database()["deliveries"].update_one(
        {"_id": line.id}, {"$set": {"next_time": line.state_time.ToDatetime()}}
    )
    marketing.completed(campaign)
    [mail] = sink.to(address(contact))
    assert b"Cheap" not in mail.content


def test_another_tenant_sees_none_of_it(marketing: Marketing) -> None:
    _, campaign, delivery = marketing.mailed()
    stranger = marketing.stranger
    for call, request in (
        (stranger.GetCampaign, requests_pb2.GetRequest(id=campaign.id)),
        (stranger.ReportCampaign, campaign_pb2.ReportCampaignRequest(id=campaign.id)),
        (stranger.ListCampaignDeliveries, campaign_pb2.ListCampaignDeliveriesRequest(id=campaign.id)),
    ):
        assert reason(refused(call, request)) == "NOT_FOUND"
    bounce = campaign_pb2.ReportBounceRequest(return_path=keyring.return_path(delivery.id), verdict="HARD")
    assert reason(refused(stranger.ReportBounce, bounce)) == "TOKEN_UNKNOWN"
