"""A company with two records of every noun, each of whose texts holds one word.

Every such company has the same external ids and was made with the same idempotency keys: tenants must not share them.
"""

import smtplib
from typing import Any

from tests.builders.support import a_mail
from tests.journeys.company import Company
from tests.journeys.places import MESSAGES, NOUNS, OBJECTS, SCHEMA, collection
from tests.journeys.waiting import eventually
from tests.rest import Client

SYSTEM = "erp"


class Furnished:
    """The company's administrator, and an id of each noun by the prefix of its ids."""

    def __init__(self, company: Company, word: str) -> None:
        self.admin: Client = company.administrator
        self.ids: dict[str, str] = {"ten": company.tenant["id"]}
        self._people(company, word)
        self._tailored(word)
        self._customers(word)
        self._sales(word)
        self._support(company, word)
        self._campaigns(word)
        self._files(word)
        bought = f"/v1/accounts/{self.ids['acc']}/purchases"
        self.ids["pur"] = eventually(lambda: self.admin.get(bought)["purchases"])[0]["id"]
        told = f"/v1/accounts/{self.ids['acc']}/timeline"
        eventually(lambda: len(self.admin.get(told)["interactions"]) >= 4)
        self._make("dsc", contact_id=self.ids["con"], reason=f"{word} letter")
        self._make("era", email=f"nobody@{word}.example", reason=f"{word} letter")
        eventually(lambda: all(each["state"] == "DONE" for each in self.admin.get("/v1/erasures")["erasures"]))
        eventually(lambda: len(self.admin.get(told, kinds="FILE")["interactions"]) == 2)

    def _people(self, company: Company, word: str) -> None:
        self._make("team", name=f"{word} team")
        self.ids["usr"] = company.hire(f"{word} clerk", "sales_rep", team_ids=[self.ids["team"]]).user_id
        self._make("key", name=f"{word} key")

    def _customers(self, word: str) -> None:
        self._make("acc", name=f"{word} works", domain=f"{word}.example.com")
        self._make("con", given_name=word, account_id=self.ids["acc"], custom_fields={"tier": word})
        people = {"account_ids": [self.ids["acc"]], "contact_ids": [self.ids["con"]]}
        self._make("int", kind="NOTE", title=f"{word} note", **people)
        self._make("need", contact_id=self.ids["con"], category=word, description=f"{word} need")
        self._make("pref", contact_id=self.ids["con"], key="colour", value=word)
        self._make("ast", account_id=self.ids["acc"], name=f"{word} mower", warranty_until="2099-12-31")
        covered = {"account_id": self.ids["acc"], "asset_ids": [self.ids["ast"]]}
        self._make("svc", **covered, name=f"{word} service", start_date="2026-01-01")
        self._make("lead", given_name=word, company_name=f"{word} works")
        self._make("ter", name=f"{word} coast", noun="lead", assign_owner_id=self.ids["usr"])
        self._make("rea", noun="lead", to_territory_id=self.ids["ter"])
        names = {"forward_name": word, "backward_name": f"{word} of"}
        self._make("asl", {"key": f"{word}-at"}, key=f"{word}-of", from_noun="contact", to_noun="account", **names)
        ends = {"from_id": self.ids["con"], "to_id": self.ids["acc"]}
        self._make("asc", {"label": f"{word}-at"}, label=f"{word}-of", note=word, **ends)
        doubles = [self.admin.post("/v1/leads", {"given_name": word, "family_name": "double"})["id"] for _ in range(2)]
        for double in doubles:
            self.ids["mrg"] = self.admin.post(f"/v1/leads/{self.ids['lead']}:merge", {"merged_ids": [double]})["id"]
        self._make("dup", noun="lead", channel="FORM", on_exact="WARN")

    def _tailored(self, word: str) -> None:
        for path, keys in ((SCHEMA, ("rank", "tier")), (OBJECTS, ("lease", "machine"))):
            for key in keys:
                body = {"key": key, "label": word, "external_ids": [{"system": SYSTEM, "id": key}]}
                made = self.admin.post(path, body | ({"type": "TEXT"} if path == SCHEMA else {}))
                self.ids["fld" if path == SCHEMA else "obj"] = made["id"]
        self._make("rec", name=f"{word} mower")
        for noun in ("view", "list"):
            self._make(noun, noun="contact", name=f"{word} guests")

    def _sales(self, word: str) -> None:
        self._make("prod", name=f"{word} lamp", code=word)
        stages = [{"key": status.lower(), "name": word, "status": status} for status in ("OPEN", "WON", "LOST")]
        self._make("pipe", name=f"{word} way", stages=stages)
        self._make(
            "opp", name=f"{word} pier", account_id=self.ids["acc"], contacts=[{"contact_id": self.ids["con"]}],
            lines=[{"product_id": self.ids["prod"]}], amount={"currency_code": "EUR", "units": "7717"},
        )  # fmt: skip
        for deal in self.admin.get("/v1/opportunities")["opportunities"]:
            self.admin.post(f"/v1/opportunities/{deal['id']}:win")
            self.admin.post(f"/v1/opportunities/{deal['id']}:placeOrder", {"description": word})
        price = {"currency_code": "EUR", "units": "17"}
        lines = [{"product_id": self.ids["prod"], "quantity": 3, "unit_price": price}]
        self._make("ord", account_id=self.ids["acc"], contact_ids=[self.ids["con"]], lines=lines, description=word)

    def _support(self, company: Company, word: str) -> None:
        domain = f"{company.key}.example"
        self._make("mbx", address=f"help@{domain}", name=f"{word} desk")
        self._make("tkt", subject=f"{word} leaks", requester_email=f"ada@{domain}", mailbox_id=self.ids["mbx"])
        for ticket in self.admin.get("/v1/tickets")["tickets"]:
            message = self.admin.post(f"/v1/tickets/{ticket['id']}:reply", {"body_text": f"{word} is on the way"})
            self.ids["msg"] = message["id"]
        with smtplib.SMTP(*company.mail_listener) as listener:
            for text in ("leaks", "still leaks"):
                mail = a_mail(f"{word} {text}", to=f"help@{domain}", sender=f"eve@{domain}")
                listener.sendmail(f"eve@{domain}", f"help@{domain}", mail)
        eventually(lambda: self._rest("mail", "status", "TAKEN") and self._rest("dlv", "state", "ACCEPTED"))

    def _rest(self, prefix: str, field: str, state: str) -> bool:
        """Whether both records of a noun have come to rest in a state; one of them becomes the noun's id."""
        found = self.admin.get(collection(NOUNS[prefix]))[NOUNS[prefix].plural]
        self.ids[prefix] = found[0]["id"] if found else ""
        return [each[field] for each in found] == [state] * 2

    def _campaigns(self, word: str) -> None:
        self._make("tpl", name=f"{word} spring", subject=word, html=f"<p>{word}</p>")
        self._make("seg", name=f"{word} friends", kind="STATIC")
        self._make(
            "cam", name=f"{word} campaign", topic="news", from_name=word, from_address="news@ordinary.example",
            template_id=self.ids["tpl"], segment_ids=[self.ids["seg"]],
        )  # fmt: skip
        fields = [{"key": "email", "kind": "EMAIL", "required": True}]
        self._make("form", name=f"{word} form", fields=fields, campaign_id=self.ids["cam"])
        for kind in ("orders", "news"):
            topic = {"key": kind, "name": f"{word} {kind}", "external_ids": [{"system": SYSTEM, "id": kind}]}
            self.ids["top"] = self.admin.post("/v1/topics", topic)["id"]
        for kind in ("news", "offers"):
            consent = {"address": f"{word}@example.com", "topic": kind, "state": "OPTED_IN", "proof": word}
            self.ids["cns"] = self.admin.post("/v1/consents", consent)["id"]
            suppression = {"address": f"{kind}.{word}@example.com", "reason": "REQUESTED"}
            self.ids["sup"] = self.admin.post("/v1/suppressions", suppression)["id"]

    def _files(self, word: str) -> None:
        self._make("exp", noun="contact", format="CSV")
        eventually(lambda: self._rest("exp", "state", "DONE"))
        self.ids["file"] = self.admin.get(f"/v1/exports/{self.ids['exp']}")["file_id"]
        self._make("imp", noun="contact", file_id=self.ids["file"])
        self._documents(word)
        self._make("att", record_id=self.ids["acc"], file_id=self.ids["file"], name=f"{word} list")

    def _documents(self, word: str) -> None:
        self._make("doc", name=f"{word} offer")
        document = f"/v1/documents/{self.ids['doc']}"
        revision = self.admin.post(f"{document}/revisions", {"file_id": self.ids["file"], "reason": word})
        self.ids["rev"] = revision["id"]
        self._make("ann", document_id=self.ids["doc"], text=f"{word} is right")
        self._make("share", document_id=self.ids["doc"], recipient=f"{word} clerk")

    def _make(self, prefix: str, different: dict[str, Any] | None = None, **body: Any) -> None:
        path = collection(NOUNS[prefix])
        another = {name: _too(value) for name, value in body.items() if name != "code"}
        self.admin.post(path, another | (different or {}))
        if "external_ids" in MESSAGES[prefix].fields_by_name:
            body["external_ids"] = [{"system": SYSTEM, "id": prefix}]
        self.ids[prefix] = self.admin.post(path, body, idempotency_key=f"first-{prefix}")["id"]


def _too(value: Any) -> Any:
    """Another text or address beside this one; what is neither stays as it is."""
    if not isinstance(value, str):
        return value
    return f"too.{value}" if "@" in value else f"{value} too" if " " in value else value
