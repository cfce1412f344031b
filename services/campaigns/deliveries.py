"""The ledger as clients see it."""

from typing import Any

from crm.campaigns.v1 import campaign_pb2
from crm.common.v1 import listing_pb2

from chassis import Scope, listing, mirror, principal
from services.campaigns import ledger
from services.campaigns.audience import AudienceMember, Row
from services.campaigns.campaign import Campaign

_SHOWN = {field.name for field in campaign_pb2.Delivery.DESCRIPTOR.fields} - {"id", "etag"} | {"_id", "revision"}


def page(campaign: Campaign, request: campaign_pb2.ListCampaignDeliveriesRequest) -> Any:
    """A page of a campaign's ledger, the newest lines first."""
    narrow: Row = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    # The states are part of what a page token is bound to, so they travel in the filter.
    asked = listing_pb2.ListRequest(
        page_size=request.page_size, page_token=request.page_token, with_total=request.with_total
    )
    if request.states:
        names = [{"string_value": campaign_pb2.Delivery.State.Name(state)} for state in request.states]
        asked.filter.MergeFrom(listing_pb2.Filter(field="state", op="in", value={"list_value": {"values": names}}))
    return _named(_page(asked, narrow), {campaign.id: campaign.name})


def of_member(request: campaign_pb2.ListAudienceMemberDeliveriesRequest) -> Any:
    """A page of a contact's lines, the newest first, of the campaigns that the caller may see. Refused with NotFound."""
    AudienceMember.row(request.id)
    narrow: Row = {"tenant_id": principal().tenant_id, "contact_id": request.id}
    if principal().scope(Campaign.about().permission("read")) is not Scope.ALL:
        narrow["campaign_id"] = {"$in": list(Campaign.objects(__raw__=Campaign.visible()).scalar("id"))}
    found = _page(listing_pb2.ListRequest(page_size=request.page_size, page_token=request.page_token), narrow)
    ids = {delivery.campaign_id for delivery in found.deliveries}
    return _named(found, dict(Campaign.objects(id__in=sorted(ids)).scalar("id", "name")) if ids else {})


def _page(asked: listing_pb2.ListRequest, narrow: Row) -> Any:
    return listing.page(
        ledger.lines(), campaign_pb2.Delivery, asked, narrow, campaign_pb2.ListCampaignDeliveriesResponse,
        as_wire=lambda row: mirror.as_wire(_shown(row)), max_time_ms=5000,
    )  # fmt: skip


def _named(found: Any, names: dict[str, str]) -> Any:
    for delivery in found.deliveries:
        delivery.campaign_name = names.get(delivery.campaign_id, "")
    return found


def message(row: Row) -> campaign_pb2.Delivery:
    """A stored line as clients see it."""
    return mirror.message(campaign_pb2.Delivery, _shown(row))


def _shown(row: Row) -> Row:
    return {name: row[name] for name in row if name in _SHOWN}
