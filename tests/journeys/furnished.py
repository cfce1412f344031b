"""A company with two records of every noun, each of whose texts holds one word.

Every such company has the same external ids and was made with the same idempotency keys: tenants must not share them.
"""

from typing import Any

from tests.journeys.company import Company
from tests.journeys.places import MESSAGES, NOUNS, collection, listed
from tests.journeys.rest import Client
from tests.journeys.waiting import eventually

SYSTEM = "erp"


class Furnished:
    """The company's administrator, and an id of each noun by the prefix of its ids."""

    def __init__(self, company: Company, word: str) -> None:
        self.admin: Client = company.administrator
        self.ids: dict[str, str] = {"ten": company.tenant["id"]}
        self._people(company, word)
        self._customers(word)
        self._sales(word)
        told = f"/v1/accounts/{self.ids['acc']}/timeline"
        eventually(lambda: len(self.admin.get(told)["interactions"]) >= 4)

    def everything(self) -> dict[str, Any]:
        """All that the administrator sees."""
        seen = {prefix: self.admin.get(collection(NOUNS[prefix]), page_size=200).body for prefix in listed()}
        for key in seen["key"]["api_keys"]:
            key.pop("last_use_time", None)
        seen["timeline"] = self.admin.get(f"/v1/accounts/{self.ids['acc']}/timeline").body
        seen["report"] = self.admin.get("/v1/reports/pipeline", group_by="stage").body
        return seen

    def _people(self, company: Company, word: str) -> None:
        self._make("team", name=f"{word} team")
        self.ids["usr"] = company.hire(f"{word} clerk", "sales_rep", team_ids=[self.ids["team"]]).user_id
        self._make("key", name=f"{word} key")

    def _customers(self, word: str) -> None:
        self._make("acc", name=f"{word} works", domain=f"{word}.example.com")
        self._make("con", given_name=word, account_id=self.ids["acc"])
        people = {"account_ids": [self.ids["acc"]], "contact_ids": [self.ids["con"]]}
        self._make("int", kind="NOTE", title=f"{word} note", **people)
        self._make("lead", given_name=word, company_name=f"{word} works")

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
            self.ids["ord"] = self.admin.post(f"/v1/opportunities/{deal['id']}:placeOrder", {"description": word})["id"]

    def _make(self, prefix: str, **body: Any) -> None:
        path = collection(NOUNS[prefix])
        another = {
            name: f"{value} too" if isinstance(value, str) and " " in value else value for name, value in body.items()
        }
        self.admin.post(path, {name: value for name, value in another.items() if name != "code"})
        if "external_ids" in MESSAGES[prefix].fields_by_name:
            body["external_ids"] = [{"system": SYSTEM, "id": prefix}]
        self.ids[prefix] = self.admin.post(path, body, idempotency_key=f"first-{prefix}")["id"]
