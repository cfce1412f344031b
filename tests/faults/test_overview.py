"""Overviews while a service of the running suite is paused or gone: the rest is told, and what was told before, with its age."""

import os
import signal
import time
from typing import Any

from tests.openapi import check
from tests.rest import Client
from tests.suite import Suite


def test_an_overview_outlives_a_service_that_hangs_and_one_that_is_killed(suite: Suite) -> None:
    with Client(suite.url, suite.api_key, seconds=30) as client:
        _outlives(suite, client)


def _outlives(suite: Suite, client: Client) -> None:
    account = client.send("POST", "/v1/accounts", {"name": "Pier Nine"}).body["id"]
    path = f"/v1/accounts/{account}/overview"

    def look() -> dict[str, Any]:
        answer = client.send("GET", path)
        check("GET", path, answer.status, answer.headers, answer.content)
        assert answer.status == 200
        return answer.body

    def unwell(seen: dict[str, Any]) -> dict[str, str]:
        return {name: block["state"] for name, block in seen.items() if block["state"] != "FRESH"}

    assert not unwell(look())  # the connection stays with one worker of the gateway, which remembers
    paused = suite.processes()["support"]
    os.kill(paused, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert unwell(look()) == {"tickets": "STALE", "open_tickets": "STALE"}
        assert time.monotonic() - began < 5
    finally:
        os.kill(paused, signal.SIGCONT)
    killed = suite.kill("sales")
    seen = look()
    assert set(unwell(seen)) <= {"open_opportunities", "pipeline", "orders"}
    assert set(unwell(seen).values()) <= {"STALE"}
    suite.wait_restarted("sales", killed)
    deadline = time.monotonic() + 20
    while unwell(look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
