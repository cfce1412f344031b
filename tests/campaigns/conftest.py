"""Campaigns in this process, on real servers, with a sink for its mails and a stand-in for the services that it hears."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from crm.campaigns.v1 import campaign_pb2, consent_pb2, segment_pb2, service_pb2, template_pb2
from crm.common.v1 import requests_pb2
from crm.contacts.v1 import contact_pb2
from crm.contacts.v1 import events_pb2 as contacts
from google.protobuf.message import Message

from chassis import new_id, transaction
from chassis.embedded import Servers
from chassis.principal import Principal
from chassis.testing import Caller, serving, somebody
from services.campaigns import reactions, standing  # noqa: F401  importing the reactions registers them
from services.campaigns.audience import Account, AudienceMember, Finding, Sale
from services.campaigns.chores import Chores
from services.campaigns.groundwork import prepare
from services.campaigns.sender import Sender
from services.campaigns.service import Campaigns
from services.campaigns.settings import CampaignsSettings
from tests.builders.campaigns import (
    a_campaign_message,
    a_consent_message,
    a_contact_told,
    a_segment_message,
    a_template_message,
    tagged,
)
from tests.campaigns.sink import Sink, running
from tests.eventually import eventually
from tests.hearing import hear

KEYS = {"k1": b"0123456789abcdef0123456789abcdef"}
GIVEN: dict[str, Any] = {
    "tracking_keys": KEYS, "address_key": b"fedcba9876543210", "public_url": "https://kith.example", "smtp_connections": 8,
}  # fmt: skip


@pytest.fixture(scope="package")
def sink() -> Iterator[Sink]:
    with running(Sink()) as found:
        yield found


@pytest.fixture(scope="package")
def door(servers: Servers, sink: Sink) -> Iterator[Callable[[Principal], Caller]]:
    with serving(
        service_pb2, Campaigns(), servers.mongo_url("campaigns"), servers.nats_url("campaigns"),
        projections=(AudienceMember, Account, Finding, Sale), prepare=prepare, companions=(Chores, Sender, standing.lapsing),
        settings=CampaignsSettings, **GIVEN, smtp_url=f"smtp://127.0.0.1:{sink.port}",
    ) as calling_as:  # fmt: skip
        yield calling_as


@dataclass
class Marketing:
    """A marketer of a tenant that nobody else has: calls campaigns, and lets it hear what other services tell."""

    caller: Caller
    stranger: Caller  # of another tenant
    visitor: Caller  # the gateway, for people without an account

    def hear(self, event: Message, record_id: str, revision: int = 1) -> None:
        """Let campaigns react to an event, without the bus."""
        hear(self.caller, event, record_id, revision, by="campaigns")

    def meet(self, *, consents: bool = True, **fields: Any) -> contact_pb2.Contact:
        """A contact that campaigns hears of, and that says yes to news."""
        contact = a_contact_told(**fields)
        self.hear(contacts.ContactCreated(contact=contact), contact.id)
        if consents and contact.emails:
            self.consent(contact_id=contact.id)
        return contact

    def consent(self, **fields: Any) -> consent_pb2.Consent:
        return self.caller.CreateConsent(consent_pb2.CreateConsentRequest(consent=a_consent_message(**fields)))

    def segment(self, *arguments: Any, **fields: Any) -> segment_pb2.Segment:
        """A segment that follows its filter."""
        asked = segment_pb2.CreateSegmentRequest(segment=a_segment_message(*arguments, **fields))
        return self.built(self.caller.CreateSegment(asked).id)

    def built(self, id: str) -> segment_pb2.Segment:
        """The segment, once it follows its filter."""
        got = requests_pb2.GetRequest(id=id)
        return eventually(lambda: (found := self.caller.GetSegment(got)).status == segment_pb2.Segment.READY and found)

    def members(self, segment: segment_pb2.Segment) -> set[str]:
        asked = segment_pb2.ListSegmentMembersRequest(id=segment.id, page_size=200)
        return {each.id for each in self.caller.ListSegmentMembers(asked).audience_members}

    def template(self, **fields: Any) -> template_pb2.Template:
        return self.caller.CreateTemplate(template_pb2.CreateTemplateRequest(template=a_template_message(**fields)))

    def campaign(self, segment: segment_pb2.Segment, **fields: Any) -> campaign_pb2.Campaign:
        """A draft for everybody in the segment."""
        given = {"segment_ids": [segment.id], "template_id": fields.pop("template_id", "") or self.template().id}
        asked = campaign_pb2.CreateCampaignRequest(campaign=a_campaign_message(**(given | fields)))
        return self.caller.CreateCampaign(asked)

    def start(self, campaign: campaign_pb2.Campaign) -> campaign_pb2.Campaign:
        return self.caller.StartCampaign(campaign_pb2.StartCampaignRequest(id=campaign.id))

    def completed(self, campaign: campaign_pb2.Campaign) -> campaign_pb2.CampaignReport:
        """The report, once the campaign is over."""
        self.reached(campaign, campaign_pb2.Campaign.COMPLETED)
        return self.report(campaign)

    def reached(self, campaign: campaign_pb2.Campaign, status: Any) -> campaign_pb2.Campaign:
        got = requests_pb2.GetRequest(id=campaign.id)
        return eventually(lambda: (found := self.caller.GetCampaign(got)).status == status and found)

    def report(self, campaign: campaign_pb2.Campaign) -> campaign_pb2.CampaignReport:
        return self.caller.ReportCampaign(campaign_pb2.ReportCampaignRequest(id=campaign.id))

    def deliveries(self, campaign: campaign_pb2.Campaign, *states: Any) -> list[campaign_pb2.Delivery]:
        asked = campaign_pb2.ListCampaignDeliveriesRequest(id=campaign.id, page_size=200, states=states)
        return list(self.caller.ListCampaignDeliveries(asked).deliveries)

    def mailed(self, **fields: Any) -> tuple[contact_pb2.Contact, campaign_pb2.Campaign, campaign_pb2.Delivery]:
        """Somebody who got a mail of a campaign that is over."""
        tag = new_id("tag")
        contact = self.meet(tags=[tag])
        campaign = self.campaign(self.segment(tagged(tag)), **fields)
        self.start(campaign)
        self.completed(campaign)
        [delivery] = self.deliveries(campaign)
        return contact, campaign, delivery


@pytest.fixture
def marketing(door: Callable[[Principal], Caller]) -> Marketing:
    gateway = somebody("gateway", user_id="gateway", grants={"campaigns.visitor.resolve": "all"})
    return Marketing(door(somebody()), door(somebody()), door(gateway))


def address(contact: contact_pb2.Contact) -> str:
    """Where mails to a contact go."""
    return contact.emails[0].address


def announced(record_id: str, name: str) -> list[dict[str, Any]]:
    """The events of this name about a record."""
    return list(transaction.database()["events"].find({"record_id": record_id, "type": f"crm.campaigns.v1.{name}"}))
