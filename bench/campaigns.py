"""`python -m bench.campaigns [contacts]`: rebuild of a segment, and hand-over of a campaign to a sink, with the durable ledger.

One campaigns process with its sender, mongod, nats-server and a sink of its own process share the machine; the mail is personal
and tracked, with ten links. Rebuild: five conditions, everybody comes in, the worst case.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from crm.campaigns.v1 import campaign_pb2, segment_pb2, service_pb2, template_pb2
from crm.common.v1 import requests_pb2

from chassis import new_id, now, transaction
from chassis.embedded import running
from chassis.testing import Caller, serving, somebody
from services.campaigns import keyring
from services.campaigns.audience import Account, AudienceMember, Sale
from services.campaigns.chores import Chores
from services.campaigns.groundwork import prepare
from services.campaigns.sender import Sender
from services.campaigns.service import Campaigns
from services.campaigns.settings import CampaignsSettings
from tests.builders.campaigns import a_campaign_message, a_segment_message, a_template_message, where

CONNECTIONS = 32
_LINKS = "".join(f'<p>Flower {n} <a href="https://shop.example/{n}">Buy {n}</a></p>\n' for n in range(10))
HTML = "<h1>Dear {{ contact.given_name }}</h1>" + _LINKS + "Lorem ipsum dolor sit amet.<br>\n" * 250
HTML += '<a href="{{ unsubscribe_url }}">No more mails</a>'


def main(people: int) -> None:
    """Measure and print."""
    sink = subprocess.Popen([sys.executable, "-m", "tests.campaigns.sink", "0"], stdout=subprocess.PIPE, text=True)
    assert sink.stdout
    given: dict[str, Any] = {
        "tracking_keys": {"k1": b"0" * 32}, "address_key": b"1" * 16, "smtp_connections": CONNECTIONS,
        "smtp_url": f"smtp://127.0.0.1:{int(sink.stdout.readline())}",
    }  # fmt: skip
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            running(Path(folder), ("campaigns", "contacts", "sales")) as servers,
            serving(
                service_pb2, Campaigns(), servers.mongo_url("campaigns"), servers.nats_url("campaigns"),
                projections=(AudienceMember, Account, Sale), prepare=prepare, companions=(Chores, Sender),
                settings=CampaignsSettings, **given,
            ) as calling_as,
        ):  # fmt: skip
            _measure(calling_as(somebody()), people)
    finally:
        sink.kill()
        sink.wait()


def _measure(caller: Caller, people: int) -> None:
    _fill(caller.whom.tenant_id, people)
    conditions = [
        {"field": "language_code", "op": "eq", "value": "en"}, {"field": "tags", "op": "in", "value": ["gold", "silver"]},
        {"field": "order_count", "op": "gte", "value": 0}, {"field": "spent.units", "op": "gte", "value": 0},
        {"not": {"field": "email_domain", "op": "eq", "value": "elsewhere.example"}},
    ]  # fmt: skip
    began = time.perf_counter()
    asked = segment_pb2.CreateSegmentRequest(segment=a_segment_message(where(all=conditions)))
    segment = caller.CreateSegment(asked)
    got = requests_pb2.GetRequest(id=segment.id)
    _await(lambda: caller.GetSegment(got).status == segment_pb2.Segment.READY)
    print(f"rebuild of {people:,} contacts: {time.perf_counter() - began:.1f} s")
    template = caller.CreateTemplate(template_pb2.CreateTemplateRequest(template=a_template_message(html=HTML)))
    message = a_campaign_message(segment_ids=[segment.id], template_id=template.id)
    campaign = caller.CreateCampaign(campaign_pb2.CreateCampaignRequest(campaign=message))
    processor = time.process_time()
    caller.StartCampaign(campaign_pb2.StartCampaignRequest(id=campaign.id))
    over = requests_pb2.GetRequest(id=campaign.id)
    _await(lambda: caller.GetCampaign(over).status == campaign_pb2.Campaign.COMPLETED)
    processor = time.process_time() - processor
    span = {"_id": None, "first": {"$min": "$accept_time"}, "last": {"$max": "$accept_time"}}
    [times] = transaction.database()["deliveries"].aggregate([{"$group": span}])
    seconds = (times["last"] - times["first"]).total_seconds()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    each = processor / people * 1e6
    print(f"hand-over: {people / seconds:,.0f} mails/s, {each:,.0f} µs of CPU per mail in the process, {memory} MB")


def _fill(tenant: str, people: int) -> None:
    members, states = [], []
    for at in range(people):
        address = f"p{at}@people.example"
        key = keyring.address_key(address)
        members.append({
            "_id": new_id("con"), "tenant_id": tenant, "revision": 1, "present": True, "create_time": now(),
            "given_name": f"Ada {at}", "display_name": f"Ada {at} Thorn", "email": address, "address_key": key,
            "email_domain": "people.example", "tags": ["gold" if at % 2 else "silver"], "language_code": "en",
            "order_count": at % 7, "spent": [{"currency_code": "EUR", "units": at % 500, "nanos": 0}],
        })  # fmt: skip
        states.append({
            "_id": f"{tenant}/news/{key}", "tenant_id": tenant, "topic": "news", "address_key": key, "state": "OPTED_IN",
        })  # fmt: skip
    transaction.database()["audience_members"].insert_many(members)
    transaction.database()["consent_states"].insert_many(states)


def _await(reached: Any) -> None:
    while not reached():
        time.sleep(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
