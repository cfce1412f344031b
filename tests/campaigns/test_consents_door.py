"""The consent ledger: who may be reached on a topic and how, held to by the senders in the moment of handing over."""

from datetime import timedelta
from typing import Any

import pytest
from crm.campaigns.v1 import campaign_pb2, consent_pb2, topic_pb2
from crm.common.v1 import requests_pb2

from chassis import acting_as, new_id, now, of_service, transaction
from services.campaigns import ledger, standing
from services.campaigns.letters import Letters
from services.campaigns.turns import Turns
from tests.builders.campaigns import tagged
from tests.campaigns.conftest import Marketing, address, announced
from tests.campaigns.sink import Sink
from tests.eventually import eventually
from tests.refused import refusal, violations

Delivery = campaign_pb2.Delivery
NUMBER = "+4915123456789"


def check(marketing: Marketing, **asked: Any) -> consent_pb2.CheckConsentsResponse:
    return marketing.caller.CheckConsents(consent_pb2.CheckConsentsRequest(**({"topic": "news"} | asked)))


def reason_of(marketing: Marketing, **asked: Any) -> str:
    return consent_pb2.CheckConsentsResponse.Reason.Name(check(marketing, **asked).reason)


def topic(marketing: Marketing, **fields: Any) -> topic_pb2.Topic:
    given = {"key": "orders", "name": "Your orders", "transactional": True} | fields
    return marketing.caller.CreateTopic(topic_pb2.CreateTopicRequest(topic=given))


def suppress(marketing: Marketing, **fields: Any) -> consent_pb2.Suppression:
    return marketing.caller.CreateSuppression(consent_pb2.CreateSuppressionRequest(suppression=fields))


def mailed(marketing: Marketing, tag: str, **fields: Any) -> list[tuple[str, str]]:
    """Contact and reason of those lines of a campaign to everybody with the tag that were left out."""
    campaign = marketing.campaign(marketing.segment(tagged(tag)), **fields)
    marketing.start(campaign)
    marketing.completed(campaign)
    return [(each.contact_id, each.reason) for each in marketing.deliveries(campaign, Delivery.SKIPPED)]


# ---------------------------------------------------------------- what is said


def test_a_yes_is_kept_with_its_ground_and_proof_and_told(marketing: Marketing) -> None:
    said = marketing.consent(
        address="ada@rose.example", proof="Send me news.", proof_version="2026-01", source="fair", ip_address="192.0.2.7",
        user_agent="Firefox", lawful_basis="LEGITIMATE_INTEREST",
    )  # fmt: skip
    assert said.channel == consent_pb2.Consent.EMAIL
    assert said.lawful_basis == consent_pb2.Consent.LEGITIMATE_INTEREST
    assert not said.HasField("expire_time")
    assert len(announced(said.id, "ConsentCreated")) == 1
    found = check(marketing, address="ADA@rose.example")
    assert (found.allowed, found.consent_id) == (True, said.id)
    assert found.lawful_basis == consent_pb2.Consent.LEGITIMATE_INTEREST


def test_each_channel_is_asked_for_itself(marketing: Marketing) -> None:
    contact = marketing.meet()
    marketing.consent(channel="SMS", phone_number=NUMBER, contact_id=contact.id)
    marketing.consent(channel="POST", contact_id=contact.id, state="OPTED_OUT")
    assert reason_of(marketing, contact_id=contact.id) == "OPTED_IN"
    assert reason_of(marketing, channel="SMS", phone_number=NUMBER) == "OPTED_IN"
    assert reason_of(marketing, channel="PHONE", phone_number=NUMBER) == "NOT_ASKED"
    assert reason_of(marketing, channel="POST", contact_id=contact.id) == "OPTED_OUT"
    assert reason_of(marketing, contact_id=contact.id, topic="offers") == "NOT_ASKED"


def test_what_was_said_earlier_does_not_hold_when_it_is_told_later(marketing: Marketing) -> None:
    marketing.consent(address="ada@rose.example", state="OPTED_OUT")
    marketing.consent(address="ada@rose.example", occur_time=now() - timedelta(days=1))
    assert reason_of(marketing, address="ada@rose.example") == "OPTED_OUT"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"channel": "SMS"}, "consent.phone_number"),
        ({"channel": "POST"}, "consent.contact_id"),
        ({"channel": "PHONE", "phone_number": NUMBER, "address": "ada@rose.example"}, "consent.address"),
        ({"address": "ada@rose.example", "phone_number": NUMBER}, "consent.phone_number"),
        ({"channel": "SMS", "phone_number": "0151 23"}, "consent.phone_number"),
        ({"address": "ada@rose.example", "expire_time": now() - timedelta(days=1)}, "consent.expire_time"),
        ({"address": "a@b.example", "state": "OPTED_OUT", "expire_time": now() + timedelta(days=1)}, "consent.expire_time"),
        ({"address": "a@b.example", "occur_time": now() + timedelta(days=1)}, "consent.occur_time"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(marketing: Marketing, fields: dict[str, Any], field: str) -> None:
    assert list(violations(marketing.consent, **fields)) == [field]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "address"), ({"channel": "SMS"}, "phone_number"), ({"channel": "POST"}, "contact_id"),
        ({"address": "nonsense"}, "address"), ({"topic": "", "address": "a@b.example"}, "topic"),
    ],
)  # fmt: skip
def test_a_question_says_about_whom_it_is(marketing: Marketing, asked: dict[str, Any], field: str) -> None:
    assert list(violations(check, marketing, **asked)) == [field]


