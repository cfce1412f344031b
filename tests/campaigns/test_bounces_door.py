"""What comes back of a campaign's mails, and what becomes of the addresses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from crm.campaigns.v1 import campaign_pb2, events_pb2
from crm.campaigns.v1.campaign_pb2 import Delivery
from crm.common.v1 import listing_pb2
from crm.support.v1 import events_pb2 as support

from chassis import new_id, now, transaction
from chassis.testing import reason
from services.campaigns import keyring
from tests.campaigns.conftest import Marketing, announced
from tests.campaigns.visits import everybody
from tests.refused import refused


def bounce(delivery: Delivery, verdict: str, **fields: str) -> campaign_pb2.ReportBounceRequest:
    path = keyring.return_path(delivery.id)
    return campaign_pb2.ReportBounceRequest(return_path=path.upper(), verdict=verdict, **fields)


def suppressed(marketing: Marketing) -> bool:
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    return member.suppressed


@pytest.mark.parametrize(
    ("verdict", "code", "given_up"),
    [("HARD", "5.1.1", True), ("COMPLAINT", "", True), ("SOFT", "4.2.2", False), ("POLICY", "5.7.1", False)],
)
def test_a_returned_mail_is_noted_and_judged_by_its_verdict(
    marketing: Marketing, verdict: str, code: str, given_up: bool
) -> None:
    _, _, delivery = marketing.mailed()
    for _ in range(2):
        noted = marketing.caller.ReportBounce(bounce(delivery, verdict, status_code=code))
    assert noted.state == (Delivery.ACCEPTED if verdict == "COMPLAINT" else Delivery.BOUNCED)
    assert suppressed(marketing) is given_up
    assert len(announced(delivery.id, "CampaignMailBounced")) == 1


@pytest.mark.parametrize(
    ("report", "verdict", "given_up"),
    [
        ({"action": "failed", "status": "5.1.1", "hard": True}, "HARD", True),
        ({"action": "failed", "status": "5.7.1"}, "POLICY", False),
        ({"action": "failed", "status": "5.7.1", "hard": True}, "POLICY", False),
        ({"action": "failed", "status": "4.2.2"}, "SOFT", False),
        ({"action": "complained"}, "COMPLAINT", True),
        ({"action": "delayed", "status": "4.4.1"}, "", False),
        ({"action": "relayed", "diagnostic": "auth-failure"}, "", False),
        (None, "SOFT", False),
    ],
)
def test_a_mail_that_support_hears_come_back_is_noted_once(
    marketing: Marketing, report: dict[str, Any] | None, verdict: str, given_up: bool
) -> None:
    _, _, delivery = marketing.mailed()
    complains = bool(report) and report["action"] in ("complained", "relayed")
    mail = {
        "id": new_id("mail"), "envelope_to": keyring.return_path(delivery.id), "reports": [report] if report else [],
        "auto_class": "COMPLAINT" if complains else "BOUNCE",
    }  # fmt: skip
    for _ in range(2):
        marketing.hear(support.BounceReceived(mail=mail), mail["id"])
    told = [
        events_pb2.CampaignMailBounced.FromString(each["body"])
        for each in announced(delivery.id, "CampaignMailBounced")
    ]
    names = campaign_pb2.ReportBounceRequest.Verdict
    assert [names.Name(each.verdict) for each in told] == ([verdict] if verdict else [])
    assert suppressed(marketing) is given_up


def test_the_proof_in_the_address_says_whose_mail_came_back(marketing: Marketing) -> None:
    _, _, delivery = marketing.mailed()
    failed = {"recipient": "ada@roseandthorn.example", "action": "failed", "status": "5.1.1", "hard": True}
    elsewhere = replace(marketing, caller=marketing.stranger)  # the mailbox is another tenant's
    for path in (keyring.return_path(delivery.id), "help+t1@kith.example", "b+k1.x.y@bounces.kith.example"):
        mail = {"id": new_id("mail"), "auto_class": "BOUNCE", "envelope_to": path, "reports": [failed]}
        elsewhere.hear(support.BounceReceived(mail=mail), mail["id"])
    [told] = announced(delivery.id, "CampaignMailBounced")
    assert told["tenant_id"] == marketing.caller.whom.tenant_id
    assert suppressed(marketing)


def test_soft_bounces_wear_an_address_out_only_over_a_week(marketing: Marketing) -> None:
    marketing.meet()
    segment = marketing.segment(everybody())
    for round_ in range(3):
        campaign = marketing.campaign(segment)
        marketing.start(campaign)
        marketing.completed(campaign)
        [delivery] = marketing.deliveries(campaign)
        marketing.caller.ReportBounce(bounce(delivery, "SOFT", status_code="4.2.2"))
        if round_ == 0:
            long_ago = {"$set": {"return_time": now() - timedelta(days=8)}}
            transaction.database()["deliveries"].update_one({"_id": delivery.id}, long_ago)
        assert suppressed(marketing) is (round_ == 2)


def test_a_return_path_that_we_did_not_write_is_refused(marketing: Marketing) -> None:
    _, _, delivery = marketing.mailed()
    forged = keyring.return_path(delivery.id).replace(f".{delivery.id[4:]}.", f".{new_id('dlv')[4:]}.")
    for path in (forged, "news@kith.example", "b+@x", ""):
        asked = campaign_pb2.ReportBounceRequest(return_path=path, verdict="HARD")
        assert reason(refused(marketing.caller.ReportBounce, asked)) in ("TOKEN_UNKNOWN", "INVALID")
