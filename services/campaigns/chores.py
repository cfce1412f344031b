"""What campaigns do by themselves: start when it is time, freeze audiences, rebuild segments, tell of mails sent, and end.

One process of all that run does them at a time; each step is a transaction of its own, and a step that was interrupted is done
again.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from crm.campaigns.v1 import events_pb2
from pymongo.errors import PyMongoError

from chassis import Lease, Refusal, acting_as, announce, now, of_service, transaction
from services.campaigns import bounce, ledger, membership, readiness, snapshot, visits
from services.campaigns.audience import AudienceMember, Row
from services.campaigns.campaign import CANCELLED, RUNNING, SCHEDULED, Campaign
from services.campaigns.segment import DYNAMIC, PENDING, READY

CADENCE_SECONDS = 0.3
RECOUNT_SECONDS = 5.0  # between two counts of every segment; 100,000 members take a tenth of a second
RECIPIENTS_PER_EVENT = 100
_EVENTS_PER_ROUND = 20
_COUNTED = frozenset({"mail_count", "last_mail_time"})  # what a mail changes of a contact

_log = structlog.get_logger(__name__)


class Chores:
    """A companion of the service's process."""

    def __init__(self, settings: Any) -> None:
        self._seconds = settings.shutdown_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="chores", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(self._seconds)

    def _work(self) -> None:
        lease, counted = Lease(transaction.database(), "campaigns/chores", seconds=20.0), 0.0
        while not self._stopping.wait(CADENCE_SECONDS):
            try:
                if lease.hold():
                    round_of_chores(lambda: not self._stopping.is_set() and lease.hold())
                    if time.monotonic() >= counted + RECOUNT_SECONDS:
                        recount_segments()
                        counted = time.monotonic()
            except PyMongoError as fault:
                _log.warning("the chores wait for the database", error=repr(fault))
        try:
            lease.release()
        except PyMongoError as fault:
            _log.warning("the lease of the chores ends by itself", error=repr(fault))


def round_of_chores(go_on: Callable[[], bool]) -> None:
    """Everything that is due, once."""
    for row in _campaigns({"status": SCHEDULED, "schedule_time": {"$lte": now()}}):
        _each(row, _start)
    for row in _campaigns({"status": RUNNING, "snapshot_time": None}):
        _each(row, lambda tenants: _freeze(tenants, go_on))
    for row in transaction.database()["segments"].find({"status": PENDING, "deleted_time": None}):
        _each(row, lambda segment: membership.rebuild(segment, go_on))
    ledger.sweep()
    for row in _campaigns({"status": CANCELLED}):
        ledger.withdraw(row)
    for row in _campaigns({"status": {"$in": [RUNNING, "PAUSED", CANCELLED, "COMPLETED"]}}):
        _tell_sent(row, go_on)
    while go_on() and transaction.run(visits.tell_clicks):
        pass
    for row in _campaigns({"status": RUNNING, "snapshot_time": {"$ne": None}}):
        if not ledger.open_lines(row):
            _each(row, _complete)


def recount_segments() -> None:
    """Every segment that follows a filter says how many are in it."""
    following = {"status": READY, "kind": DYNAMIC, "deleted_time": None}
    for row in transaction.database()["segments"].find(following):
        _each(row, membership.recount)


def _campaigns(query: Row) -> list[Row]:
    return list(transaction.database()["campaigns"].find({**query, "deleted_time": None}))


def _each(row: Row, chore: Callable[[Row], Any]) -> None:
    """Do a chore for a record's tenant. What is refused now, because somebody moved the record meanwhile, is looked at again."""
    with acting_as(of_service("campaigns", row["tenant_id"])):
        try:
            chore(row)
        except Refusal as refusal:
            _log.warning("a chore was refused", record=row["_id"], refusal=refusal.reason(), detail=refusal.detail)


def _start(row: Row) -> None:
    transaction.run(lambda: _change(row["_id"], lambda campaign: campaign.start(now(), readiness.freeze(campaign))))


def _freeze(row: Row, go_on: Callable[[], bool]) -> None:
    recipients = snapshot.take(Campaign.find(row["_id"]), go_on)
    if recipients is not None:
        transaction.run(lambda: _change(row["_id"], lambda campaign: campaign.freeze(recipients, now())))


def _complete(row: Row) -> None:
    transaction.run(lambda: _change(row["_id"], lambda campaign: campaign.complete(now())))


def _change(id: str, verb: Callable[[Campaign], None]) -> None:
    campaign = Campaign.find(id, "write")
    verb(campaign)
    campaign.keep()


def _tell_sent(campaign: Row, go_on: Callable[[], bool]) -> None:
    """Announce mails that were handed over, and give up addresses that were refused."""
    with acting_as(of_service("campaigns", campaign["tenant_id"])):
        for _ in range(_EVENTS_PER_ROUND):
            if not go_on() or not transaction.run(lambda: _tell_some(campaign)):
                break
        refused = {
            "tenant_id": campaign["tenant_id"],
            "campaign_id": campaign["_id"],
            "state": ledger.BOUNCED,
            "judged": None,
        }
        for line in ledger.lines().find({**refused, "returned": None}).limit(500):
            transaction.run(partial(_judge, line))


def _judge(line: Row) -> None:
    bounce.refused(line)
    ledger.lines().update_one({"_id": line["_id"]}, {"$set": {"judged": True}})


def _tell_some(campaign: Row) -> int:
    sent = list(ledger.lines().find({"campaign_id": campaign["_id"], "told": False}).limit(RECIPIENTS_PER_EVENT))
    if not sent:
        return 0
    people = [line["contact_id"] for line in sent]
    at = max(line["accept_time"] for line in sent)
    told = events_pb2.CampaignMailSent(
        campaign_id=campaign["_id"], campaign_name=campaign["name"], contact_ids=people, send_time=at
    )
    announce(sent[0]["_id"], told)
    counted = {"$inc": {"mail_count": 1}, "$max": {"last_mail_time": at}}
    AudienceMember.rows().update_many({"_id": {"$in": people}}, counted)
    membership.follow(people, _COUNTED)
    ledger.lines().update_many({"_id": {"$in": [line["_id"] for line in sent]}}, {"$set": {"told": True}})
    return len(sent)
