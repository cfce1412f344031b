"""What recipients do with a mail: links followed, pixels loaded, and the way out.

Every hit is kept, with its verdict; the ledger's line says whether there was any, and any of a person's. A click is announced
only after a few seconds, for a verdict may be taken back until then.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from crm.campaigns.v1 import events_pb2, public_pb2
from pymongo.database import Database

from chassis import acting_as, announce, network, new_id, now, of_service, transaction
from services.campaigns import keyring, ledger, standing
from services.campaigns.audience import AudienceMember, Row
from services.campaigns.consent import Consent, Suppression
from services.campaigns.gate import OPTED_OUT, UNSUBSCRIBED
from services.campaigns.membership import follow
from services.campaigns.refusals import TokenUnknown
from services.campaigns.verdict import BOT, HUMAN, Hit, burst, verdict

SETTLED = timedelta(seconds=5)  # after which a verdict is not taken back any more
_LATEST = 50  # hits of a mail that are looked at again


def prepare(database: Database) -> None:
    """Make the indexes that hits are found by."""
    hits = database["engagements"]
    hits.create_index([("tenant_id", 1), ("contact_id", 1)])
    hits.create_index([("delivery_id", 1), ("time", -1)])
    hits.create_index([("time", 1)], name="untold", partialFilterExpression={"told": False})


def follow_link(token: str, visit: public_pb2.Visit) -> str:
    """Note that a link was followed; where it leads. Refused with TokenUnknown."""
    line, index = _line(token, keyring.CLICK)
    campaign = transaction.database()["campaigns"].find_one({"_id": line["campaign_id"]}, {"links": 1}) or {}
    links = campaign.get("links") or []
    if index >= len(links):
        raise TokenUnknown
    hit = Hit(index, now(), visit.method, visit.user_agent, visit.purpose)
    newest = _hits().find({"delivery_id": line["_id"], "kind": "CLICK"}).sort("time", -1).limit(_LATEST)
    before = [(row["_id"], Hit(row["link"], row["time"])) for row in newest]
    said, reasons = verdict(hit, line.get("accept_time"), [each for _, each in before])
    _keep(line, "CLICK", visit, hit.time, link=index, url=links[index], verdict=said, reasons=reasons, told=said == BOT)
    if "burst" in reasons:
        together = burst(hit, [each for _, each in before])
        _take_back([id for id, each in before if each in together])
    person = _hits().find_one({"delivery_id": line["_id"], "kind": "CLICK", "verdict": HUMAN}, {"_id": 1})
    flags = {"clicked_raw": True, "clicked": person is not None, "opened": True}
    ledger.lines().update_one({"_id": line["_id"]}, {"$set": flags})
    return str(links[index])


def open_mail(token: str, visit: public_pb2.Visit) -> None:
    """Note that a pixel was loaded. Refused with TokenUnknown."""
    line, _ = _line(token, keyring.OPEN)
    if not line.get("opened"):
        _keep(line, "OPEN", visit, now())
        ledger.lines().update_one({"_id": line["_id"]}, {"$set": {"opened": True}})


def describe(token: str) -> public_pb2.DescribeUnsubscribeResponse:
    """Whose link out it is. Refused with TokenUnknown."""
    line, campaign, member = _way_out(token)
    key = member.get("address_key") or line.get("address_key", "")
    yes, _ = standing.sendable(line["tenant_id"], campaign["topic"], [key])
    done = key not in yes
    return public_pb2.DescribeUnsubscribeResponse(
        masked_address=masked(member.get("email") or ""), topic=campaign["topic"], done=done
    )


def unsubscribe(token: str, everything: bool, visit: public_pb2.Visit) -> str:
    """Take an address out of the mail's topic, or of all; the topic. Repeating it changes nothing. Refused with TokenUnknown."""
    line, campaign, member = _way_out(token)
    topic = "" if everything else campaign["topic"]
    with acting_as(of_service("campaigns", line["tenant_id"])):
        key = member.get("address_key") or line.get("address_key", "")
        if everything:
            Suppression.of(key, UNSUBSCRIBED, f"by the link of {line['_id']}")
            standing.show(key)
        elif member.get("email") and key in standing.sendable(line["tenant_id"], topic, [key])[0]:
            consent = Consent.fresh(
                contact_id=line["contact_id"], address=member["email"], topic=topic, state=OPTED_OUT, source="unsubscribe_link",
                record_id=line["_id"], ip_address=network(visit.ip_address), user_agent=visit.user_agent[:500] or None,
            ).enter()  # fmt: skip
            standing.hold(consent)
        if not line.get("unsubscribed"):
            ledger.lines().update_one({"_id": line["_id"]}, {"$set": {"unsubscribed": True}})
            announce(line["_id"], events_pb2.ContactUnsubscribed(**_who(line, campaign), topic=topic))
    return topic


