"""Campaigns: a mail to a part of the audience, from draft to end."""

from datetime import datetime

from crm.campaigns.v1 import campaign_pb2, events_pb2

from chassis import (
    BooleanField,
    DateTimeField,
    IntField,
    Invalid,
    ListField,
    Owned,
    Parts,
    StringField,
    Violation,
    now,
    refer,
)
from services.campaigns.refusals import (
    CampaignAlreadyEnded,
    CampaignIncomplete,
    CampaignNotDraft,
    CampaignNotImported,
    CampaignNotPaused,
    CampaignNotRunning,
)
from services.campaigns.segment import Segment
from services.campaigns.template import Template

DRAFT, SCHEDULED, RUNNING, PAUSED = "DRAFT", "SCHEDULED", "RUNNING", "PAUSED"
COMPLETED, CANCELLED = "COMPLETED", "CANCELLED"

# What may still change once a campaign is no draft: what it is called and who looks after it, not what is sent to whom.
_STILL_OPEN = frozenset({"name", "description", "owner_id", "team_id", "external_ids"})

_REFERENCES: tuple[tuple[str, type[Owned]], ...] = (
    ("segment_ids", Segment), ("exclude_segment_ids", Segment), ("template_id", Template), ("arms.template_id", Template),
)  # fmt: skip


