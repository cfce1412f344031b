"""Erasures: a person asked to be forgotten, every service does so, and their answers are the receipt.

The state of the saga is the record: a step for each service, done when it has answered. Each service works on its own step until
it succeeds, so nothing is undone and nothing runs twice; a deadline that passes raises an alarm.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self

from crm.common.v1 import erasure_pb2 as common
from crm.contacts.v1 import erasure_pb2, events_pb2

from chassis import DateTimeField, ListField, Noun, Parts, StringField, mirror, now
from services.contacts import forgotten
from services.contacts.merge import Merge
from services.contacts.person import demand_everybody, emails_of, found, ids_of, phones_of, shared

RUNNING, DONE = "RUNNING", "DONE"
SERVICES = ("campaigns", "contacts", "sales", "support")
DEADLINE = timedelta(hours=1)


class Erasure(Noun):
    """A person is to be forgotten. It names nobody: the contact's id leads nowhere once it is done."""

    contract = erasure_pb2.Erasure
    meta = {"collection": "erasures"}
    searched = ("reason",)
    indexed = (("state",), ("contact_ids",))

    reason = StringField()
    contact_ids = ListField(StringField())
    state = StringField()
    steps = Parts(erasure_pb2.Erasure.Step)
    deadline_time = DateTimeField()
    finish_time = DateTimeField()

    @classmethod
    def asked(cls, message: erasure_pb2.Erasure) -> Self:
        """The erasure that a client asks for. Refused with Invalid, NotFound, Forbidden."""
        demand_everybody(cls)
        rows = found(message, "erasure", "delete")  # deleted contacts, too: they could be restored
        erasure = cls.fresh(
            reason=message.reason or None, contact_ids=[row["_id"] for row in rows], state=RUNNING,
            steps=[{"service": service} for service in SERVICES], deadline_time=now() + DEADLINE,
            external_ids=mirror.stored(message).get("external_ids", []),
        )  # fmt: skip
        requested = _requested(erasure.id, rows, message.email)
        forgotten.note(requested.emails, requested.phones)
        erasure.record(requested)
        return erasure.enter()

    def answer(self, service: str, erased: Iterable[common.ErasedRecords], at: datetime) -> None:
        """Note that a service has forgotten the person; the last one ends the erasure."""
        told = [mirror.stored(each) for each in erased]
        self.steps = [
            {"service": service, "finish_time": at, "erased": told}
            if step["service"] == service and not step.get("finish_time")
            else step
            for step in self.steps
        ]
        if self.state == RUNNING and all(step.get("finish_time") for step in self.steps):
            self.state, self.finish_time = DONE, at
            self.record_standard("Finished")

    def delay(self, at: datetime) -> None:
        """Raise the alarm that a service has not answered in time, and wait for another hour."""
        if self.state == RUNNING and self.deadline_time <= at:
            self.deadline_time = at + DEADLINE
            self.record_standard("Delayed")


def _requested(id: str, rows: list[dict[str, Any]], email: str) -> events_pb2.ErasureRequested:
    # A given name alone is anybody's: what is looked for is the whole name. It may have had others before it was merged.
    ever = [*rows, *Merge.earlier(rows)]
    names = {row["display_name"] for row in ever if row.get("given_name") and row.get("family_name")}
    ids, emails, phones = ids_of(rows), emails_of(ever, email), phones_of(ever)
    others = shared(emails, phones, ids) - {email}
    return events_pb2.ErasureRequested(
        erasure_id=id, contact_ids=ids, names=sorted(names),
        emails=[each for each in emails if each not in others], phones=[each for each in phones if each not in others],
    )  # fmt: skip
