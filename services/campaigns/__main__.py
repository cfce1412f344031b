"""Runs the campaigns service."""

from crm.campaigns.v1 import events_pb2, service_pb2

from chassis import erasing, run
from services.campaigns import reactions, standing  # noqa: F401  importing the reactions registers them
from services.campaigns.audience import Account, AudienceMember, Finding, Sale
from services.campaigns.chores import Chores
from services.campaigns.forgetting import forget
from services.campaigns.groundwork import prepare
from services.campaigns.sender import Sender
from services.campaigns.service import Campaigns
from services.campaigns.settings import CampaignsSettings

if __name__ == "__main__":
    run(
        service_pb2,
        Campaigns(),
        projections=(AudienceMember, Account, Finding, Sale),
        settings=CampaignsSettings,
        prepare=prepare,
        companions=(Chores, Sender, standing.lapsing, erasing(forget, events_pb2.ErasureCompleted)),
    )
