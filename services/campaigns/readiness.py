"""Whether a campaign can start, and what is frozen when it does: the words that its recipients get."""

from typing import Any

from chassis import transaction
from services.campaigns.campaign import Campaign
from services.campaigns.refusals import CampaignIncomplete
from services.campaigns.segment import Segment
from services.campaigns.template import Template


def freeze(campaign: Campaign) -> list[str]:
    """Keep the templates as they are now; the links in them. Refused with CampaignIncomplete."""
    campaign.demand_whole()
    wanted = {*campaign.segment_ids, *campaign.exclude_segment_ids}
    known = set(Segment.objects(id__in=list(wanted), deleted_time=None).scalar("id"))
    if missing := sorted(wanted - known):
        raise CampaignIncomplete(campaign=campaign.id, lack=f"there is no segment {missing[0]}")
    links: list[str] = []
    for template_id in campaign.template_ids:
        template = Template.objects(id=template_id, deleted_time=None).first()
        if template is None:
            raise CampaignIncomplete(campaign=campaign.id, lack=f"there is no template {template_id}")
        if any(warning["code"] == "unsubscribe_missing" for warning in template.warnings):
            raise CampaignIncomplete(
                campaign=campaign.id, lack=f"the template {template_id} has no link to unsubscribe"
            )
        template.wording(links)
        _keep(campaign, template)
    return [] if campaign.untracked else links


def _keep(campaign: Campaign, template: Template) -> None:
    words: dict[str, Any] = {"subject": template.subject, "html": template.html, "text": template.text}
    key = {"_id": f"{campaign.id}/{template.id}", "tenant_id": campaign.tenant_id}
    transaction.database()["frozen_templates"].replace_one(key, {**key, **words}, upsert=True)
