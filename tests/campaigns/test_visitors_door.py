"""What recipients and visitors can do: follow links, get out, send forms in; and what machines cannot."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import grpc
import pytest
from crm.campaigns.v1 import campaign_pb2, events_pb2, public_pb2, web_form_pb2
from crm.campaigns.v1.campaign_pb2 import Delivery
from crm.common.v1 import listing_pb2
from crm.support.v1 import events_pb2 as support

from chassis import new_id, now, transaction
from chassis.testing import details, reason
from services.campaigns import keyring
from tests.builders.campaigns import a_form_message
from tests.campaigns.conftest import Marketing, address, announced
from tests.eventually import eventually

BROWSER = {"ip_address": "203.0.113.77", "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "method": "GET"}


def refused(call: Any, request: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as error:
        call(request)
    return error.value


def follow(marketing: Marketing, delivery: Delivery, index: int = 0, **visit: str) -> str:
    token = keyring.token(keyring.CLICK, delivery.id, index)
    return marketing.visitor.FollowLink(public_pb2.FollowLinkRequest(token=token, visit=BROWSER | visit)).url


def sent_a_while_ago(delivery: Delivery) -> None:
    change = {"$set": {"accept_time": now() - timedelta(minutes=5)}}
    transaction.database()["deliveries"].update_one({"_id": delivery.id}, change)


def hits(delivery: Delivery) -> list[dict[str, Any]]:
    return list(transaction.database()["engagements"].find({"delivery_id": delivery.id}).sort("_id", 1))


# ---------------------------------------------------------------- links and pixels


def test_a_link_leads_where_the_template_said_and_is_counted(marketing: Marketing) -> None:
    contact, campaign, delivery = marketing.mailed()
    sent_a_while_ago(delivery)
    assert follow(marketing, delivery, 0) == "https://shop.example/spring?a=1&b=2"
    figures = marketing.report(campaign).total
    assert (figures.clicked, figures.clicked_raw, figures.opened) == (1, 1, 1)
    [hit] = hits(delivery)
    assert hit["network"] == "203.0.113.0"
    transaction.database()["engagements"].update_one(
        {"_id": hit["_id"]}, {"$set": {"time": now() - timedelta(seconds=9)}}
    )
    [told] = eventually(lambda: announced(delivery.id, "LinkClicked"))
    clicked = events_pb2.LinkClicked.FromString(told["body"])
    assert (clicked.contact_id, clicked.url) == (contact.id, "https://shop.example/spring?a=1&b=2")
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    assert member.click_count == 1


def test_scanners_are_counted_apart_and_never_announced(marketing: Marketing) -> None:
    _, campaign, delivery = marketing.mailed()
    assert follow(marketing, delivery).startswith("https://shop.example/")  # right after the mail went out
    sent_a_while_ago(delivery)
    follow(marketing, delivery, method="HEAD")
    follow(marketing, delivery, user_agent="Barracuda Sentinel (EE)")
    follow(marketing, delivery, purpose="prefetch;anonymous-client-ip")
    assert [hit["reasons"] for hit in hits(delivery)] == [["at_once"], ["head_request"], ["program"], ["prefetch"]]
    figures = marketing.report(campaign).total
    assert (figures.clicked, figures.clicked_raw) == (0, 1)
    assert not transaction.database()["engagements"].find_one({"delivery_id": delivery.id, "told": False})


def test_three_links_at_once_take_the_earlier_verdicts_back(marketing: Marketing) -> None:
    links = "".join(f'<a href="https://shop.example/{n}">{n}</a>' for n in range(3))
    html = f'<p>{links}<a href="{{{{ unsubscribe_url }}}}">Out</a></p>'
    _, campaign, delivery = marketing.mailed(template_id=marketing.template(html=html).id)
    sent_a_while_ago(delivery)
    for index in range(3):
        follow(marketing, delivery, index)
    assert [hit["verdict"] for hit in hits(delivery)] == ["BOT"] * 3
    assert (marketing.report(campaign).total.clicked, marketing.report(campaign).total.clicked_raw) == (0, 1)


def test_forged_tokens_and_tokens_of_another_kind_lead_nowhere(marketing: Marketing) -> None:
    _, _, delivery = marketing.mailed()
    good = keyring.token(keyring.CLICK, delivery.id, 0)
    for token in (
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.replace(".0.", ".1."),
        keyring.token(keyring.OUT, delivery.id),
        keyring.token(keyring.CLICK, delivery.id, 99),
        keyring.token(keyring.CLICK, new_id("dlv"), 0),
        "1.k1.c",
        "",
        "💐" * 40,
    ):
        error = refused(marketing.visitor.FollowLink, public_pb2.FollowLinkRequest(token=token))
        assert error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)
    assert not hits(delivery)


def test_a_pixel_counts_once(marketing: Marketing) -> None:
    _, campaign, delivery = marketing.mailed()
    asked = public_pb2.OpenMailRequest(token=keyring.token(keyring.OPEN, delivery.id), visit=BROWSER)
    for _ in range(2):
        marketing.visitor.OpenMail(asked)
    assert marketing.report(campaign).total.opened == 1
    assert len(hits(delivery)) == 1


# ---------------------------------------------------------------- the way out


def out(delivery: Delivery) -> str:
    return keyring.token(keyring.OUT, delivery.id)


def test_looking_at_the_way_out_changes_nothing_and_taking_it_does(marketing: Marketing) -> None:
    contact, campaign, delivery = marketing.mailed()
    ask = public_pb2.DescribeUnsubscribeRequest(token=out(delivery))
    found = marketing.visitor.DescribeUnsubscribe(ask)
    assert (found.topic, found.done) == ("news", False)
    assert found.masked_address.endswith("@roseandthorn.example")
    assert address(contact) != found.masked_address
    leave = public_pb2.UnsubscribeRequest(token=out(delivery), visit=BROWSER)
    for _ in range(2):  # one click, twice
        assert marketing.visitor.Unsubscribe(leave).topic == "news"
    assert marketing.visitor.DescribeUnsubscribe(ask).done
    ledger = marketing.caller.ListConsents(listing_pb2.ListRequest()).consents
    assert [(each.state, each.source) for each in ledger] == [(2, "unsubscribe_link"), (1, "fair")]
    assert ledger[0].ip_address == "203.0.113.0"
    assert len(announced(delivery.id, "ContactUnsubscribed")) == 1
    assert marketing.report(campaign).total.unsubscribed == 1
    again = marketing.campaign(marketing.segment(_all()))
    marketing.start(again)
    assert marketing.completed(again).total.skipped == 1


def _all() -> listing_pb2.Filter:
    return listing_pb2.Filter(field="email", op="exists", value={"bool_value": True})


def test_leaving_everything_suppresses_the_address_and_outlives_the_contact(marketing: Marketing) -> None:
    contact, _, delivery = marketing.mailed()
    marketing.visitor.Unsubscribe(public_pb2.UnsubscribeRequest(token=out(delivery), everything=True))
    [kept] = marketing.caller.ListSuppressions(listing_pb2.ListRequest()).suppressions
    assert address(contact) not in str(kept)
    reborn = marketing.meet(address=address(contact))
    [member] = [
        each
        for each in marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
        if each.id == reborn.id
    ]
    assert member.suppressed


# ---------------------------------------------------------------- bounces


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
    segment = marketing.segment(_all())
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


# ---------------------------------------------------------------- forms


def a_form(marketing: Marketing, **fields: Any) -> web_form_pb2.WebForm:
    return marketing.caller.CreateWebForm(web_form_pb2.CreateWebFormRequest(web_form=a_form_message(**fields)))


def filled(marketing: Marketing, form: web_form_pb2.WebForm, wait: float = 1.1, **fields: Any) -> Any:
    shown = marketing.visitor.RenderForm(public_pb2.RenderFormRequest(id=form.id))
    time.sleep(wait)
    answers = {"given_name": "Mina", "email": "mina@valegardens.example", "budget": "large"}
    given = {"id": form.id, "token": shown.token, "answers": answers, "consented": True, "visit": BROWSER} | fields
    return public_pb2.SubmitFormRequest(**given)


def submissions(form: web_form_pb2.WebForm) -> list[events_pb2.FormSubmitted]:
    ids = [row["_id"] for row in transaction.database()["submissions"].find({"form_id": form.id})]
    return [events_pb2.FormSubmitted.FromString(row["body"]) for id in ids for row in announced(id, "FormSubmitted")]


def test_a_form_that_is_sent_in_is_announced_once_with_proof_of_consent(marketing: Marketing) -> None:
    form = a_form(marketing, campaign_id=marketing.campaign(marketing.segment()).id)
    asked = filled(marketing, form)
    for _ in range(2):
        assert marketing.visitor.SubmitForm(asked).redirect_url == "https://www.example.com/thanks"
    [told] = submissions(form)
    assert dict(told.answers) == {"given_name": "Mina", "email": "mina@valegardens.example", "budget": "large"}
    assert (told.owner_id, told.campaign_id, told.consent_topic) == (form.owner_id, form.campaign_id, "news")
    [consent] = marketing.caller.ListConsents(listing_pb2.ListRequest()).consents
    assert (consent.proof, consent.proof_version, consent.record_id) == ("Send me news.", "2026-01", told.submission_id)
    later = marketing.meet(consents=False, address="mina@valegardens.example")
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    assert (member.id, list(member.opted_in)) == (later.id, ["news"])


def test_a_box_that_is_not_ticked_consents_to_nothing(marketing: Marketing) -> None:
    form = a_form(marketing)
    marketing.visitor.SubmitForm(filled(marketing, form, consented=False))
    assert [each.consent_topic for each in submissions(form)] == [""]
    assert not marketing.caller.ListConsents(listing_pb2.ListRequest()).consents


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"wait": 0.0}, "FORM_TOO_FAST"),
        ({"token": ""}, "FORM_EXPIRED"),
        ({"token": "1.k1.f.x.0.mac~1.k1.f.x.0.mac"}, "FORM_EXPIRED"),
        ({"host": "evil.example"}, "HOST_NOT_ALLOWED"),
        ({"answers": {"email": "nobody"}}, "INVALID"),
        ({"answers": {"given_name": "Mina"}}, "INVALID"),
        ({"answers": {"email": "a@b.example", "budget": "vast"}}, "INVALID"),
        ({"answers": {"email": "a@b.example", "given_name": "x" * 300}}, "INVALID"),
        ({"answers": {"email": "a@b.example\nBcc: all@b.example"}}, "INVALID"),
    ],
)
def test_what_a_form_does_not_take_is_refused(marketing: Marketing, fields: dict[str, Any], said: str) -> None:
    form = a_form(marketing)
    assert reason(refused(marketing.visitor.SubmitForm, filled(marketing, form, **fields))) == said
    assert not submissions(form)


def test_a_filled_trap_is_thanked_and_forgotten(marketing: Marketing) -> None:
    form = a_form(marketing)
    assert marketing.visitor.SubmitForm(filled(marketing, form, honeypot="https://spam.example")).redirect_url
    assert not submissions(form)


def test_a_token_of_one_form_opens_no_other_and_no_redirect_leads_elsewhere(marketing: Marketing) -> None:
    one, other = a_form(marketing), a_form(marketing, redirect_urls=[], thanks="Thanks!")
    asked = filled(marketing, one)
    asked.id = other.id
    assert reason(refused(marketing.visitor.SubmitForm, asked)) == "FORM_EXPIRED"
    answer = marketing.visitor.SubmitForm(filled(marketing, other, redirect_url="https://evil.example/"))
    assert (answer.redirect_url, answer.thanks) == ("", "Thanks!")
    answer = marketing.visitor.SubmitForm(filled(marketing, one, redirect_url="https://evil.example/"))
    assert answer.redirect_url == "https://www.example.com/thanks"


def test_a_closed_form_takes_nothing(marketing: Marketing) -> None:
    form = a_form(marketing, closed=True)
    assert reason(refused(marketing.visitor.RenderForm, public_pb2.RenderFormRequest(id=form.id))) == "FORM_CLOSED"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"fields": [{"key": "given_name"}], "consent_topic": ""}, "web_form.fields"),
        ({"fields": [{"key": "email"}, {"key": "email"}]}, "web_form.fields[1].key"),
        ({"consent_text": ""}, "web_form.consent_topic"),
        ({"redirect_urls": ["http://www.example.com/"]}, "web_form.redirect_urls[0]"),
        ({"fields": [{"key": "email"}, {"key": "size", "kind": "CHOICE"}]}, "web_form.fields[1].choices"),
    ],
)
def test_a_form_that_cannot_work_is_not_made(marketing: Marketing, fields: dict[str, Any], path: str) -> None:
    asked = web_form_pb2.CreateWebFormRequest(web_form=a_form_message(**fields))
    assert path in details(refused(marketing.caller.CreateWebForm, asked))["violations"]