def tell_clicks(most: int = 200) -> int:
    """Announce people's clicks whose verdict is settled, and count them in the audience; how many. In one transaction."""
    waiting = list(_hits().find({"told": False, "time": {"$lt": now() - SETTLED}}).sort("time", 1).limit(most))
    for row in waiting:
        with acting_as(of_service("campaigns", row["tenant_id"])):
            campaign = transaction.database()["campaigns"].find_one({"_id": row["campaign_id"]}, {"name": 1}) or {}
            told = events_pb2.LinkClicked(
                **_who({**row, "_id": row["delivery_id"]}, campaign), url=row["url"], click_time=row["time"]
            )
            announce(row["delivery_id"], told)
            counted = {"$inc": {"click_count": 1}, "$max": {"last_click_time": row["time"]}}
            AudienceMember.rows().update_one({"_id": row["contact_id"]}, counted)
            follow([row["contact_id"]])
    _hits().update_many({"_id": {"$in": [row["_id"] for row in waiting]}}, {"$set": {"told": True}})
    return len(waiting)


def instant(timestamp: Any) -> datetime:
    """A protobuf Timestamp as records keep it."""
    at: datetime = timestamp.ToDatetime(tzinfo=UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def masked(address: str) -> str:
    """An address as its owner knows it and nobody else: `a…a@example.com`."""
    local, _, domain = address.rpartition("@")
    return f"{local[0]}…{local[-1]}@{domain}" if len(local) > 1 else f"…@{domain}" if domain else ""


def _line(token: str, kind: str) -> tuple[Row, int]:
    bare, index = keyring.read(token, kind)
    line = ledger.lines().find_one({"_id": f"dlv_{bare}"})
    if line is None:
        raise TokenUnknown
    return line, index


def _way_out(token: str) -> tuple[Row, Row, Row]:
    line, _ = _line(token, keyring.OUT)
    campaign = transaction.database()["campaigns"].find_one({"_id": line["campaign_id"]})
    if campaign is None:
        raise TokenUnknown
    member = AudienceMember.rows().find_one({"_id": line["contact_id"], "tenant_id": line["tenant_id"]})
    return line, campaign, member or {}


def _keep(line: Row, kind: str, visit: public_pb2.Visit, at: datetime, **more: Any) -> None:
    row = {
        "_id": new_id("eng"), "tenant_id": line["tenant_id"], "delivery_id": line["_id"], "campaign_id": line["campaign_id"],
        "contact_id": line["contact_id"], "kind": kind, "time": at, "network": network(visit.ip_address),
        "user_agent": visit.user_agent[:500],
    }  # fmt: skip
    _hits().insert_one(row | more)


def _take_back(ids: list[str]) -> None:
    change = {"$set": {"verdict": BOT, "told": True}, "$addToSet": {"reasons": "burst"}}
    _hits().update_many({"_id": {"$in": ids}, "verdict": HUMAN}, change)


def _who(line: Row, campaign: Row) -> dict[str, str]:
    return {
        "campaign_id": line["campaign_id"], "campaign_name": campaign.get("name", ""), "contact_id": line["contact_id"],
        "delivery_id": line["_id"],
    }  # fmt: skip


def _hits() -> Any:
    return transaction.database()["engagements"]
