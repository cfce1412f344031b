"""Requests that must be refused, each kind for a reason of its own; dice choose where and with which record."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chassis.ids import new_id
from tests.checks.world import World

_READING = (":search", ":batchGet")
_OWN_PREFIX = {"accounts": "acc", "contacts": "con", "leads": "lead", "products": "prd", "opportunities": "opp"}
Body = dict[str, Any] | bytes | None


@dataclass(frozen=True)
class Denial:
    """One request of a kind, and who sends it."""

    kind: str
    caller: str
    method: str
    path: str
    body: Body = None
    headers: dict[str, str] = field(default_factory=dict)


class Denials:
    """Draws refusable requests against one world."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world, self._dice = world, dice
        self._routes = [
            (method.upper(), path)
            for path, methods in world.openapi["paths"].items()
            for method in methods
            if path.startswith("/v1/") and "sessions" not in path
        ]
        self._writes = [route for route in self._routes if route[0] != "GET" and not route[1].endswith(_READING)]
        self._kinds: list[Callable[[], Denial]] = [
            self.without_credential, self.with_unknown_key, self.without_permission, self.across_tenants, self.broken_json,
            self.unknown_field, self.operator_for_text, self.not_json, self.unknown_record, self.stale_revision,
            self.wrong_state, self.taken_external_id, self.foreign_session, self.wrong_password, self.bad_key_header,
            self.unknown_parameter, self.read_only_field,
        ]  # fmt: skip

    def draw(self) -> Denial:
        """One more."""
        return self._dice.choice(self._kinds)()

    def without_credential(self) -> Denial:
        """Nobody may do anything."""
        return self._plausible("without credential", "nobody", self._routes)

    def with_unknown_key(self) -> Denial:
        """A key that is nobody's."""
        return self._plausible("unknown key", "stranger", self._routes)

    def without_permission(self) -> Denial:
        """A reader who writes."""
        own = ("/users", "/api-keys", "/views", "/lists")  # what everybody keeps
        writes = [route for route in self._writes if not any(path in route[1] for path in own)]
        return self._plausible("without permission", "reader", writes)

    def across_tenants(self) -> Denial:
        """Another tenant's administrator who knows our ids."""
        inside = [route for route in self._routes if "{id}" in route[1] and "/tenants/" not in route[1]]
        return self._plausible("across tenants", "foreigner", inside)

    def broken_json(self) -> Denial:
        """A body that is no JSON, or JSON of the dangerous kinds."""
        broken = (
            b"{",
            b"[" * 100_000,
            b'{"name": NaN}',
            b'{"name": "\xff"}',
            b'{"a": 1, "a": 2}',
            b'{"name": "\\ud800"}',
        )
        return self._with_body("broken JSON", self._dice.choice(broken))

    def unknown_field(self) -> Denial:
        """A field that the contract does not have."""
        name = self._dice.choice(("tenant_id", "revision", "$set", "a.b", "__proto__", "search_tokens"))
        return self._with_body("unknown field", {name: "x"})

    def operator_for_text(self) -> Denial:
        """A query operator where a text belongs."""
        plural = self._dice.choice(list(_OWN_PREFIX))
        value = self._dice.choice(({"$ne": ""}, {"$regex": "^a"}, ["a"], 7))
        return Denial(
            "operator for text", "administrator", "POST", f"/v1/{plural}", {"name": value, "family_name": value}
        )

    def not_json(self) -> Denial:
        """Another media type."""
        method, path = self._dice.choice([route for route in self._writes if route[0] in ("POST", "PATCH", "PUT")])
        return Denial(
            "media type", "administrator", method, self._filled(path), b"name=x", {"Content-Type": "text/plain"}
        )

    def unknown_record(self) -> Denial:
        """An id that is nobody's."""
        plural, prefix = self._dice.choice(list(_OWN_PREFIX.items()))
        path = f"/v1/{plural}/{new_id(prefix)}"
        if self._dice.random() < 0.5:
            return Denial("unknown record", "administrator", "DELETE", path)
        return Denial("unknown record", "administrator", "PATCH", path, {"description": "x"})

    def stale_revision(self) -> Denial:
        """A change to what the caller has not seen."""
        path, tag = (
            self._record(("accounts", "contacts", "leads", "products", "opportunities")),
            {"If-Match": '"999999"'},
        )
        if self._dice.random() < 0.5:
            return Denial("stale revision", "administrator", "DELETE", path, headers=tag)
        return Denial("stale revision", "administrator", "PATCH", path, {"description": f"{self._dice.random()}"}, tag)

    def wrong_state(self) -> Denial:
        """A verb that the record's state does not allow."""
        deals = self._world.records["opportunities"]
        open_ones, closed = (
            [each["id"] for each in deals if (each["status"] == "OPEN") is wanted] for wanted in (True, False)
        )
        lead = self._dice.choice(self._world.records["leads"])["id"]
        path, body = self._dice.choice((
            (f"/v1/opportunities/{self._dice.choice(closed)}:win", {}),
            (f"/v1/opportunities/{self._dice.choice(closed)}:lose", {"reason": "x"}),
            (f"/v1/opportunities/{self._dice.choice(closed)}:move", {"stage": "proposal"}),
            (f"/v1/opportunities/{self._dice.choice(open_ones)}:reopen", {}),
            (f"/v1/opportunities/{self._dice.choice(open_ones)}:placeOrder", {}),
            (f"/v1/opportunities/{self._dice.choice(open_ones)}:move", {"stage": "no_such_stage"}),
            (f"/v1/leads/{lead}:reopen", {}),
            (f"/v1/leads/{lead}:restore", {}),
        ))  # fmt: skip
        return Denial("wrong state", "administrator", "POST", path, body)

    def taken_external_id(self) -> Denial:
        """A name in another system that another record has."""
        known = self._dice.choice(self._world.records["accounts"])["external_ids"]
        return Denial(
            "taken external id", "administrator", "POST", "/v1/accounts", {"name": "Copy", "external_ids": known}
        )

    def foreign_session(self) -> Denial:
        """A cookie that is no session's, with and without a proof of our own pages."""
        headers = {"Cookie": "kith_session=forged", "X-CSRF-Token": "forged", "Origin": "https://elsewhere.example"}
        return self._plausible("foreign session", "nobody", self._writes, **headers)

    def wrong_password(self) -> Denial:
        """A guess."""
        guess = {"email": self._dice.choice(("admin@kith.example", "none@kith.example")), "password": "guess"}
        return Denial("wrong password", "nobody", "POST", "/v1/sessions", guess)

    def bad_key_header(self) -> Denial:
        """An Idempotency-Key or a tag of the wrong shape."""
        headers = self._dice.choice(({"Idempotency-Key": "x" * 300}, {"If-Match": 'W/"1"'}, {"If-Match": "a, b"}))
        return Denial("condition", "administrator", "PATCH", self._record(("accounts",)), {"industry": "x"}, headers)

    def unknown_parameter(self) -> Denial:
        """A query parameter, an order, a page that nobody knows."""
        query = self._dice.choice(
            ("nope=1", "order_by=search_tokens", "page_size=9999", "page_token=forged", "tenant_id=x")
        )
        return Denial(
            "unknown parameter", "administrator", "GET", f"/v1/{self._dice.choice(list(_OWN_PREFIX))}?{query}"
        )

    def read_only_field(self) -> Denial:
        """A value that only the service sets."""
        body = self._dice.choice(({"create_time": "2020-01-01T00:00:00Z"}, {"deleted_time": "2020-01-01T00:00:00Z"}))
        return Denial(
            "read-only field", "administrator", "PATCH", self._record(("accounts", "contacts", "leads")), body
        )

    # ---------------------------------------------------------------- pieces

    def _plausible(self, kind: str, caller: str, routes: list[tuple[str, str]], **headers: str) -> Denial:
        method, path = self._dice.choice(routes)
        body = None if method in ("GET", "DELETE") else self._example(method, path)
        return Denial(kind, caller, method, self._filled(path), body, headers)

    def _with_body(self, kind: str, body: Body) -> Denial:
        method, path = self._dice.choice([route for route in self._writes if route[0] in ("POST", "PATCH", "PUT")])
        return Denial(kind, "administrator", method, self._filled(path), body)

    def _example(self, method: str, path: str) -> dict[str, Any]:
        operation = self._world.openapi["paths"][path][method.lower()]
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        return json.loads(json.dumps(content.get("example", {})))

    def _filled(self, path: str) -> str:
        """The path with a record of the sample company in it where there is one."""
        plural = path.split("/")[2].partition(":")[0]
        records = self._world.records.get(plural) or [{"id": new_id("acc")}]
        filled = path.replace("{id}", self._dice.choice(records)["id"])
        filled = filled.replace("{noun}", "contact").replace("{key}", "machine")
        return filled.replace("{system}", "sample").replace("{external_id}", "nothing-like-it")

    def _record(self, plurals: tuple[str, ...]) -> str:
        plural = self._dice.choice(plurals)
        return f"/v1/{plural}/{self._dice.choice(self._world.records[plural])['id']}"
