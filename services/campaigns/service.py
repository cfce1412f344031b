"""The door of campaigns: load, one verb, answer."""

from typing import Any

from crm.campaigns.v1 import campaign_pb2, public_pb2, segment_pb2, service_pb2_grpc, template_pb2
from crm.common.v1 import listing_pb2

from chassis import NotFound, acting_as, disclosure_rpc, now, of_service, standard, verbs
from services.campaigns import (
    bounce,
    explain,
    ledger,
    membership,
    readiness,
    report,
    results,
    standing,
    submission,
    visits,
    wording,
)
from services.campaigns import deliveries as delivered
from services.campaigns.audience import AudienceMember, page
from services.campaigns.campaign import Campaign
from services.campaigns.consent import Consent, Suppression
from services.campaigns.disclosing import known
from services.campaigns.letters import words
from services.campaigns.preview import preview
from services.campaigns.refusals import TemplateBroken
from services.campaigns.segment import Segment
from services.campaigns.template import Template
from services.campaigns.topic import Topic
from services.campaigns.web_form import WebForm

_NOUNS = (Segment, Template, Campaign, Consent, Topic, Suppression, WebForm)


class Campaigns(
    standard(*_NOUNS),  # type: ignore[misc]
    verbs(Segment, "rebuild"),  # type: ignore[misc]
    verbs(Campaign, "resume"),  # type: ignore[misc]
    disclosure_rpc("Campaigns", known),  # type: ignore[misc]
    service_pb2_grpc.CampaignsServiceServicer,
    service_pb2_grpc.ConsentsServiceServicer,
):
    """Whom we write to, what we write, and what comes of it."""

    # ---------------------------------------------------------------- audience and segments

    def ListAudienceMembers(self, request: Any, context: Any) -> Any:
        """Contacts as segments see them."""
        return page(request, AudienceMember.present())

    def PreviewSegment(self, request: Any, context: Any) -> Any:
        """Whom a filter would find."""
        return preview(request)

    def ListSegmentMembers(self, request: Any, context: Any) -> Any:
        """Who is in it."""
        segment = Segment.find(request.id)
        asked = listing_pb2.ListRequest(
            page_size=request.page_size, page_token=request.page_token, with_total=request.with_total
        )
        return page(asked, {**AudienceMember.present(), "segment_ids": segment.id})

    def ExplainSegment(self, request: Any, context: Any) -> Any:
        """Why somebody is in it, or is not."""
        segment, row = Segment.find(request.id), AudienceMember.row(request.contact_id)
        member = segment.id in (row.get("segment_ids") or ())
        clauses = list(explain.explain(segment.filter, row)) if segment.dynamic else []
        matches = clauses[0].holds if clauses else member
        return segment_pb2.ExplainSegmentResponse(matches=matches, member=member, clauses=clauses)

    def ChangeSegmentMembers(self, request: Any, context: Any) -> Any:
        """Put contacts in and take contacts out."""
        with Segment.change(request) as segment:
            segment.demand_static()
            for contact_id in request.add_contact_ids:
                AudienceMember.row(contact_id)
            membership.put(segment, list(request.add_contact_ids), list(request.remove_contact_ids))
        return segment.message()

    # ---------------------------------------------------------------- templates

    def PreviewTemplate(self, request: Any, context: Any) -> Any:
        """What it says to a contact."""
        template, row = Template.find(request.id), AudienceMember.row(request.contact_id)
        links: list[str] = []
        said = template.wording(links)
        spoken = words(row, {"name": template.name, "topic": ""}, "https://unsubscribe.invalid/")
        try:
            subject, html, text = said.render(spoken, lambda slot: "" if slot == wording.PIXEL else links[int(slot)])
        except wording.Broken as fault:
            raise TemplateBroken(template=template.id, fault=fault) from None
        missing = wording.missing(said, spoken)
        return template_pb2.PreviewTemplateResponse(subject=subject, html=html, text=text, missing=missing)

    # ---------------------------------------------------------------- campaigns

    def ScheduleCampaign(self, request: Any, context: Any) -> Any:
        """Start by itself at a time."""
        with Campaign.change(request) as campaign:
            at = visits.instant(request.schedule_time)
            campaign.schedule(at, readiness.freeze(campaign), now())
        return campaign.message()

    def StartCampaign(self, request: Any, context: Any) -> Any:
        """Freeze the audience and hand mails over."""
        with Campaign.change(request) as campaign:
            campaign.start(now(), readiness.freeze(campaign))
        return campaign.message()

    def PauseCampaign(self, request: Any, context: Any) -> Any:
        """Stop for now."""
        with Campaign.change(request) as campaign:
            campaign.pause()
        ledger.give_back({"tenant_id": campaign.tenant_id, "campaign_id": campaign.id})
        return campaign.message()

    def CancelCampaign(self, request: Any, context: Any) -> Any:
        """Call it off."""
        with Campaign.change(request) as campaign:
            campaign.cancel(now())
        ledger.give_back({"tenant_id": campaign.tenant_id, "campaign_id": campaign.id})
        return campaign.message()

    def ReportCampaign(self, request: Any, context: Any) -> Any:
        """What came of it."""
        return report.report(Campaign.find(request.id))

    def ListCampaignDeliveries(self, request: Any, context: Any) -> Any:
        """Its ledger."""
        return delivered.page(Campaign.find(request.id), request)

    def ListAudienceMemberDeliveries(self, request: Any, context: Any) -> Any:
        """What campaigns meant to send to a contact."""
        return delivered.of_member(request)

    def RetryDeliveries(self, request: Any, context: Any) -> Any:
        """Hand chosen mails over again."""
        with Campaign.change(request) as campaign:
            queued = ledger.requeue({"_id": campaign.id, "tenant_id": campaign.tenant_id}, request.delivery_ids)
            if queued:
                campaign.take_up()
        return campaign_pb2.RetryDeliveriesResponse(queued_count=queued)

    def RecordResponses(self, request: Any, context: Any) -> Any:
        """What recipients did outside of the mail."""
        campaign = Campaign.find(request.id, "write")
        return campaign_pb2.RecordResponsesResponse(recorded_count=report.record(campaign, request.responses))

    def ImportResults(self, request: Any, context: Any) -> Any:
        """What came of a campaign that was sent elsewhere."""
        with Campaign.change(request) as campaign:
            return results.take(campaign, request)

    def ReportBounce(self, request: Any, context: Any) -> Any:
        """A mail came back."""
        return delivered.message(bounce.note(request))

    # ---------------------------------------------------------------- consent

    def CreateConsent(self, request: Any, context: Any) -> Any:
        """Somebody said yes or no."""
        consent = Consent.create(request.consent)
        standing.hold(consent)
        return consent.message()

    def CheckConsents(self, request: Any, context: Any) -> Any:
        """What a sender would hear."""
        return standing.check(request)

    def ListAudienceMemberConsents(self, request: Any, context: Any) -> Any:
        """What was said about reaching a contact."""
        return Consent.of_member(request)

    def CreateTopic(self, request: Any, context: Any) -> Any:
        """A purpose is declared."""
        return standing.declared(super().CreateTopic(request, context))

    def UpdateTopic(self, request: Any, context: Any) -> Any:
        """Its terms change."""
        return standing.declared(super().UpdateTopic(request, context))

    def DeleteTopic(self, request: Any, context: Any) -> Any:
        """As if nobody had declared it."""
        return standing.declared(super().DeleteTopic(request, context))

    def RestoreTopic(self, request: Any, context: Any) -> Any:
        """It is back."""
        return standing.declared(super().RestoreTopic(request, context))

    def CreateSuppression(self, request: Any, context: Any) -> Any:
        """Nothing is sent there any more."""
        suppression = Suppression.asked(request.suppression)
        standing.show(suppression.address_key)
        return suppression.message()

    def DeleteSuppression(self, request: Any, context: Any) -> Any:
        """Mails are sent there again, to topics that are consented to."""
        with Suppression.change(request, "delete") as suppression:
            suppression.remove()
        standing.show(suppression.address_key)
        return suppression.message()

    # ---------------------------------------------------------------- the public, by way of the gateway

    def FollowLink(self, request: Any, context: Any) -> Any:
        """Where a link leads."""
        return public_pb2.FollowLinkResponse(url=visits.follow_link(request.token, request.visit))

    def OpenMail(self, request: Any, context: Any) -> Any:
        """A pixel was loaded."""
        visits.open_mail(request.token, request.visit)
        return public_pb2.OpenMailResponse()

    def DescribeUnsubscribe(self, request: Any, context: Any) -> Any:
        """Whose link out it is."""
        return visits.describe(request.token)

    def Unsubscribe(self, request: Any, context: Any) -> Any:
        """No more mails."""
        topic = visits.unsubscribe(request.token, request.everything, request.visit)
        return public_pb2.UnsubscribeResponse(topic=topic)

    def RenderForm(self, request: Any, context: Any) -> Any:
        """A form to show."""
        with acting_as(of_service("campaigns", _tenant_of_form(request.id))):
            form = WebForm.find(request.id)
            form.demand_open(request.host)
            return public_pb2.RenderFormResponse(form=form.message(), token=submission.render_token(form))

    def SubmitForm(self, request: Any, context: Any) -> Any:
        """Answers of a form."""
        with acting_as(of_service("campaigns", _tenant_of_form(request.id))):
            form = WebForm.find(request.id)
            form.demand_open(request.host)
            return submission.submit(form, request)


def _tenant_of_form(id: str) -> str:
    # A visitor has no tenant; the form has.
    found = WebForm._get_collection().find_one({"_id": id}, {"tenant_id": 1})
    if found is None:
        raise NotFound(noun="web form", id=id)
    return str(found["tenant_id"])
