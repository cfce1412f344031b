"""Customers of whom every service knows something become one and are parted again, while processes die.

Everything that is stored of them is compared before and after by one hash. Revisions and times of change differ, for both are
changes; a number that is not stored is the same as 0, and a text as an empty one, as the contract has it.
"""

import hashlib
import json
import time
from typing import Any
from uuid import uuid4

from tests.faults.oracle import Oracle, eventually, looking
from tests.rest import Client
from tests.suite import Suite

KEPT = {
    "contacts": (
        "accounts",
        "contacts",
        "leads",
        "interactions",
        "associations",
        "purchases",
        "needs",
        "preferences",
        "assets",
        "service_contracts",
    ),
    "sales": ("opportunities", "orders", "known_accounts"),
    "support": ("tickets", "messages", "known_contacts", "known_assets", "known_service_contracts"),
    "campaigns": (
        "audience_members",
        "consents",
        "consent_states",
        "segments",
        "known_sales",
        "known_accounts",
        "known_findings",
        "deliveries",
    ),
}
# Where children of the customers stand; a consent names a contact, and what holds for its address nobody.
CHILDREN = {
    "contacts.contacts", "contacts.interactions", "contacts.associations", "contacts.purchases", "contacts.needs",
    "contacts.preferences", "contacts.assets", "contacts.service_contracts", "sales.opportunities", "sales.orders",
    "support.tickets", "support.known_contacts", "support.known_assets", "support.known_service_contracts",
    "campaigns.audience_members", "campaigns.consents", "campaigns.known_sales", "campaigns.known_findings",
}  # fmt: skip
_STAMPS = {"revision", "update_time", "rebuild_time"}
VICTIMS = ("contacts", "sales", "support", "campaigns", "nats-server")


class Customers:
    """Two accounts with a contact each, a colleague, and children of both in every service."""

    def __init__(self, api: Client) -> None:
        self._api = api
        self.accounts = [self.make("accounts", name=name)["id"] for name in ("Rose Nurseries", "Rose Nursery Ltd")]
        self.contacts: list[str] = []

    def come(self) -> None:
        """Have people, who do what customers do."""
        self.contacts = [
            self.make(
                "contacts", given_name="Ada", family_name=name, account_id=account, tags=[name],
                emails=[{"address": f"{name}@rose.example"}], external_ids=[{"system": "erp", "id": name}],
            )["id"]
            for name, account in zip(("Thorn", "Thorne"), self.accounts, strict=True)
        ]  # fmt: skip
        self.make("contacts", given_name="Ben", account_id=self.accounts[1], emails=[{"address": "ben@rose.example"}])
        self.segment = self.make("segments", name="By hand", kind="STATIC")["id"]
        self.make("segments", name="By name", filter={"field": "family_name", "op": "eq", "value": "Thorne"})
        for account, contact in zip(self.accounts, self.contacts, strict=True):
            self._children(account, contact)

    def make(self, plural: str, **body: Any) -> Any:
        """A new record."""
        return self.do(plural, body)

    def do(self, path: str, body: Any = None) -> Any:
        """What a POST answers; it is sent until somebody does."""
        answer = self._api.insist("POST", f"/v1/{path}", body or {}, idempotency_key=str(uuid4()))
        assert answer.acknowledged, answer.content
        return answer.body

    def get(self, path: str) -> Any:
        """What a GET answers."""
        return self._api.insist("GET", f"/v1/{path}").body

    def _children(self, account: str, contact: str) -> None:
        self.make("interactions", kind="CALL", title="Asked", account_ids=[account], contact_ids=[contact])
        deal = self.make(
            "opportunities", name="Roses", account_id=account, contacts=[{"contact_id": contact}],
            amount={"currency_code": "EUR", "units": "100"},
        )["id"]  # fmt: skip
        self.do(f"opportunities/{deal}:win")
        self.do(f"opportunities/{deal}:placeOrder")
        self.make("tickets", subject="Dry roses", requester_id=contact, account_id=account)
        self.make("associations", label="decision_maker", from_id=contact, to_id=account)
        self.make("needs", contact_id=contact, category="roses")
        self.make("preferences", contact_id=contact, key="colour", value=contact[-4:])  # one of its own
        whose = {"account_id": account, "contact_id": contact}
        mower = self.make("assets", name="Mower", **whose)["id"]
        self.make(
            "service-contracts", name="Gold", start_date="2026-01-01", asset_ids=[mower],
            entitlements=[{"key": "phone", "response_minutes": 60}], **whose,
        )  # fmt: skip

    def join_in(self) -> None:
        """Be in a segment and say yes, once campaigns know of both."""
        self.do(f"segments/{self.segment}:changeMembers", {"add_contact_ids": self.contacts[1:]})
        for contact in self.contacts:
            self.make("consents", contact_id=contact, topic="news", state="OPTED_IN")
            self.make("consents", contact_id=contact, topic="news", state="OPTED_OUT", channel="POST")


