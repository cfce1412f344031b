"""The delivery ledger: one line per campaign and contact, and every step of handing a mail over.

A line is QUEUED, then LEASED to one sender, then SENDING — which is durable before the mail's first byte goes out — and then
what became of it. After a crash a LEASED line is queued again, since nothing was sent; a SENDING line becomes UNKNOWN and is
never sent again by itself. So nothing is handed over twice, and nothing is lost without a word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel, UpdateMany, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from chassis import new_id, now, transaction

Row = dict[str, Any]

QUEUED, LEASED, SENDING, DEFERRED = "QUEUED", "LEASED", "SENDING", "DEFERRED"
ACCEPTED, BOUNCED, FAILED, SKIPPED = "ACCEPTED", "BOUNCED", "FAILED", "SKIPPED"
UNKNOWN, HELD_OUT, WITHDRAWN = "UNKNOWN", "HELD_OUT", "WITHDRAWN"
OPEN = (QUEUED, LEASED, SENDING, DEFERRED)

LEASE, SENDING_LEASE = timedelta(seconds=60), timedelta(seconds=180)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))


@dataclass(frozen=True)
class Outcome:
    """What became of one mail."""

    delivery_id: str
    state: str
    reason: str = ""
    smtp_reply: str = ""
    next_time: datetime | None = None


@dataclass
class Turn:
    """What several connections tell and ask at once: outcomes of mails, and lines whose mails are about to go out."""

    outcomes: list[Outcome] = field(default_factory=list)
    begins: list[str] = field(default_factory=list)


def lines() -> Collection[Row]:
    """The stored lines."""
    return transaction.database()["deliveries"]


def prepare(database: Database) -> None:
    """Make the indexes that lines are found by."""
    open_states = {"state": {"$in": list(OPEN)}}
    database["deliveries"].create_indexes(
        [
            _index("recipient", "tenant_id", "campaign_id", "contact_id", unique=True),
            _index("state", "tenant_id", "campaign_id", "state", "_id"),
            # One mail per mailbox and campaign, also where two contacts share it.
            _index(
                "mailbox",
                "tenant_id",
                "campaign_id",
                "address_key",
                unique=True,
                where={"address_key": {"$exists": True}},
            ),
            _index("lapse", "lease_until", where=open_states),
            _index("untold", "campaign_id", "told", where={"told": False}),
            _index("person", "tenant_id", "contact_id", "_id"),
        ]
    )


def line(tenant_id: str, campaign_id: str, contact_id: str, at: datetime, **fields: Any) -> Row:
    """A new line."""
    return {
        "_id": new_id("dlv"), "tenant_id": tenant_id, "revision": 1, "create_time": at, "campaign_id": campaign_id,
        "contact_id": contact_id, "attempt": 0, "state_time": at,
    } | fields  # fmt: skip


def lease(campaign: Row, holder: str, most: int) -> list[Row]:
    """Take up to `most` waiting lines of a campaign for `holder`."""
    at, mine = now(), {"tenant_id": campaign["tenant_id"], "campaign_id": campaign["_id"]}
    waiting = {**mine, "state": QUEUED}
    ids = [row["_id"] for row in lines().find(waiting, {"_id": 1}).sort("_id").limit(most)]
    due = {**mine, "state": DEFERRED, "next_time": {"$lte": at}}
    ids += [row["_id"] for row in lines().find(due, {"_id": 1}).limit(most - len(ids))] if len(ids) < most else []
    if not ids:
        return []
    taken = {"state": LEASED, "holder": holder, "lease_until": at + LEASE, "state_time": at}
    lines().update_many({"_id": {"$in": ids}, "state": {"$in": [QUEUED, DEFERRED]}}, {"$set": taken})
    return list(lines().find({"_id": {"$in": ids}, "state": LEASED, "holder": holder}))


def take_turn(turn: Turn, holder: str) -> set[str]:
    """Write outcomes, and mark lines as SENDING; the ids of those that may go out now.

    A line that was taken back meanwhile, by a pause, a cancel or the end of its lease, is not among them.
    """
    at = now()
    writes: list[Any] = [*_outcomes(turn.outcomes, at)]
    if turn.begins:
        begun = {"state": SENDING, "state_time": at, "lease_until": at + SENDING_LEASE}
        held = {"_id": {"$in": turn.begins}, "state": LEASED, "holder": holder, "lease_until": {"$gt": at}}
        writes.append(UpdateMany(held, {"$set": begun, "$inc": {"attempt": 1, "revision": 1}}))
    if not writes:
        return set()
    result = lines().bulk_write(writes, ordered=True)
    if not turn.begins:
        return set()
    if result.matched_count == len(turn.outcomes) + len(turn.begins):
        return set(turn.begins)
    mine = {"_id": {"$in": turn.begins}, "state": SENDING, "holder": holder, "state_time": at}
    return {row["_id"] for row in lines().find(mine, {"_id": 1})}


def skip(ids: Sequence[str], reason: str) -> None:
    """Leave leased lines out."""
    if ids:
        change = {"state": SKIPPED, "reason": reason, "state_time": now()}
        lines().update_many({"_id": {"$in": list(ids)}, "state": LEASED}, {"$set": change})


def give_back(query: Row) -> None:
    """Queue leased lines again: nothing of them was sent."""
    change = {"$set": {"state": QUEUED, "state_time": now()}, "$unset": {"holder": "", "lease_until": ""}}
    lines().update_many({**query, "state": LEASED}, change)


def sweep() -> int:
    """See to lines whose sender went away: queue the leased ones again, call the sending ones UNKNOWN; how many of these."""
    at = now()
    give_back({"lease_until": {"$lt": at}})
    lost = {"state": SENDING, "lease_until": {"$lt": at}}
    change = {"state": UNKNOWN, "reason": "sender_gone", "state_time": at}
    return lines().update_many(lost, {"$set": change, "$inc": {"revision": 1}}).modified_count


def withdraw(campaign: Row, most: int = 5000) -> int:
    """Take out waiting lines of a campaign that was called off; how many."""
    mine = {
        "tenant_id": campaign["tenant_id"],
        "campaign_id": campaign["_id"],
        "state": {"$in": [QUEUED, DEFERRED, LEASED]},
    }
    ids = [row["_id"] for row in lines().find(mine, {"_id": 1}).limit(most)]
    change = {"state": WITHDRAWN, "state_time": now()}
    return lines().update_many({**mine, "_id": {"$in": ids}}, {"$set": change}).modified_count if ids else 0


def requeue(campaign: Row, ids: Sequence[str]) -> int:
    """Queue chosen lines again whose fate is unknown or that failed; how many."""
    chosen = {
        "_id": {"$in": list(ids)}, "tenant_id": campaign["tenant_id"], "campaign_id": campaign["_id"],
        "state": {"$in": [UNKNOWN, FAILED]},
    }  # fmt: skip
    change = {"$set": {"state": QUEUED, "state_time": now()}, "$unset": {"reason": "", "smtp_reply": ""}}
    return lines().update_many(chosen, change).modified_count


def open_lines(campaign: Row) -> bool:
    """Whether a mail of the campaign may still be handed over."""
    mine = {"tenant_id": campaign["tenant_id"], "campaign_id": campaign["_id"], "state": {"$in": list(OPEN)}}
    return lines().find_one(mine, {"_id": 1}) is not None


def _outcomes(outcomes: Iterable[Outcome], at: datetime) -> Iterable[Any]:
    accepted = []
    for each in outcomes:
        if each.state == ACCEPTED and not each.smtp_reply:
            accepted.append(each.delivery_id)
            continue
        change: Row = {
            "state": each.state,
            "state_time": at,
            "reason": each.reason,
            "smtp_reply": each.smtp_reply[:500],
        }
        change |= {"next_time": each.next_time} if each.next_time else {}
        yield UpdateOne({"_id": each.delivery_id, "state": SENDING}, {"$set": change, "$inc": {"revision": 1}})
    if accepted:
        change = {"state": ACCEPTED, "state_time": at, "accept_time": at, "told": False}
        yield UpdateMany({"_id": {"$in": accepted}, "state": SENDING}, {"$set": change, "$inc": {"revision": 1}})


def _index(name: str, *keys: str, unique: bool = False, where: Row | None = None) -> IndexModel:
    options: Row = {"partialFilterExpression": where} if where else {}
    return IndexModel([(key, ASCENDING) for key in keys], name=name, unique=unique, **options)
