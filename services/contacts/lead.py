"""Leads: somebody who may become a customer, from first notice to conversion."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from crm.common.v1 import address_pb2, money_pb2
from crm.contacts.v1 import events_pb2, lead_pb2

from chassis import IntField, Invalid, Part, StringField, merging
from services.contacts import postal, telephones
from services.contacts.association_label import BOTH_ENDS
from services.contacts.channels import normal_address, normal_language, tagged
from services.contacts.named import SEARCHED, Named
from services.contacts.names import Name
from services.contacts.refusals import (
    LeadAlreadyConverted,
    LeadAlreadyQualified,
    LeadAlreadyUnqualified,
    LeadNotUnqualified,
    LeadNotWorkable,
    LeadUnqualified,
)

NEW, WORKING, QUALIFIED, UNQUALIFIED, CONVERTED = "NEW", "WORKING", "QUALIFIED", "UNQUALIFIED", "CONVERTED"

# What may still change once a lead is converted: who looks after the record and what is noted on it. The rest is the
# evidence of what the account and the contact were made from.
_STILL_OPEN = frozenset({"owner_id", "team_id", "external_ids", "description", "tags"})


class Lead(Named):
    """Somebody who may become a customer: not yet qualified, not yet a contact."""

    contract = lead_pb2.Lead
    meta = {"collection": "leads"}
    searched = (*SEARCHED, "company_name", "email", "phone")
    indexed = (("status",), ("email",), ("source",), ("campaign_id",), ("territory_id",), ("duplicate_keys",),
               ("conversion.account_id",), ("conversion.contact_id",))  # fmt: skip
    children = (merging.Reference("attachments", "record_id"), BOTH_ENDS)

    company_name = StringField()
    email = StringField()
    phone = StringField()
    phone_raw = StringField()
    address = Part(address_pb2.PostalAddress)
    region = StringField()
    industry = StringField()
    employee_count = IntField()
    website = StringField()
    source = StringField()
    campaign_id = StringField()
    estimated_value = Part(money_pb2.Money)
    status = StringField()
    disqualify_reason = StringField()
    conversion = Part(lead_pb2.Lead.Conversion)

    @property
    def converted(self) -> bool:
        """Became what it could become."""
        return self.status == CONVERTED

    @property
    def person(self) -> str:
        """The name to show; empty where nobody is named."""
        return Name.of(self).shown

    @property
    def title(self) -> str:
        """What to call it: the company, else the person, else the e-mail address."""
        return self.company_name or self.person or self.email or ""

    @classmethod
    def called(cls, row: dict[str, Any]) -> str:
        """The company, else the person, else the e-mail address."""
        return cls._from_son(row).title

    # ---------------------------------------------------------------- verbs

    def work(self) -> None:
        """Note that somebody is in touch with a new lead."""
        self._demand_unconverted()
        if self.status != NEW:
            raise LeadNotWorkable(lead=self.id, status=self.status)
        self.status = WORKING
        self.record(events_pb2.LeadWorked(lead=self.message()))

    def qualify(self) -> None:
        """Note that the lead is fit for a sale; a disqualified one is reopened first."""
        self.demand_convertible()
        if self.status == QUALIFIED:
            raise LeadAlreadyQualified(lead=self.id)
        self.status = QUALIFIED
        self.record(events_pb2.LeadQualified(lead=self.message()))

    def disqualify(self, reason: str) -> None:
        """Note that the lead is not fit for a sale, and why."""
        self._demand_unconverted()
        if self.status == UNQUALIFIED:
            raise LeadAlreadyUnqualified(lead=self.id)
        self.status, self.disqualify_reason = UNQUALIFIED, reason
        self.record(events_pb2.LeadDisqualified(lead=self.message()))

    def reopen(self) -> None:
        """Take a disqualified lead up again."""
        if self.status != UNQUALIFIED:
            raise LeadNotUnqualified(lead=self.id, status=self.status)
        self.status, self.disqualify_reason = WORKING, None
        self.record(events_pb2.LeadReopened(lead=self.message()))

    def convert(self, became: Mapping[str, str], at: datetime, **names: str) -> None:
        """Become the account, contact and opportunity that `became` has the ids of, under their field names; final.

        `names` are those that the event tells: `opportunity_name` and `account_name`.
        """
        self.demand_convertible()
        self.status = CONVERTED
        self.conversion = {field: id for field, id in became.items() if id} | {"convert_time": at}
        self.record(events_pb2.LeadConverted(lead=self.message(), **names))

    def demand_convertible(self) -> None:
        """Refuse with LeadAlreadyConverted or LeadUnqualified what cannot become anything more."""
        self._demand_unconverted()
        if self.status == UNQUALIFIED:
            raise LeadUnqualified(lead=self.id)

    def demand_mergeable(self, merged: list[Self]) -> None:
        """Refuse with LeadAlreadyConverted to lose one that became something; it can only be the survivor."""
        for each in merged:
            each._demand_unconverted()

    def joined_fields(self) -> frozenset[str]:
        """All that may still change."""
        return _STILL_OPEN if self.converted else super().joined_fields()

    # ---------------------------------------------------------------- what a new one has, what follows

    def arrive(self) -> None:
        """A new lead is NEW."""
        super().arrive()
        self.status = NEW

    def settle(self) -> None:
        """One written form for what reaches the lead, somebody to talk to, and nothing rewritten after the conversion."""
        self.email = normal_address(self.email) if self.email else None
        self.address = postal.settled(self.address) if self.address else None
        self._read_phone()
        self.language_code = normal_language(self.language_code) if self.language_code else None
        self.tags = tagged(self.tags)
        self.display_name = self.person or self.company_name or self.email
        if not self.display_name:
            raise Invalid.field("lead.family_name", "is required where there is no other name and no e-mail address")
        if self.converted and self._before and not self._changed() <= _STILL_OPEN:
            raise LeadAlreadyConverted(lead=self.id)
        self.find_territory()

    def _read_phone(self) -> None:
        """What was typed is read once, for it is no other number when the address changes; a new number takes its place."""
        before = self._before or {}
        said = self.phone if self.phone != before.get("phone") else None
        if self.phone_raw and self.phone_raw != before.get("phone_raw"):
            country = postal.country_of([self.address] if self.address else [])
            self.phone = telephones.typed_number(self.phone_raw, country, "lead.phone_raw", said or "").number
        elif said or not self.phone:
            self.phone_raw = None

    def _changed(self) -> set[str]:
        before = self._before or {}
        return {name for name in self.about().changeable if (getattr(self, name) or None) != before.get(name)}

    def _demand_unconverted(self) -> None:
        if self.converted:
            raise LeadAlreadyConverted(lead=self.id)
