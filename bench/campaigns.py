"""`python -m bench.campaigns [contacts]`: rebuild of a segment, and hand-over of a campaign to a sink, with the durable ledger.

One campaigns process with its sender, mongod, nats-server and the suite's own sink share the machine. The mail is personal and
tracked, with ten links, 18 kB. Rebuild: five conditions, everybody comes in, the worst case; bare, it is one update of MongoDB.
The campaign goes to one in five; bare, a ready-made mail of the same size goes to the same sink over as many connections.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiosmtplib
from crm.campaigns.v1 import campaign_pb2, segment_pb2, service_pb2, template_pb2
from crm.common.v1 import requests_pb2

from bench import flow
from bench.flow import Flow
from chassis import new_id, now, transaction
from chassis.embedded import Servers, place, running
from chassis.testing import Caller, serving, somebody
from services.campaigns import keyring
from services.campaigns.audience import Account, AudienceMember, Sale
from services.campaigns.chores import Chores
from services.campaigns.groundwork import prepare
from services.campaigns.sender import Sender
from services.campaigns.service import Campaigns
from services.campaigns.settings import CampaignsSettings
from tests.builders.campaigns import a_campaign_message, a_segment_message, a_template_message, where

PEOPLE, SHARE, CONNECTIONS = 100_000, 5, 32
LEAST_REBUILT, LEAST_HANDED_OVER = 10_000.0, 1000.0  # per second: 100,000 contacts in 10 s, and mails
_CHUNK = 10_000
_LINKS = "".join(f'<p>Flower {n} <a href="https://shop.example/{n}">Buy {n}</a></p>\n' for n in range(10))
HTML = "<h1>Dear {{ contact.given_name }}</h1>" + _LINKS + "Lorem ipsum dolor sit amet.<br>\n" * 250
HTML += '<a href="{{ unsubscribe_url }}">No more mails</a>'


def main(people: int) -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), ("campaigns", "contacts", "sales")) as servers,
        _sink() as (port, sink),
        serving(
            service_pb2, Campaigns(), servers.mongo_url("campaigns"), servers.nats_url("campaigns"),
            projections=(AudienceMember, Account, Sale), prepare=prepare, companions=(Chores, Sender),
            settings=CampaignsSettings, tracking_keys={"k1": b"0" * 32}, address_key=b"1" * 16,
            smtp_connections=CONNECTIONS, smtp_url=f"smtp://127.0.0.1:{port}",
        ) as calling_as,
    ):  # fmt: skip
        caller = calling_as(somebody())
        _fill(caller.whom.tenant_id, people)
        flow.tell([_rebuilt(caller, people, servers), _handed_over(caller, people // SHARE, servers, port, sink)])


def _rebuilt(caller: Caller, people: int, servers: Servers) -> Flow:
    conditions = [
        {"field": "language_code", "op": "eq", "value": "en"}, {"field": "tags", "op": "in", "value": ["gold", "silver"]},
        {"field": "order_count", "op": "gte", "value": 0}, {"field": "spent.units", "op": "gte", "value": 0},
        {"not": {"field": "email_domain", "op": "eq", "value": "elsewhere.example"}},
    ]  # fmt: skip
    bare = _update(people)
    watch = flow.Watch(servers)
    _segment(caller, where(all=conditions))
    return watch.flow("segment rebuilt, contact by contact", people, LEAST_REBUILT, bare)


def _update(people: int) -> float:
    members, began = transaction.database()["audience_members"], time.monotonic()
    wanted = {
        "language_code": "en", "tags": {"$in": ["gold", "silver"]}, "order_count": {"$gte": 0},
        "spent.units": {"$gte": 0}, "email_domain": {"$ne": "elsewhere.example"},
    }  # fmt: skip
    changed = members.update_many(wanted, {"$addToSet": {"segment_ids": "seg_bare"}}).modified_count
    seconds = time.monotonic() - began
    if changed != people:
        raise AssertionError(f"{changed} of {people} contacts were changed")
    members.update_many({}, {"$unset": {"segment_ids": ""}})
    return people / seconds


def _handed_over(caller: Caller, people: int, servers: Servers, port: int, sink: int) -> Flow:
    segment_id = _segment(caller, where(field="tags", op="eq", value="chosen"))
    template = caller.CreateTemplate(template_pb2.CreateTemplateRequest(template=a_template_message(html=HTML)))
    message = a_campaign_message(segment_ids=[segment_id], template_id=template.id)
    bare = asyncio.run(_deliver(port, people // 4))
    campaign = caller.CreateCampaign(campaign_pb2.CreateCampaignRequest(campaign=message))
    watch = flow.Watch(servers, sink=sink)
    caller.StartCampaign(campaign_pb2.StartCampaignRequest(id=campaign.id))
    over = requests_pb2.GetRequest(id=campaign.id)
    flow.wait_until(lambda: caller.GetCampaign(over).status == campaign_pb2.Campaign.COMPLETED)
    return watch.flow("campaign mail handed over", people, LEAST_HANDED_OVER, bare)


async def _deliver(port: int, count: int) -> float:
    """Mails per second of a ready-made mail, with no ledger."""
    mail = f"From: a@bench.example\r\nTo: b@bench.example\r\nSubject: Spring\r\n\r\n{HTML}{HTML}".replace(
        "\n", "\r\n"
    ).encode()

    async def carry(number: int) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for at in range(number, count, CONNECTIONS):
                await client.sendmail("a@bench.example", [f"p{at}@people.example"], mail)

    began = time.monotonic()
    await asyncio.gather(*map(carry, range(CONNECTIONS)))
    return count / (time.monotonic() - began)


def _segment(caller: Caller, filter: Any) -> str:
    segment = caller.CreateSegment(segment_pb2.CreateSegmentRequest(segment=a_segment_message(filter)))
    got = requests_pb2.GetRequest(id=segment.id)
    flow.wait_until(lambda: caller.GetSegment(got).status == segment_pb2.Segment.READY)
    return str(segment.id)


def _fill(tenant: str, people: int) -> None:
    members, states = transaction.database()["audience_members"], transaction.database()["consent_states"]
    for first in range(0, people, _CHUNK):
        numbers = range(first, min(people, first + _CHUNK))
        keys = {number: keyring.address_key(f"p{number}@people.example") for number in numbers}
        members.insert_many([_member(tenant, number, key) for number, key in keys.items()])
        states.insert_many([
            {"_id": f"{tenant}/news/{key}", "tenant_id": tenant, "topic": "news", "address_key": key, "state": "OPTED_IN"}
            for key in keys.values()
        ])  # fmt: skip


def _member(tenant: str, number: int, key: str) -> dict[str, Any]:
    return {
        "_id": new_id("con"), "tenant_id": tenant, "revision": 1, "present": True, "create_time": now(),
        "given_name": f"Ada {number}", "display_name": f"Ada {number} Thorn", "email": f"p{number}@people.example",
        "address_key": key, "email_domain": "people.example", "language_code": "en", "order_count": number % 7,
        "tags": ["gold" if number % 2 else "silver", *(["chosen"] if number % SHARE == 0 else [])],
        "spent": [{"currency_code": "EUR", "units": number % 500, "nanos": 0}],
    }  # fmt: skip


@contextmanager
def _sink() -> Iterator[tuple[int, int]]:
    port, page = place.free_port(), place.free_port()
    listens = {"KITH_LISTEN": f"127.0.0.1:{port}", "KITH_METRICS_LISTEN": f"127.0.0.1:{page}"}
    child = subprocess.Popen([sys.executable, "-m", "deploy.local.mail_sink"], env=os.environ | listens)
    try:
        flow.wait_until(lambda: place.answers(port))
        yield port, child.pid
    finally:
        child.terminate()
        child.wait(10)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