def test_nobody_learns_of_another_tenants_word(marketing: Marketing) -> None:
    contact = marketing.meet()
    asked = consent_pb2.CheckConsentsRequest(topic="news", address=address(contact))
    assert marketing.stranger.CheckConsents(asked).reason == consent_pb2.CheckConsentsResponse.NOT_ASKED
    theirs = consent_pb2.CheckConsentsRequest(topic="news", contact_id=contact.id)
    assert refusal(marketing.stranger.CheckConsents, theirs) == "NOT_FOUND"


# ---------------------------------------------------------------- what expires


def test_nothing_goes_out_on_a_yes_that_has_expired(marketing: Marketing, sink: Sink) -> None:
    tag, day = new_id("tag"), timedelta(days=1)
    late, still = (marketing.meet(tags=[tag], consents=False) for _ in range(2))
    marketing.consent(contact_id=late.id, occur_time=now() - 2 * day, expire_time=now() - day)
    marketing.consent(contact_id=still.id, expire_time=now() + day)
    assert reason_of(marketing, contact_id=late.id) == "EXPIRED"
    assert check(marketing, contact_id=still.id).expire_time.ToDatetime().date() == (now() + day).date()
    assert mailed(marketing, tag) == [(late.id, "no_consent")]
    assert len(sink.to(address(still))) == 1


def test_that_a_yes_expired_is_told_once_and_shown(marketing: Marketing) -> None:
    contact = marketing.meet(consents=False)
    said = marketing.consent(contact_id=contact.id, occur_time=now() - timedelta(days=9), expire_time=now())
    [row] = eventually(lambda: [row for row in standing.due() if row["consent_id"] == said.id])
    for _ in range(2):
        standing.lapse(row)
    assert len(announced(said.id, "ConsentExpired")) == 1
    assert not [row for row in standing.due() if row["consent_id"] == said.id]
    found = transaction.database()["audience_members"].find_one({"_id": contact.id})
    assert found["opted_in"] == []


def test_a_yes_that_is_given_again_outlives_the_old_one(marketing: Marketing) -> None:
    contact = marketing.meet(consents=False)
    said = marketing.consent(contact_id=contact.id, occur_time=now() - timedelta(days=9), expire_time=now())
    rows = [row for row in standing.due() if row["consent_id"] == said.id]
    marketing.consent(contact_id=contact.id)
    for row in rows:
        standing.lapse(row)
    assert reason_of(marketing, contact_id=contact.id) == "OPTED_IN"
    assert not announced(said.id, "ConsentExpired")


# ---------------------------------------------------------------- topics


def test_a_topic_says_how_long_and_on_what_ground_a_yes_holds(marketing: Marketing) -> None:
    topic(marketing, key="news", transactional=False, valid_days=30, lawful_basis="LEGITIMATE_INTEREST")
    said = marketing.consent(address="ada@rose.example")
    assert said.lawful_basis == consent_pb2.Consent.LEGITIMATE_INTEREST
    assert said.expire_time.ToDatetime() - said.occur_time.ToDatetime() == timedelta(days=30)


def test_what_is_transactional_needs_no_yes_and_heeds_a_no(marketing: Marketing, sink: Sink) -> None:
    tag = new_id("tag")
    silent, unsubscribed, no, bounced = (marketing.meet(tags=[tag], consents=False) for _ in range(4))
    topic(marketing)
    suppress(marketing, address=address(unsubscribed), reason="UNSUBSCRIBED")
    suppress(marketing, address=address(bounced), reason="BOUNCED")
    marketing.consent(contact_id=no.id, topic="orders", state="OPTED_OUT")
    left_out = mailed(marketing, tag, topic="orders")
    assert sorted(left_out) == sorted([(no.id, "no_consent"), (bounced.id, "suppressed")])
    assert [len(sink.to(address(each))) for each in (silent, unsubscribed, no, bounced)] == [1, 1, 0, 0]
    found = check(marketing, contact_id=silent.id, topic="orders")
    assert (found.allowed, found.lawful_basis) == (True, consent_pb2.Consent.CONTRACT)
    assert reason_of(marketing, contact_id=unsubscribed.id) == "SUPPRESSED", "news are no orders"