def fingerprint(oracle: Oracle) -> tuple[str, dict[str, Any]]:
    """One hash over everything that is kept of customers, and what went into it."""
    rows = {
        f"{service}.{collection}/{row['_id']}": _plain(row)
        for service, collections in KEPT.items()
        for collection in collections
        for row in oracle.rows(service, collection)
    }
    return hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest(), rows


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in sorted(row.items()) if name not in _STAMPS and value}
    return kept | ({"segment_ids": sorted(kept["segment_ids"])} if "segment_ids" in kept else {})  # a set


def naming(rows: dict[str, Any], ids: list[str]) -> set[str]:
    """The collections that hold one of the ids in a record that is not the one with this id."""
    texts = {key: json.dumps(row, default=str) for key, row in rows.items() if key.partition("/")[2] not in ids}
    return {key.partition("/")[0] for key, text in texts.items() if any(id in text for id in ids)}


def test_customers_of_every_service_become_one_and_are_parted_while_processes_die(suite: Suite) -> None:
    with Client(suite.url, suite.api_key) as api, looking(suite) as oracle:
        customers = Customers(api)
        _settle(oracle)
        customers.come()
        _settle(oracle)
        customers.join_in()
        before, rows = _settle(oracle)
        merged = [customers.accounts[1], customers.contacts[1]]
        assert naming(rows, merged) >= CHILDREN

        customers.do(f"contacts/{customers.contacts[0]}:merge", {"merged_ids": customers.contacts[1:]})
        customers.do(f"accounts/{customers.accounts[0]}:merge", {"merged_ids": customers.accounts[1:]})
        _kill_all(suite)

        def nothing_names_the_merged() -> None:
            # But the survivors' lists of them, and the association that would say the same of the survivors twice.
            left = {"contacts.accounts", "contacts.contacts", "contacts.associations"}
            assert naming(fingerprint(oracle)[1], merged) <= left
            assert len(oracle.rows("contacts", "associations", record_ids=merged[0])) == 1
            assert not oracle.rows("contacts", "associations", record_ids=merged[1])

        eventually(nothing_names_the_merged, seconds=60)
        assert customers.get(f"contacts/{customers.contacts[1]}")["id"] == customers.contacts[0]
        [survivor] = oracle.rows("campaigns", "audience_members", _id=customers.contacts[0])
        assert (survivor["order_count"], len(survivor["preferences"])) == (2, 2)
        assert customers.get(f"contacts/{customers.contacts[0]}")["purchases"]["order_count"] == 2

        for plural, id in (("accounts", customers.accounts[0]), ("contacts", customers.contacts[0])):
            assert not customers.do(f"{plural}/{id}:unmerge").get("conflicts")
        _kill_all(suite)

        def everything_is_as_it_was() -> None:
            after, again = fingerprint(oracle)
            differing = {
                (key, name): (rows.get(key, {}).get(name), again.get(key, {}).get(name))
                for key in rows | again
                for name in rows.get(key, {}) | again.get(key, {})
                if rows.get(key, {}).get(name) != again.get(key, {}).get(name)
            }
            assert not differing
            assert after == before

        eventually(everything_is_as_it_was, seconds=60)
        assert oracle.dead_letters() == 0


def _kill_all(suite: Suite) -> None:
    pids = {victim: suite.kill(victim) for victim in VICTIMS}
    for victim, pid in pids.items():
        suite.wait_restarted(victim, pid, seconds=60)


def _settle(oracle: Oracle) -> tuple[str, dict[str, Any]]:
    """The fingerprint, once everything is told and nothing has changed for two seconds."""
    known, since = fingerprint(oracle), time.monotonic()
    deadline = since + 60
    while time.monotonic() < since + 2 or oracle.unpublished():
        assert time.monotonic() < deadline, "it never settles"
        time.sleep(0.2)
        if (now := fingerprint(oracle)) != known:
            known, since = now, time.monotonic()
    return known
