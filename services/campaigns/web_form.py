"""Web forms: pages whose submissions become leads."""

from urllib.parse import urlsplit

from crm.campaigns.v1 import web_form_pb2

from chassis import BooleanField, IntField, Invalid, ListField, Owned, Parts, StringField, Violation, refer
from services.campaigns.campaign import Campaign
from services.campaigns.refusals import FormClosed, HostNotAllowed

CHOICE = "CHOICE"


class WebForm(Owned):
    """A form whose submissions become leads."""

    contract = web_form_pb2.WebForm
    meta = {"collection": "web_forms"}
    searched = ("name",)
    indexed = (("campaign_id",),)

    name = StringField()
    fields = Parts(web_form_pb2.WebForm.Field)
    allowed_hosts = ListField(StringField())
    consent_topic = StringField()
    consent_text = StringField()
    consent_version = StringField()
    redirect_urls = ListField(StringField())
    thanks = StringField()
    campaign_id = StringField()
    lead_source = StringField()
    minimum_seconds = IntField(default=0)
    closed = BooleanField(default=False)
    submission_count = IntField(default=0)

    def demand_open(self, host: str) -> None:
        """Refused with FormClosed, and with HostNotAllowed for a page that may not show the form."""
        if self.closed:
            raise FormClosed(form=self.id)
        if host and host.lower() not in self.allowed_hosts:
            raise HostNotAllowed(form=self.id, host=host[:255])

    def settle(self) -> None:
        """Fields with names of their own, a way to reach who sends it, and proof of what is consented to."""
        keys = [each["key"] for each in self.fields]
        faults = [
            Violation(f"web_form.fields[{at}].key", "is given twice") for at, key in enumerate(keys) if key in keys[:at]
        ]
        faults += [
            Violation(f"web_form.fields[{at}].choices", "is required for a choice")
            for at, each in enumerate(self.fields)
            if each.get("kind") == CHOICE and not each.get("choices")
        ]
        if not {"email", "phone"} & set(keys):
            faults.append(Violation("web_form.fields", "must ask for `email` or `phone`: a lead has to be reached"))
        if self.consent_topic and not (self.consent_text and self.consent_version and "email" in keys):
            text = "is proven by consent_text and consent_version, and needs the field `email`"
            faults.append(Violation("web_form.consent_topic", text))
        faults += [
            Violation(f"web_form.redirect_urls[{at}]", "must be https")
            for at, url in enumerate(self.redirect_urls)
            if urlsplit(url).scheme != "https"
        ]
        if faults:
            raise Invalid(faults)
        self.allowed_hosts = sorted({host.lower() for host in self.allowed_hosts})
        refer(self, "campaign_id", Campaign)
