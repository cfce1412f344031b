"""The suite's main story, told in order: somebody fills a form, becomes a customer, orders, is helped, and is written to."""

import time
from typing import Any
from urllib.parse import urlencode

from tests.journeys.company import Company
from tests.journeys.post import Correspondent, link
from tests.journeys.waiting import eventually
from tests.rest import Answer, Client
from tests.suite import Suite

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SECONDS = 3  # in which nobody fills a form; more than a busy machine takes to ask for one and send it
TOPIC, CONSENT = "lights", "Write to me about lights."
HTML = (
    '<p>Dear {{ contact.given_name }}, <a href="https://www.example.com/lamps">new lamps</a>.</p>'
    '<p><a href="{{ unsubscribe_url }}">No more</a></p>'
)


class Story:
    """One customer's way through the suite; each chapter leaves what it made by name."""

    def __init__(self, suite: Suite, company: Company) -> None:
        self.company, self.admin, self.visitor = company, company.administrator, Client(suite.url)
        self.rep = company.hire("Runa Falk", "sales_rep")
        self.marketer = company.hire("Milo Hart", "marketer")
        self.team = self.admin.post("/v1/teams", {"name": "Help desk"})["id"]
        self.agent = company.hire("Ines Borg", "support_agent", team_ids=[self.team])
        self.customer = Correspondent(suite, "Mara Quill", f"mara@quill-{company.key}.example.com")
        self.mailbox = f"help@{company.key[:40]}.example.com"

    def prepare(self) -> None:
        """What the company has before anybody comes: a form, an address for help, a mail and whom it goes to."""
        fields = [{"key": key} for key in ("given_name", "family_name", "company_name")]
        self.form = self.marketer.post("/v1/web-forms", {
            "name": "Write to us", "fields": [*fields, {"key": "email", "required": True}], "owner_id": self.rep.user_id,
            "consent_topic": TOPIC, "consent_text": CONSENT, "consent_version": "1", "minimum_seconds": SECONDS,
        })["id"]  # fmt: skip
        self.admin.post("/v1/mailboxes", {"address": self.mailbox, "name": "Help", "team_id": self.team})
        bought = {"field": "order_count", "op": "gte", "value": 1}
        self.segment = self.marketer.post("/v1/segments", {"name": "Buyers", "filter": bought})["id"]
        template = {"name": "Lamps", "subject": "Lamps for {{ contact.given_name }}", "html": HTML}
        self.template = self.marketer.post("/v1/templates", template)["id"]

    def shown(self) -> str:
        """The token of the form, shown now."""
        return str(self.visitor.send("GET", f"/f/{self.form}/token")["token"])

    def send_form(self, token: str, **answers: str) -> Answer:
        """Send the form in as a browser does."""
        content = urlencode({"_token": token, "_consent": "yes", **answers}).encode()
        kind = "application/x-www-form-urlencoded"
        return self.visitor.send("POST", f"/f/{self.form}", content, content_type=kind, user_agent=BROWSER)

    def fill_the_form(self) -> None:
        """Somebody writes; before, a machine did, which filled what people do not see, and somebody who was too fast."""
        bot = self._answers("Bot", "bot@spam.example.com")
        self.trapped = self.send_form(self._patiently(), website_url="https://spam.example.com", **bot)
        self.too_fast = self.send_form(self.shown(), **self._answers("Hasty", "hasty@spam.example.com"))
        self.thanked = self.send_form(self._patiently(), **self._answers("Mara", self.customer.address))
        [self.lead] = eventually(lambda: self.rep.get("/v1/leads")["leads"])

    def become_a_customer(self) -> None:
        """The lead is worked and converted; sales opens the opportunity when it hears of it."""
        for verb in ("work", "qualify", "convert"):
            lead = self.rep.post(f"/v1/leads/{self.lead['id']}:{verb}").body
        became = lead["conversion"]
        self.account, self.contact = became["account_id"], became["contact_id"]
        self.opportunity = became["opportunity_id"]
        eventually(lambda: self.rep.get(f"/v1/opportunities/{self.opportunity}").body)

    def order(self) -> None:
        """The opportunity is won, and ordered."""
        amount = {"currency_code": "EUR", "units": "1900"}
        self.rep.post(f"/v1/opportunities/{self.opportunity}:win", {"amount": amount})
        self.ordered = self.rep.post(f"/v1/opportunities/{self.opportunity}:placeOrder").body

    def ask_for_help(self) -> None:
        """The customer writes, is answered, answers, and is helped."""
        self.customer.write(self.mailbox, "The lamp is dark", "It came today, and it does not shine.")
        wanted = {"requester_id": self.contact}
        [self.ticket] = eventually(lambda: self.agent.get("/v1/tickets", **wanted)["tickets"])
        path = f"/v1/tickets/{self.ticket['id']}"
        self.agent.post(f"{path}:reply", {"body_text": "Is the switch at the back on?", "then": "PENDING"})
        [self.reply] = eventually(lambda: self.customer.letters("The lamp is dark"))
        self.customer.answer(self.reply, "It was off. How embarrassing.")
        eventually(lambda: len(self.agent.get(f"{path}/messages")["messages"]) == 3)
        self.reopened = self.agent.get(path).body
        self.solved = self.agent.post(f"{path}:solve", {"resolution": "The switch was off."}).body

    def be_written_to(self, name: str) -> dict[str, Any]:
        """A campaign goes out to whoever has bought something; the campaign when all of it is handed over."""
        eventually(lambda: self._among_the_buyers())
        campaign = self.marketer.post("/v1/campaigns", {
            "name": name, "topic": TOPIC, "segment_ids": [self.segment], "template_id": self.template,
            "from_address": f"news@{self.company.key[:40]}.example.com",
        })["id"]  # fmt: skip
        self.marketer.post(f"/v1/campaigns/{campaign}:start")
        path = f"/v1/campaigns/{campaign}"
        eventually(lambda: self.marketer.get(path)["status"] == "COMPLETED")
        return dict(self.marketer.get(path).body)

    def follow_the_link(self) -> None:
        """The customer reads the mail, and follows its link."""
        [self.letter] = self.customer.letters("Lamps")
        time.sleep(2.1)  # whoever follows a link sooner than two seconds after the mail went out is no person
        self.followed = self.visitor.send("GET", link(self.letter, "c"), user_agent=BROWSER)
        eventually(lambda: "Campaign mail link followed: Lamps" in self.titles("contacts", self.contact))

    def leave(self) -> None:
        """The customer's mail program unsubscribes by one click (RFC 8058), after a scanner has looked at the link."""
        self.looked_at = self.visitor.send("GET", link(self.letter, "u"))
        body, kind = b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"
        self.unsubscribed = self.visitor.send("POST", link(self.letter, "u"), body, content_type=kind)

    def close(self) -> None:
        """Let go of the connections that are the story's own."""
        self.visitor.close()
        self.customer.close()

    def titles(self, plural: str, id: str) -> list[str]:
        """What stands on a timeline, oldest first."""
        told = self.admin.get(f"/v1/{plural}/{id}/timeline")["interactions"]
        return [each["title"] for each in reversed(told)]

    def _among_the_buyers(self) -> bool:
        members = self.marketer.get(f"/v1/segments/{self.segment}/members")["audience_members"]
        return [each["id"] for each in members] == [self.contact]

    def _patiently(self) -> str:
        token = self.shown()
        time.sleep(SECONDS + 0.1)
        return token

    def _answers(self, name: str, address: str) -> dict[str, str]:
        company = f"Quill {self.company.key}"
        return {"given_name": name, "family_name": "Quill", "company_name": company, "email": address}
