"""Freezes a campaign's audience into its ledger: who is in its segments at the start, each with an arm.

Done in bulk and repeatable: a line that is there already stays as it is, so a snapshot that was interrupted is simply done
again. Which arm a contact gets follows from the ids of campaign and contact alone.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from pymongo.errors import BulkWriteError

from chassis import now
from services.campaigns import ledger
from services.campaigns.audience import AudienceMember, Row
from services.campaigns.campaign import Campaign

CHUNK = 2000
_DUPLICATE_KEY = 11000


def take(campaign: Campaign, go_on: Callable[[], bool]) -> int | None:
    """Write the ledger; how many contacts it has. None when `go_on` said no before the end."""
    wanted: Row = {**AudienceMember.present(), "segment_ids": {"$in": campaign.segment_ids}}
    if campaign.exclude_segment_ids:
        wanted["$nor"] = [{"segment_ids": {"$in": campaign.exclude_segment_ids}}]
    found = AudienceMember.rows().find(wanted, {"email": 1, "address_key": 1}, batch_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        if not go_on():
            return None
        _write(campaign, chunk)
    mine = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    return ledger.lines().count_documents(mine)


def arm_of(arms: list[dict[str, Any]], campaign_id: str, contact_id: str) -> dict[str, Any]:
    """The arm of a contact; an empty one where there are none."""
    if not arms:
        return {}
    weights = [arm.get("weight") or 1 for arm in arms]
    digest = hashlib.sha256(f"{campaign_id}/{contact_id}".encode()).digest()
    point = int.from_bytes(digest[:8]) * sum(weights) >> 64
    for arm, weight in zip(arms, weights, strict=True):
        point -= weight
        if point < 0:
            return arm
    raise AssertionError("a point lies below the sum of the weights")


def _write(campaign: Campaign, members: list[Row]) -> None:
    keys = [member["address_key"] for member in members if member.get("address_key")]
    mine = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "address_key": {"$in": keys}}
    taken = {
        row["address_key"]: row["contact_id"] for row in ledger.lines().find(mine, {"address_key": 1, "contact_id": 1})
    }
    rows = list(_lines(campaign, members, taken, now()))
    try:
        ledger.lines().insert_many(rows, ordered=False)
    except BulkWriteError as fault:
        if any(each["code"] != _DUPLICATE_KEY for each in fault.details["writeErrors"]):
            raise


def _lines(campaign: Campaign, members: list[Row], taken: dict[str, str], at: datetime) -> Iterator[Row]:
    for member in members:
        contact_id, key = member["_id"], member.get("address_key")
        arm = arm_of(campaign.arms, campaign.id, contact_id)
        fields: Row = {"arm": arm.get("key", ""), "state": ledger.QUEUED}
        if arm.get("hold_out"):
            fields["state"] = ledger.HELD_OUT
        elif not member.get("email") or not key:
            fields |= {"state": ledger.SKIPPED, "reason": "no_address"}
        elif taken.setdefault(key, contact_id) != contact_id:
            fields |= {"state": ledger.SKIPPED, "reason": "duplicate_address"}
        else:
            fields["address_key"] = key
        yield ledger.line(campaign.tenant_id, campaign.id, contact_id, at, **fields)
