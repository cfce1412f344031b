"""Reassignments: many records that change hands, each with its event, and that can be given back."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from crm.common.v1 import listing_pb2
from crm.contacts.v1 import reassignment_pb2

from chassis import (
    REVERT,
    RUN,
    VALIDATE,
    BooleanField,
    Invalid,
    Job,
    Part,
    Parts,
    Refusal,
    Step,
    StringField,
    listing,
    principal,
    refer,
    transaction,
)
from services.contacts import handovers
from services.contacts.assignment import NOUNS, Answer, ruled
from services.contacts.routed import Routed
from services.contacts.territory import Territory

BATCH = 200  # records of a transaction

_SAMPLES, _OMISSIONS = 20, 100
_ONE_ANSWER = (
    "is required where there is neither to_team_id nor to_territory_id nor by_territories; there is one way only"
)


class Reassignment(Job):
    """Records of one noun that go to somebody else, or to whom the territories say."""

    contract = reassignment_pb2.Reassignment
    meta = {"collection": "reassignments"}
    indexed = (("to_owner_id",), ("to_team_id",), ("to_territory_id",))
    revertible = True

    noun = StringField()
    filter = Part(listing_pb2.Filter)
    to_owner_id = StringField()
    to_team_id = StringField()
    to_territory_id = StringField()
    by_territories = BooleanField(default=False)
    suppress_workflows = BooleanField(default=False)
    samples = Parts(reassignment_pb2.Reassignment.Handover)
    omissions = Parts(reassignment_pb2.Reassignment.Omission)

    @property
    def subject(self) -> type[Routed]:
        """The noun whose records."""
        return NOUNS[self.noun]

    @property
    def quiet(self) -> bool:
        """Whether workflows are to let its events be."""
        return bool(self.suppress_workflows)

    # ---------------------------------------------------------------- described

    def arrive(self) -> None:
        """Asked for by who may change the records."""
        super().arrive()
        principal().demand(self.subject.about().permission("write"))

    def settle(self) -> None:
        """One answer to whom, and a filter that fits the noun."""
        ways = (self.to_owner_id or self.to_team_id, self.to_territory_id, self.by_territories)
        if len([way for way in ways if way]) != 1:
            raise Invalid.field("reassignment.to_owner_id", _ONE_ANSWER)
        refer(self, "to_territory_id", Territory)
        if self.to_territory_id and not Territory.objects(id=self.to_territory_id, noun=self.noun):
            raise Invalid.field("reassignment.to_territory_id", f"is a territory of another noun than {self.noun}")
        self._matching()

    def try_out(self) -> None:
        """Try it: say what would become of the records."""
        self.demand_described()
        self.queue(VALIDATE)

    def start(self) -> None:
        """Do it."""
        self.demand_described()
        self.queue(RUN)

    def queue(self, task: str) -> None:
        """Do `task`, and tell of it anew."""
        super().queue(task)
        self.omissions = []
        if task != REVERT:
            self.samples = []

    # ---------------------------------------------------------------- done

    def steps(self, reached: Mapping[str, Any]) -> Iterator[Step]:
        """A step per batch of records, in the order in which they were made; backwards on the way back."""
        if not reached:
            total = handovers.count(self.id) if self.task == REVERT else self._count()
            yield Step(lambda job: job.count(total_count=total), {"after": ""})
        if self.task == REVERT:
            for batch in handovers.backwards(self.id):
                yield Step(partial(_give_back, batch), {"after": batch["last"]})
            return
        after = reached.get("after", "")
        while ids := self._next(after):
            after = ids[-1]
            yield Step(partial(_hand_over, ids), {"after": after})

    def omit(self, record_id: str, reason: str) -> None:
        """Tell of a record that stays as it is."""
        if len(self.omissions) < _OMISSIONS:
            self.omissions = [*self.omissions, {"record_id": record_id, "reason": reason}]

    def show(self, row: Mapping[str, Any], becomes: Mapping[str, Any]) -> None:
        """Tell of a record that changes hands."""
        if len(self.samples) < _SAMPLES:
            told = {
                "record_id": row["_id"], "territory_id": becomes["territory_id"],
                **{f"from_{name}": row.get(name) for name in ("owner_id", "team_id")},
                **{f"to_{name}": becomes[name] for name in ("owner_id", "team_id")},
            }  # fmt: skip
            self.samples = [*self.samples, {name: value for name, value in told.items() if value}]

    def answer(self) -> Answer:
        """Who gets a record. Refused with NotFound when the territory is no more."""
        if self.by_territories:
            return ruled(self.noun)
        if self.to_territory_id:
            assigned = Territory.find(self.to_territory_id).assigned
            return lambda row: assigned  # noqa: ARG005  whatever it is
        named = {"owner_id": self.to_owner_id, "team_id": self.to_team_id}
        given = {name: value for name, value in named.items() if value}
        return lambda row: {**given, "territory_id": None}  # noqa: ARG005

    def rows(self, ids: list[str]) -> list[dict[str, Any]]:
        """Those of the records that are still meant, as they are stored."""
        return list(self._records().find({"$and": [self._meant(), {"_id": {"$in": ids}}]}).sort("_id", 1))

    def _count(self) -> int:
        return int(self._records().count_documents(self._meant()))

    def _next(self, after: str) -> list[str]:
        query = {"$and": [self._meant(), {"_id": {"$gt": after}}]}
        return [row["_id"] for row in self._records().find(query, {"_id": 1}).sort("_id", 1).limit(BATCH)]

    def _meant(self) -> dict[str, Any]:
        """The query of those that the user may change; not of those that came after the start, or it might never end."""
        mine = {**self.subject.visible("write"), "deleted_time": None, "create_time": {"$lte": self.start_time}}
        return {"$and": [mine, self._matching()]}

    def _matching(self) -> dict[str, Any]:
        if not self.filter:
            return {}
        given, fields = listing_pb2.Filter(**self.filter), self.subject.caller_fields()
        return listing.query(listing.condition(given, fields, "reassignment.filter"))

    def _records(self) -> Any:
        return self.subject._get_collection()


def _hand_over(ids: list[str], job: Reassignment) -> None:
    answer, changed, counts = job.answer(), [], {"unchanged_count": 0, "refused_count": 0}
    rows = job.rows(ids)
    with transaction.gathering():
        for row in rows:
            record = job.subject._loaded(row)
            try:
                given = record.hand_over(**(answer(record._stored()) or {}))
                if given and job.task == RUN:
                    record.keep()
            except Refusal as refusal:
                job.omit(record.id, refusal.detail)
                counts["refused_count"] += 1
                continue
            if not given:
                counts["unchanged_count"] += 1
                continue
            changed.append(
                {"id": record.id, "before": handovers.whose(row), "after": handovers.whose(record._stored())}
            )
            job.show(row, changed[-1]["after"])
    if job.task == RUN:
        handovers.keep(job, ids[-1], changed)
    job.count(done_count=len(ids), updated_count=len(changed), skipped_count=len(ids) - len(rows), **counts)


def _give_back(batch: dict[str, Any], job: Reassignment) -> None:
    changed = batch["changed"]
    mine = {"_id": {"$in": [each["id"] for each in changed]}, "deleted_time": None, **job.subject.visible("write")}
    rows = {row["_id"]: row for row in job.subject._get_collection().find(mine)}
    given = 0
    with transaction.gathering():
        for each in changed:
            if reason := _kept_by(rows.get(each["id"]), each["after"]):
                job.omit(each["id"], reason)
                continue
            record = job.subject._loaded(rows[each["id"]])
            try:
                record.hand_over(**each["before"])
                record.keep()
                given += 1
            except Refusal as refusal:
                job.omit(each["id"], refusal.detail)
    handovers.undone(batch)
    job.count(done_count=len(changed), updated_count=given, skipped_count=len(changed) - given)


def _kept_by(row: dict[str, Any] | None, after: dict[str, Any]) -> str:
    """Why a record cannot be given back; empty when it can."""
    if row is None:
        return "is deleted, or not yours to change"
    return "" if handovers.whose(row) == after else "was given to somebody else since"
