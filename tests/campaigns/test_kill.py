"""Senders that are killed in the middle of a campaign: nobody gets a mail twice, and nothing is lost without a word."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from crm.campaigns.v1 import campaign_pb2, segment_pb2, service_pb2, template_pb2
from crm.campaigns.v1.campaign_pb2 import Campaign
from crm.common.v1 import requests_pb2
from pymongo import MongoClient

from chassis import new_id, now
from chassis.embedded import Servers
from chassis.testing import Caller
from tests import process
from tests.builders.campaigns import a_campaign_message, a_segment_message, a_template_message
from tests.campaigns.sink import Sink, running
from tests.eventually import eventually
from tests.process import Process

PEOPLE, KILLS, CONNECTIONS = 3000, 4, 6


@contextmanager
def a_process(servers: Servers, sink: Sink) -> Iterator[tuple[Process, Caller]]:
    """Campaigns with a database of its own, so that the tests of this package have theirs for themselves."""
    sending = Process(
        servers, "services.campaigns", "senders", "campaigns", KITH_TRACKING_KEYS=f"k1:{'0' * 32}",
        KITH_ADDRESS_KEY="1" * 32, KITH_SMTP_URL=f"smtp://127.0.0.1:{sink.port}",
        KITH_SMTP_CONNECTIONS=str(CONNECTIONS), KITH_LOG_LEVEL="ERROR",
    )  # fmt: skip
    with process.running(sending), sending.caller(service_pb2) as caller:
        yield sending, caller


def people(database: Any, tenant: str, count: int) -> None:
    """An audience that consents to news, written down as reactions would have."""
    members, states = [], []
    for at in range(count):
        key, address = f"key{at}", f"p{at}@people.example"
        members.append({
            "_id": new_id("con"), "tenant_id": tenant, "revision": 1, "present": True, "create_time": now(),
            "given_name": "Ada", "display_name": "Ada", "email": address, "address_key": key, "tags": ["gold"],
        })  # fmt: skip
        states.append({
            "_id": f"{tenant}/news/{key}", "tenant_id": tenant, "topic": "news", "address_key": key, "state": "OPTED_IN",
        })  # fmt: skip
    database["audience_members"].insert_many(members)
    database["consent_states"].insert_many(states)


def started(caller: Caller) -> Campaign:
    template = caller.CreateTemplate(template_pb2.CreateTemplateRequest(template=a_template_message()))
    segment = caller.CreateSegment(segment_pb2.CreateSegmentRequest(segment=a_segment_message()))
    got = requests_pb2.GetRequest(id=segment.id)
    eventually(lambda: caller.GetSegment(got).member_count == PEOPLE)
    given = a_campaign_message(segment_ids=[segment.id], template_id=template.id)
    campaign = caller.CreateCampaign(campaign_pb2.CreateCampaignRequest(campaign=given))
    return caller.StartCampaign(campaign_pb2.StartCampaignRequest(id=campaign.id))


@pytest.mark.timeout(240)
def test_killed_senders_send_nothing_twice_and_lose_nothing(servers: Servers) -> None:
    with running(Sink()) as sink, a_process(servers, sink) as (sending, caller):
        client: Any = MongoClient(servers.mongo_url("senders"), tz_aware=True)
        database = client.get_default_database()
        try:
            people(database, caller.whom.tenant_id, PEOPLE)
            campaign = started(caller)
            for round_ in range(1, KILLS + 1):
                goal = PEOPLE * round_ // (KILLS + 2)
                eventually(lambda goal=goal: sink.count >= goal, 60)
                sending.kill()
                # The dead renew no lease: what would take minutes happens at once.
                database["deliveries"].update_many({}, {"$set": {"lease_until": now()}})
                database["leases"].delete_many({})
                time.sleep(0.05)
                sending.start()
            eventually(lambda: _status(caller, campaign) == Campaign.COMPLETED, 120)
            _verify(database, sink, caller.whom.tenant_id)
        finally:
            client.close()


def _status(caller: Caller, campaign: Campaign) -> Any:
    try:
        return caller.GetCampaign(requests_pb2.GetRequest(id=campaign.id)).status
    except grpc.RpcError:
        return None


def _verify(database: Any, sink: Sink, tenant_id: str) -> None:
    states = Counter(row["state"] for row in database["deliveries"].find({}, {"state": 1}))
    assert set(states) <= {"ACCEPTED", "UNKNOWN"}
    assert sum(states.values()) == PEOPLE
    assert states["UNKNOWN"] <= KILLS * CONNECTIONS
    got = Counter(mail.recipients[0] for mail in sink.mails)
    assert max(got.values()) == 1, "nobody got a mail twice"
    by_contact = {row["_id"]: row["email"] for row in database["audience_members"].find({"tenant_id": tenant_id})}
    accepted = {by_contact[row["contact_id"]] for row in database["deliveries"].find({"state": "ACCEPTED"})}
    assert accepted <= set(got), "what was acknowledged was handed over"
    print(f"{KILLS} kills: {dict(states)}, {len(got)} mails at the sink")
