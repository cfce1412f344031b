"""Deliveries: the ledger of what was sent. One row for each recipient of a mail, written before anything is sent."""

from datetime import datetime, timedelta
from typing import Any

from crm.support.v1 import delivery_pb2

from chassis import DateTimeField, IntField, Noun, StringField
from services.support.refusals import DeliveryUnderWay

QUEUED, SENDING, ACCEPTED, DEFERRED, FAILED, BOUNCED, UNKNOWN = (
    "QUEUED", "SENDING", "ACCEPTED", "DEFERRED", "FAILED", "BOUNCED", "UNKNOWN"
)  # fmt: skip

LONGEST_SENDING = timedelta(minutes=5)  # the timeouts of SMTP are shorter, so a longer one is of a process that died
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
_GIVE_UP = timedelta(
    days=3
)  # RFC 5321, 4.5.4.1 asks for 4 to 5 days of a relay; whoever waits for an answer wants to know sooner


class Delivery(Noun):
    """A mail of ours to one recipient."""

    contract = delivery_pb2.Delivery
    meta = {"collection": "deliveries"}
    searched = ("recipient",)
    indexed = (("state",), ("message_id",), ("ticket_id",))

    message_id = StringField()
    ticket_id = StringField()
    recipient = StringField()
    state = StringField()
    attempts = IntField(default=0)
    due_time = DateTimeField()
    sending_time = DateTimeField()
    accepted_time = DateTimeField()
    answer = StringField()

    def due(self, at: datetime) -> bool:
        """To be sent now."""
        return bool(self.state in (QUEUED, DEFERRED) and self.due_time <= at)

    # ---------------------------------------------------------------- verbs

    def begin(self, at: datetime) -> None:
        """Be sent from now on. To be kept before the mail server hears a word."""
        if self.state not in (QUEUED, DEFERRED):
            raise DeliveryUnderWay(delivery=self.id, state=self.state)
        self.state, self.sending_time, self.due_time = SENDING, at, None
        self.attempts += 1

    def accept(self, at: datetime, answer: str) -> None:
        """Be taken over by the mail server."""
        self._end(ACCEPTED, answer)
        self.accepted_time = at

    def defer(self, at: datetime, answer: str, jitter: float) -> None:
        """Be tried again later, each time after twice the time; after three days it has failed. `jitter` is 0 to 1."""
        if at - self.create_time > _GIVE_UP:
            self._end(FAILED, answer)
            return
        self._end(DEFERRED, answer)
        wait = min(_FIRST_WAIT * 2 ** min(self.attempts - 1, 10), _LONGEST_WAIT)
        self.due_time = at + wait * (0.75 + jitter / 2)

    def fail(self, answer: str) -> None:
        """Be refused for good."""
        self._end(FAILED, answer)

    def lose_track(self, answer: str) -> None:
        """Be one of which nobody knows whether it was taken over; nothing sends it again by itself."""
        self._end(UNKNOWN, answer)

    def bounce(self, answer: str) -> None:
        """Come back as undeliverable."""
        self._end(BOUNCED, answer)

    def resend(self, at: datetime) -> None:
        """Be sent again because somebody says so."""
        if self.state not in (FAILED, BOUNCED, UNKNOWN):
            raise DeliveryUnderWay(delivery=self.id, state=self.state)
        self.state, self.due_time, self.accepted_time = QUEUED, at, None

    def _end(self, state: str, answer: str) -> None:
        self.state, self.answer, self.sending_time, self.due_time = state, answer[:1000] or None, None, None


def due(at: datetime, most: int = 100) -> list[tuple[str, str]]:
    """Tenant and id of the deliveries to send now, of every tenant, the longest due first."""
    wanted = {"state": {"$in": [QUEUED, DEFERRED]}, "due_time": {"$lte": at}}
    return _named(Delivery._get_collection().find(wanted, {"tenant_id": 1}).sort("due_time").limit(most))


def forgotten(at: datetime) -> list[tuple[str, str]]:
    """Tenant and id of the deliveries that a process began and that no process can be sending any more."""
    wanted = {"state": SENDING, "sending_time": {"$lte": at - LONGEST_SENDING}}
    return _named(Delivery._get_collection().find(wanted, {"tenant_id": 1}).limit(100))


def prepare() -> None:
    """Make the indexes by which deliveries become due."""
    rows = Delivery._get_collection()
    rows.create_index("due_time", partialFilterExpression={"due_time": {"$exists": True}}, name="due")
    rows.create_index("sending_time", partialFilterExpression={"sending_time": {"$exists": True}}, name="sending")


def _named(rows: Any) -> list[tuple[str, str]]:
    return [(row["tenant_id"], row["_id"]) for row in rows]