def test_a_topic_that_is_marketing_again_needs_a_yes_from_then_on(marketing: Marketing) -> None:
    made = topic(marketing)
    assert reason_of(marketing, address="ada@rose.example", topic="orders") == "TRANSACTIONAL"
    changed = topic_pb2.UpdateTopicRequest(topic={"id": made.id}, update_mask={"paths": ["transactional"]})
    marketing.caller.UpdateTopic(changed)
    assert reason_of(marketing, address="ada@rose.example", topic="orders") == "NOT_ASKED"


def test_a_deleted_topic_is_as_one_that_nobody_declared(marketing: Marketing) -> None:
    made = topic(marketing)
    marketing.caller.DeleteTopic(requests_pb2.DeleteRequest(id=made.id))
    assert reason_of(marketing, address="ada@rose.example", topic="orders") == "NOT_ASKED"
    marketing.caller.RestoreTopic(requests_pb2.RestoreRequest(id=made.id))
    assert reason_of(marketing, address="ada@rose.example", topic="orders") == "TRANSACTIONAL"


def test_no_two_topics_share_a_key(marketing: Marketing) -> None:
    topic(marketing)
    assert refusal(topic, marketing) == "ALREADY_EXISTS"


# ---------------------------------------------------------------- suppressions


def test_a_bounce_makes_a_mere_way_out_stricter(marketing: Marketing) -> None:
    topic(marketing)
    suppress(marketing, address="ada@rose.example", reason="UNSUBSCRIBED")
    assert check(marketing, address="ada@rose.example", topic="orders").allowed
    suppress(marketing, address="ada@rose.example", reason="BOUNCED")
    assert reason_of(marketing, address="ada@rose.example", topic="orders") == "SUPPRESSED"
    assert refusal(suppress, marketing, address="ada@rose.example", reason="UNSUBSCRIBED") == "ALREADY_EXISTS"


def test_a_number_can_be_suppressed(marketing: Marketing) -> None:
    marketing.consent(channel="SMS", phone_number=NUMBER)
    suppress(marketing, phone_number=NUMBER)
    assert reason_of(marketing, channel="SMS", phone_number=NUMBER) == "SUPPRESSED"
    assert list(violations(suppress, marketing, note="nobody")) == ["suppression.address"]


# ---------------------------------------------------------------- the moment of handing over


def test_what_is_withdrawn_between_the_question_and_the_first_byte_is_not_handed_over(
    marketing: Marketing, sink: Sink
) -> None:
    contact = marketing.meet(tags=[tag := new_id("tag")])
    sink.refuses = lambda recipient: "450 4.2.0 later" if recipient == address(contact) else ""
    campaign = marketing.campaign(marketing.segment(tagged(tag)))
    marketing.start(campaign)
    [line] = eventually(lambda: marketing.deliveries(campaign, Delivery.DEFERRED))
    # A slow sender: it leases the line and hears that the mail may go; then its recipient withdraws.
    ledger.lines().update_one({"_id": line.id}, {"$set": {"next_time": now()}})
    row = transaction.database()["campaigns"].find_one({"_id": campaign.id})
    prepared = eventually(lambda: Letters().lease(row, "slow", 1))
    assert Turns("slow")._wanted(prepared) == {line.id}
    marketing.consent(contact_id=contact.id, state="OPTED_OUT")
    assert ledger.take_turn(ledger.Turn([], [line.id]), "slow") == set()
    sink.refuses = lambda recipient: ""
    assert marketing.completed(campaign).total.skipped == 1
    assert not sink.to(address(contact))


def test_after_everybody_withdrew_only_what_was_under_way_arrives(marketing: Marketing, sink: Sink) -> None:
    people = [marketing.meet(tags=["mass"]) for _ in range(60)]
    campaign = marketing.campaign(marketing.segment(tagged("mass")))
    marketing.start(campaign)
    eventually(lambda: any(sink.to(address(each)) for each in people))
    for contact in people:
        marketing.consent(contact_id=contact.id, state="OPTED_OUT")
    begun = {"campaign_id": campaign.id, "state": {"$in": [ledger.SENDING, ledger.ACCEPTED]}}
    under_way = {row["contact_id"] for row in ledger.lines().find(begun)}
    marketing.completed(campaign)
    arrived = {each.id for each in people if sink.to(address(each))}
    assert arrived <= under_way


def test_the_check_and_the_senders_ask_the_same(marketing: Marketing) -> None:
    contact = marketing.meet()
    tenant = marketing.caller.whom.tenant_id
    with acting_as(of_service("campaigns", tenant)):
        key = transaction.database()["audience_members"].find_one({"_id": contact.id})["address_key"]
        for state in ("OPTED_OUT", "OPTED_IN"):
            marketing.consent(contact_id=contact.id, state=state)
            yes, _ = standing.sendable(tenant, "news", [key])
            assert (key in yes) == check(marketing, contact_id=contact.id).allowed
