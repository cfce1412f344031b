"""A tenant of a test's own, so that journeys may run in any order in one suite and none sees another's records."""

import contextlib
from typing import Any

from chassis.ids import new_id
from tests.rest import Client
from tests.suite import Suite

PASSWORD = "a long way to the harbour"


class Company:
    """A tenant and the people who work there. `administrator` may do everything in it."""

    def __init__(self, suite: Suite, operator: Client, clients: contextlib.ExitStack) -> None:
        self._suite, self._clients = suite, clients
        self.mail_listener = suite.mail_listener
        self.key = new_id("ten").removeprefix("ten_")
        self.email = f"ada@{self.key}.example"
        self.tenant = operator.post(
            "/v1/tenants",
            {
                "name": f"Company {self.key}", "key": self.key,
                "administrator_email": self.email, "administrator_password": PASSWORD,
            },
        ).body  # fmt: skip
        with self._suite.client() as browser:
            self.administrator = self._caller(self._first_key(browser))

    def hire(self, name: str, *roles: str, **fields: Any) -> Client:
        """A new user with these roles, calling by an API key of the own."""
        email = f"{name.lower().replace(' ', '.')}@{self.key}.example"
        user = self.administrator.post(
            "/v1/users", {"email": email, "display_name": name, "roles": list(roles), **fields}
        ).body
        key = self.administrator.post("/v1/api-keys", {"name": "journey", "user_id": user["id"]})["secret"]
        client = self._caller(key)
        client.user_id = user["id"]
        return client

    def _first_key(self, browser: Client) -> str:
        session = browser.post("/v1/sessions", {"email": self.email, "password": PASSWORD, "tenant_key": self.key})
        headers = {"cookie": session.headers["set-cookie"].partition(";")[0], "x_csrf_token": session["csrf_token"]}
        return str(browser.post("/v1/api-keys", {"name": "journey"}, **headers)["secret"])

    def _caller(self, api_key: str) -> Client:
        return self._clients.enter_context(self._suite.client(api_key))