class Campaign(Owned):
    """A mail to a part of the audience, and what came of it."""

    contract = campaign_pb2.Campaign
    meta = {"collection": "campaigns"}
    searched = ("name", "description")
    indexed = (("status",), ("segment_ids",), ("exclude_segment_ids",), ("template_id",))

    name = StringField()
    description = StringField()
    topic = StringField()
    segment_ids = ListField(StringField())
    exclude_segment_ids = ListField(StringField())
    template_id = StringField()
    from_name = StringField()
    from_address = StringField()
    reply_to = StringField()
    arms = Parts(campaign_pb2.Campaign.Arm)
    untracked = BooleanField(default=False)
    status = StringField()
    schedule_time = DateTimeField()
    start_time = DateTimeField()
    snapshot_time = DateTimeField()
    end_time = DateTimeField()
    recipient_count = IntField(default=0)
    links = ListField(StringField())

    @property
    def ended(self) -> bool:
        """Completed or cancelled."""
        return self.status in (COMPLETED, CANCELLED)

    @property
    def imported(self) -> bool:
        """Sent elsewhere, and made here as it was when it was over."""
        return self.status == COMPLETED and self.snapshot_time is None

    @property
    def template_ids(self) -> list[str]:
        """The templates that recipients get, each once."""
        mailed = [arm for arm in self.arms if not arm.get("hold_out")]
        ids = [arm.get("template_id") or self.template_id for arm in mailed] if self.arms else [self.template_id]
        return list(dict.fromkeys(id or "" for id in ids))

    # ---------------------------------------------------------------- verbs

    def schedule(self, at: datetime, links: list[str], present: datetime) -> None:
        """Start by itself at a time to come."""
        self._demand_draft()
        if at <= present:
            raise Invalid.field("schedule_time", "is not in the future")
        self.status, self.schedule_time, self.links = SCHEDULED, at, links
        self.record(events_pb2.CampaignScheduled(campaign=self.message()))

    def start(self, at: datetime, links: list[str]) -> None:
        """Freeze the audience and hand mails over. `links` are those of its templates."""
        if self.status not in (DRAFT, SCHEDULED):
            raise CampaignNotDraft(campaign=self.id, status=self.status)
        self.status, self.start_time, self.links = RUNNING, at, links
        self.record(events_pb2.CampaignStarted(campaign=self.message()))

    def pause(self) -> None:
        """Stop for now."""
        if self.status != RUNNING:
            raise CampaignNotRunning(campaign=self.id, status=self.status)
        self.status = PAUSED
        self.record(events_pb2.CampaignPaused(campaign=self.message()))

    def resume(self) -> None:
        """Go on."""
        if self.status != PAUSED:
            raise CampaignNotPaused(campaign=self.id, status=self.status)
        self.status = RUNNING
        self.record(events_pb2.CampaignResumed(campaign=self.message()))

    def take_up(self) -> None:
        """Hand chosen mails over again; one that was completed runs once more."""
        if self.status not in (RUNNING, COMPLETED):
            raise CampaignNotRunning(campaign=self.id, status=self.status)
        if self.status == COMPLETED:
            self.status, self.end_time = RUNNING, None
            self.record(events_pb2.CampaignResumed(campaign=self.message()))

    def cancel(self, at: datetime) -> None:
        """Call it off; what was handed over stays so."""
        if self.ended:
            raise CampaignAlreadyEnded(campaign=self.id, status=self.status)
        self.status, self.end_time = CANCELLED, at
        self.record(events_pb2.CampaignCancelled(campaign=self.message()))

    def freeze(self, recipients: int, at: datetime) -> None:
        """The audience is in the ledger."""
        self.recipient_count, self.snapshot_time = recipients, at

    def complete(self, at: datetime) -> None:
        """No mail is left to hand over."""
        if self.status != RUNNING:
            raise CampaignNotRunning(campaign=self.id, status=self.status)
        self.status, self.end_time = COMPLETED, at
        self.record(events_pb2.CampaignCompleted(campaign=self.message()))

    def take_results(self, new: int) -> None:
        """Have the results of so many more contacts."""
        if new:
            self.recipient_count += new
            self.record_standard("Updated", changed_fields=["recipient_count"])

    def demand_imported(self) -> None:
        """Refused with CampaignNotImported where results come about here."""
        if not self.imported:
            raise CampaignNotImported(campaign=self.id)

    def demand_whole(self) -> None:
        """Refused with CampaignIncomplete where it does not say what to send to whom."""
        if not self.segment_ids:
            raise CampaignIncomplete(campaign=self.id, lack="it names no segment")
        if "" in self.template_ids:
            raise CampaignIncomplete(campaign=self.id, lack="it names no template")

    # ---------------------------------------------------------------- what a new one has, what follows

    def arrive(self) -> None:
        """A new campaign is a draft, or over when it was sent elsewhere."""
        super().arrive()
        self.status = self.status or DRAFT
        if self.status not in (DRAFT, COMPLETED):
            raise Invalid.field("campaign.status", "is DRAFT, or COMPLETED where it was sent elsewhere")
        if self.status == COMPLETED:
            self.start_time = self.start_time or self.end_time or now()
            self.end_time = self.end_time or self.start_time
            if self.end_time < self.start_time:
                raise Invalid.field("campaign.end_time", "is before it started")
        elif self.start_time or self.end_time:
            raise Invalid.field("campaign.start_time", "is only for campaigns that were sent elsewhere")

    def arrived(self) -> None:
        """One that comes completed tells of its end, too."""
        if self.status == COMPLETED:
            self.record(events_pb2.CampaignCompleted(campaign=self.message()))

    def settle(self) -> None:
        """Arms with names of their own, one of them mailed, nothing rewritten once it is no draft, and what it names is there."""
        keys = [arm["key"] for arm in self.arms]
        if twice := [at for at, key in enumerate(keys) if key in keys[:at]]:
            raise Invalid(Violation(f"campaign.arms[{at}].key", "is given twice") for at in twice)
        if self.arms and all(arm.get("hold_out") for arm in self.arms):
            raise Invalid.field("campaign.arms", "are all held out")
        if self._before and self.status != DRAFT and not self._changed() <= _STILL_OPEN:
            raise CampaignNotDraft(campaign=self.id, status=self.status)
        for field, noun in _REFERENCES:
            refer(self, field, noun)

    def remove(self) -> None:
        """Refused with CampaignNotDraft while mails may go out."""
        if self.status in (SCHEDULED, RUNNING, PAUSED):
            raise CampaignNotDraft(campaign=self.id, status=self.status)
        super().remove()

    def _changed(self) -> set[str]:
        before = self._before or {}
        return {name for name in self.about().changeable if (getattr(self, name) or None) != (before.get(name) or None)}

    def _demand_draft(self) -> None:
        if self.status != DRAFT:
            raise CampaignNotDraft(campaign=self.id, status=self.status)
