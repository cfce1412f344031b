"""Templates: what mails say."""

from crm.campaigns.v1 import template_pb2

from chassis import Invalid, ListField, Owned, Parts, StringField
from services.campaigns.wording import Broken, Wording, warnings


class Template(Owned):
    """What a mail says."""

    contract = template_pb2.Template
    meta = {"collection": "templates"}
    searched = ("name", "subject")

    name = StringField()
    subject = StringField()
    html = StringField()
    text = StringField()
    variables = ListField(StringField())
    warnings = Parts(template_pb2.Template.Warning)

    def settle(self) -> None:
        """Liquid that can be read; what it asks for, and what is doubtful about it."""
        for name in ("subject", "html", "text"):
            try:
                Wording.check(getattr(self, name) or "")
            except Broken as fault:
                raise Invalid.field(f"template.{name}", str(fault)) from None
        wording = self.wording([])
        self.variables = wording.variables
        self.warnings = warnings(self.html, wording)

    def wording(self, links: list[str]) -> Wording:
        """The template, ready to be rendered; its links are added to `links`."""
        return Wording(self.subject, self.html, self.text or "", links)
