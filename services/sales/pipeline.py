"""Pipelines: the stages that opportunities go through."""

from collections import Counter
from typing import Any, Self

from crm.sales.v1 import pipeline_pb2, stage_pb2

from chassis import BooleanField, Invalid, Noun, Parts, StringField, Violation, acting_as, of_service, principal
from services.sales.refusals import PipelineIsDefault, StageInUse, StageUnknown

OPEN, WON, LOST = "OPEN", "WON", "LOST"

Stage = dict[str, Any]

_STANDARD = (
    ("prospecting", "Prospecting", OPEN, 10),
    ("engaging", "Engaging", OPEN, 30),
    ("proposal", "Proposal", OPEN, 50),
    ("negotiation", "Negotiation", OPEN, 80),
    ("won", "Won", WON, 100),
    ("lost", "Lost", LOST, 0),
)


class Pipeline(Noun):
    """The way that opportunities of one kind go from first talk to close."""

    contract = pipeline_pb2.Pipeline
    meta = {"collection": "pipelines"}
    searched = ("name",)

    name = StringField()
    stages = Parts(stage_pb2.Stage)
    default = BooleanField(default=False)

    @classmethod
    def standard(cls) -> Self:
        """The tenant's default pipeline; laid with the usual stages where the tenant has none."""
        if known := cls.objects(default=True, deleted_time=None).first():
            return known
        # Derived from the tenant's id, so that two who lay it at once meet at one record.
        id = f"pipe_{principal().tenant_id.partition('_')[2]}"
        stages = [dict(zip(("key", "name", "status", "probability"), stage, strict=True)) for stage in _STANDARD]
        # Whoever comes first may open opportunities without being one who may write pipelines.
        with acting_as(of_service("sales", principal().tenant_id)):
            return cls.fresh(id, name="Standard", stages=stages, default=True).enter()

    def stage(self, key: str) -> Stage:
        """The stage with this key. Refused with StageUnknown."""
        for stage in self.stages:
            if stage["key"] == key:
                return stage
        raise StageUnknown(pipeline=self.id, stage=key)

    def first(self, status: str) -> Stage:
        """The first stage that means `status`."""
        return next(stage for stage in self.stages if stage["status"] == status)

    def settle(self) -> None:
        """Stages have keys of their own, and there is one way to win and one to lose."""
        keys = Counter(stage["key"] for stage in self.stages)
        meanings = Counter(stage.get("status") for stage in self.stages)
        faults = [f"the key {key} stands twice" for key, count in keys.items() if count > 1]
        faults += [f"there must be exactly one {status} stage" for status in (WON, LOST) if meanings[status] != 1]
        faults += [] if meanings[OPEN] else ["there must be an OPEN stage"]
        if faults:
            raise Invalid(Violation("pipeline.stages", fault) for fault in faults)
        for stage in self.stages:
            _fit(stage)
        if self._before is not None:
            self._spare({stage["key"]: stage["status"] for stage in self.stages})

    def make_default(self) -> None:
        """Be the pipeline of opportunities that name none."""
        self.default = True
        self.record_standard("Updated", changed_fields=["default"])

    def step_back(self) -> None:
        """Be the default no longer."""
        self.default = False
        self.record_standard("Updated", changed_fields=["default"])

    def remove(self) -> None:
        """Refuse to go while being the default, or while opportunities go through it."""
        if self.default:
            raise PipelineIsDefault(pipeline=self.id)
        self._spare({})
        super().remove()

    def _spare(self, meanings: dict[str, str]) -> None:
        # An opportunity keeps the key of its stage: losing the stage, or what it means, would leave it nowhere.
        from services.sales.opportunity import Opportunity  # here, because opportunities know their pipeline

        for stage in (self._before or {}).get("stages", ()):
            if meanings.get(stage["key"]) != stage["status"]:
                held = Opportunity.objects(pipeline_id=self.id, stage=stage["key"], deleted_time=None).count()
                if held:
                    raise StageInUse(stage=stage["key"], count=held)


def _fit(stage: Stage) -> None:
    if stage["status"] == WON:
        stage.update(probability=100, forecast_category="CLOSED")
    elif stage["status"] == LOST:
        stage.update(probability=0, forecast_category="OMITTED")
    else:
        stage.setdefault("forecast_category", "IN_PIPELINE")
