"""What came of a campaign: counts of people, arm by arm, computed in MongoDB, and the arms compared with what was held out."""

import math
from collections.abc import Iterable
from statistics import NormalDist
from typing import Any

from crm.campaigns.v1 import campaign_pb2
from pymongo import UpdateOne

from chassis import transaction
from services.campaigns import ledger
from services.campaigns.audience import Row
from services.campaigns.campaign import Campaign
from services.campaigns.money import sums

_STATES = {
    "open": ledger.OPEN, "accepted": (ledger.ACCEPTED,), "bounced": (ledger.BOUNCED,), "failed": (ledger.FAILED,),
    "skipped": (ledger.SKIPPED, ledger.WITHDRAWN), "unknown": (ledger.UNKNOWN,), "held_out": (ledger.HELD_OUT,),
}  # fmt: skip
_FLAGS = ("opened", "clicked", "clicked_raw", "unsubscribed", "visited", "converted")


def report(campaign: Campaign) -> campaign_pb2.CampaignReport:
    """The figures of all arms together, of each arm, and the comparisons."""
    found = {row["_id"]: _figures(row) for row in ledger.lines().aggregate(_counting(campaign))}
    for row in ledger.lines().aggregate(_summing(campaign)):
        found[row["_id"]["arm"]].setdefault("spent", []).append({**row["_id"], **row})
    keys = [arm["key"] for arm in campaign.arms] or [""]
    arms = [_message(key, found.get(key, {})) for key in keys]
    held_out = [arm["key"] for arm in campaign.arms if arm.get("hold_out")]
    total = {name: sum(getattr(arm, name) for arm in arms) for name in ("recipients", *_STATES, *_FLAGS)}
    total["spent"] = sums(_amount(each) for arm in found.values() for each in arm.get("spent", ()))
    return campaign_pb2.CampaignReport(
        campaign_id=campaign.id, total=total, arms=arms, comparisons=comparisons(arms, held_out)
    )


def record(campaign: Campaign, responses: Iterable[campaign_pb2.RecordResponsesRequest.Response]) -> int:
    """Note what recipients did outside of the mail; how many of them are in the audience."""
    writes = []
    for each in responses:
        change: Row = {"$set": {"visited": True} | ({"converted": True} if each.converted else {})}
        if each.HasField("spent"):
            amount = {"currency_code": each.spent.currency_code, "units": each.spent.units, "nanos": each.spent.nanos}
            change["$push"] = {"spent": {"$each": [amount], "$slice": -1000}}
        mine = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "contact_id": each.contact_id}
        writes.append(UpdateOne(mine, change))
    return transaction.database()["deliveries"].bulk_write(writes, ordered=False).matched_count


def comparisons(arms: Iterable[Any], held_out: Iterable[str]) -> list[dict[str, Any]]:
    """Each mailed arm against each held-out one, by people who visited and by people who converted."""
    by_key = {arm.arm: arm for arm in arms}
    controls = [by_key[key] for key in held_out]
    found = []
    for measure in ("visited", "converted"):
        rows = [
            compare(arm, control, measure)
            for arm in by_key.values()
            for control in controls
            if arm.arm not in held_out and arm.recipients and control.recipients
        ]
        for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
            found.append(row | {"p": p})
    return found


def compare(arm: Any, control: Any, measure: str) -> dict[str, Any]:
    """The pooled two-proportion z-test of one measure, with the difference's 95 % interval (Wald, unpooled)."""
    n, m = arm.recipients, control.recipients
    p, q = getattr(arm, measure) / n, getattr(control, measure) / m
    pooled = (p * n + q * m) / (n + m)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = (p - q) / error if error else 0.0
    half = NormalDist().inv_cdf(0.975) * math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    return {
        "arm": arm.arm, "control": control.arm, "measure": measure, "share": p, "control_share": q, "difference": p - q,
        "lower": p - q - half, "upper": p - q + half, "lift": (p - q) / q if q else 0.0, "z": z,
        "p": math.erfc(abs(z) / math.sqrt(2)),
    }  # fmt: skip


def holm(ps: list[float]) -> list[float]:
    """P-values corrected for being several (Holm 1979), in the order given."""
    corrected, greatest = [0.0] * len(ps), 0.0
    for rank, at in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        greatest = max(greatest, min(1.0, ps[at] * (len(ps) - rank)))
        corrected[at] = greatest
    return corrected


def _counting(campaign: Campaign) -> list[Row]:
    counts = {name: {"$sum": {"$cond": [{"$in": ["$state", list(states)]}, 1, 0]}} for name, states in _STATES.items()}
    flags = {name: {"$sum": {"$cond": [{"$eq": [f"${name}", True]}, 1, 0]}} for name in _FLAGS}
    mine = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    return [{"$match": mine}, {"$group": {"_id": "$arm", "recipients": {"$sum": 1}, **counts, **flags}}]


def _summing(campaign: Campaign) -> list[Row]:
    # Units and nanos are summed apart, so that no amount passes through a binary fraction.
    amount = {"arm": "$arm", "currency_code": "$spent.currency_code"}
    both = {name: {"$sum": {"$toLong": f"$spent.{name}"}} for name in ("units", "nanos")}
    mine = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "spent": {"$exists": True}}
    return [{"$match": mine}, {"$unwind": "$spent"}, {"$group": {"_id": amount, **both}}]


def _figures(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "_id"}


def _message(key: str, found: Row) -> campaign_pb2.CampaignReport.Figures:
    spent = sums(_amount(each) for each in found.get("spent", ()))
    return campaign_pb2.CampaignReport.Figures(**{**found, "arm": key, "spent": spent})


def _amount(row: Row) -> Row:
    return {name: row[name] for name in ("currency_code", "units", "nanos")}
