"""The people and records that a check of refusals plays with: the sample company, and callers of several kinds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.rest import Answer, Client
from tests.suite import Suite

PLURALS = ("accounts", "contacts", "leads", "products", "pipelines", "opportunities", "users", "api-keys")
PASSWORD = "correct horse battery staple"
STRANGER = f"kith_{'0' * 8}_{'A' * 43}"  # has the shape of a key, and is nobody's


@dataclass(frozen=True)
class World:
    """Keys by caller, records by plural, and the API's own description of itself."""

    suite: Suite
    keys: Mapping[str, str]
    records: Mapping[str, list[dict[str, Any]]]
    openapi: Mapping[str, Any]

    def client(self, caller: str) -> Client:
        """A client that speaks for `administrator`, `reader`, `seller`, `foreigner` (another tenant's administrator),
        `stranger` (with an unknown key) or `nobody`."""
        return Client(self.suite.url, self.keys[caller])


def made(suite: Suite) -> World:
    """The world of a suite with its sample company."""
    with Client(suite.url, suite.api_key) as api:
        keys = {"administrator": suite.api_key, "stranger": STRANGER, "nobody": ""}
        for caller, role in (("reader", "read_only"), ("seller", "sales_rep")):
            keys[caller] = key_of(api, user(api, caller, role)["id"])
        keys["foreigner"] = _foreign_key(suite, api)
        records = {plural: _done(api.send("GET", f"/v1/{plural}")) for plural in PLURALS}
        openapi = _done(api.send("GET", "/openapi.json"))
    listed = {plural: answer[plural.replace("-", "_")] for plural, answer in records.items()}
    return World(suite, keys, listed, openapi)


def user(api: Client, name: str, role: str) -> dict[str, Any]:
    """A new user with this role."""
    person = {"email": f"{name}@kith.example", "display_name": name.title(), "roles": [role]}
    return _done(api.send("POST", "/v1/users", person))


def key_of(api: Client, user_id: str) -> str:
    """A new API key of the user."""
    return _done(api.send("POST", "/v1/api-keys", {"name": "Check", "user_id": user_id}))["secret"]


def signed_in(suite: Suite, email: str, password: str) -> tuple[Client, dict[str, str]]:
    """A client without a key, and the headers of a browser session that began so."""
    api = Client(suite.url)
    answer = api.send("POST", "/v1/sessions", {"email": email, "password": password})
    session = {"Cookie": answer.headers["set-cookie"].partition(";")[0], "X-CSRF-Token": _done(answer)["csrf_token"]}
    return api, session


def _foreign_key(suite: Suite, api: Client) -> str:
    email = "admin@foreign.example"
    tenant = {"name": "Foreign", "key": "foreign", "administrator_email": email, "administrator_password": PASSWORD}
    _done(api.send("POST", "/v1/tenants", tenant))
    visitor, session = signed_in(suite, email, PASSWORD)
    with visitor:
        return _done(visitor.send("POST", "/v1/api-keys", {"name": "Foreign"}, **session))["secret"]


def _done(answer: Answer) -> Any:
    assert answer.acknowledged, f"{answer.status} {answer.content[:500]!r}"
    return answer.body
