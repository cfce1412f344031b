"""What recipients can do: follow links and get out; and what machines cannot."""

from datetime import timedelta
from typing import Any

import grpc
from crm.campaigns.v1 import events_pb2, public_pb2
from crm.campaigns.v1.campaign_pb2 import Delivery
from crm.common.v1 import listing_pb2

from chassis import new_id, now, transaction
from services.campaigns import keyring
from tests.campaigns.conftest import Marketing, address, announced
from tests.campaigns.visits import BROWSER, everybody
from tests.eventually import eventually
from tests.refused import refused


def follow(marketing: Marketing, delivery: Delivery, index: int = 0, **visit: str) -> str:
    token = keyring.token(keyring.CLICK, delivery.id, index)
    return marketing.visitor.FollowLink(public_pb2.FollowLinkRequest(token=token, visit=BROWSER | visit)).url


def sent_a_while_ago(delivery: Delivery) -> None:
    change = {"$set": {"accept_time": now() - timedelta(minutes=5)}}
    transaction.database()["deliveries"].update_one({"_id": delivery.id}, change)


def hits(delivery: Delivery) -> list[dict[str, Any]]:
    return list(transaction.database()["engagements"].find({"delivery_id": delivery.id}).sort("_id", 1))


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
    again = marketing.campaign(marketing.segment(everybody()))
    marketing.start(again)
    assert marketing.completed(again).total.skipped == 1


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
