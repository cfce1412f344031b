"""What came of a campaign that was sent elsewhere: its ledger is brought in, recipient by recipient.

An item says all that is known of a recipient, so telling it again changes nothing. Mails of the past are announced like those
of today, at their own time; addresses are not given up and consents not taken back for what happened then.
"""

from typing import Any

from crm.campaigns.v1 import campaign_pb2
from crm.common.v1 import requests_pb2
from pymongo import InsertOne, UpdateOne

from chassis import Invalid, NotFound, batch, mirror, now
from services.campaigns import deliveries, ledger
from services.campaigns.audience import AudienceMember, Row
from services.campaigns.campaign import Campaign
from services.campaigns.refusals import ArmSettled

_OF_MAILS = ("accept_time", "bounced", "opened", "clicked", "unsubscribed")
_FLAGS = ("opened", "clicked", "unsubscribed", "visited", "converted")


def take(campaign: Campaign, request: campaign_pb2.ImportResultsRequest) -> campaign_pb2.ImportResultsResponse:
    """Write what the items tell; a result for each. Refused with CampaignNotImported."""
    campaign.demand_imported()
    ids = list({item.contact_id for item in request.items})
    people = {
        row["_id"] for row in AudienceMember.rows().find({"_id": {"$in": ids}, **AudienceMember.present()}, {"_id": 1})
    }
    mine = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "contact_id": {"$in": ids}}
    lines = {row["contact_id"]: row for row in ledger.lines().find(mine)}
    writes: list[Any] = []

    def write(item: Any, result: Any) -> None:
        if item.contact_id not in people:
            raise NotFound(noun="contact", id=item.contact_id)
        told, line = _told(campaign, item), lines.get(item.contact_id)
        result.outcome = _outcome(campaign, line, told)
        if line is None:
            line = ledger.line(campaign.tenant_id, campaign.id, item.contact_id, now()) | _untold(told)
            writes.append(InsertOne(line))
        elif result.outcome == requests_pb2.UPDATED:
            line = line | told | {"revision": line["revision"] + 1}
            writes.append(UpdateOne({"_id": line["_id"]}, {"$set": told, "$inc": {"revision": 1}}))
        lines[item.contact_id] = line
        result.delivery.CopyFrom(deliveries.message(line))

    answer: campaign_pb2.ImportResultsResponse = batch(
        campaign_pb2.ImportResultsResponse(), request.items, write, rpc="ImportResults"
    )
    if writes:
        ledger.lines().bulk_write(writes)
    campaign.take_results(sum(isinstance(each, InsertOne) for each in writes))
    return answer


def _told(campaign: Campaign, item: Any) -> Row:
    """What an item says, as its line keeps it. Refused with Invalid."""
    arm = _arm(campaign, item.arm)
    if any(each.units < 0 or each.nanos < 0 for each in item.spent):
        raise Invalid.field("spent", "is below zero")
    told: Row = {name: getattr(item, name) for name in _FLAGS} | {"arm": item.arm}
    told["opened"] = item.opened or item.clicked
    told["visited"] = item.visited or item.clicked or item.converted
    told["clicked_raw"] = item.clicked
    told["spent"] = [mirror.stored(each) for each in item.spent]
    if arm.get("hold_out"):
        _demand_nothing_sent(item)
        return told | {"state": ledger.HELD_OUT, "state_time": campaign.start_time}
    at = mirror.values(item, ["accept_time"])["accept_time"] or campaign.start_time
    # `judged`: a mail that came back then is held against nobody now.
    back = {"state": ledger.BOUNCED, "judged": True} if item.bounced else {"state": ledger.ACCEPTED}
    return told | back | {"accept_time": at, "state_time": at}


def _arm(campaign: Campaign, key: str) -> Row:
    if not campaign.arms and not key:
        return {}
    arm: Row | None = next((each for each in campaign.arms if each["key"] == key), None)
    if arm is None:
        raise Invalid.field("arm", f"is none of {', '.join(each['key'] for each in campaign.arms) or 'any'}")
    return arm


def _demand_nothing_sent(item: Any) -> None:
    given = [name for name in _OF_MAILS if (item.HasField(name) if name == "accept_time" else getattr(item, name))]
    for name in given:
        raise Invalid.field(name, "is of a mail, and a hold-out gets none")


def _outcome(campaign: Campaign, line: Row | None, told: Row) -> Any:
    if line is None:
        return requests_pb2.CREATED
    if line["arm"] != told["arm"]:
        raise ArmSettled(contact=line["contact_id"], arm=line["arm"], campaign=campaign.id)
    same = all(line.get(name) == value for name, value in told.items())
    return requests_pb2.UNCHANGED if same else requests_pb2.UPDATED


def _untold(told: Row) -> Row:
    # Mails that were handed over are announced by the chores.
    return told | ({"told": False} if told["state"] == ledger.ACCEPTED else {})
