"""`make check-durability`: whatever is acknowledged is on disk.

The broker calls for the disk at least once per acknowledged event; it and MongoDB are set so; and of all that the processes
write to MongoDB under a workload, every write waits for a majority.
"""

import argparse
import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from pymongo import MongoClient

from tests.checks.syncs import Syncs
from tests.checks.verdict import UNLIMITED, Verdict, concluded
from tests.checks.write_log import WriteLog
from tests.faults.oracle import Oracle, eventually, looking
from tests.rest import Client
from tests.suite import Suite

CLIENTS = 4


def check(events: int, suite: Suite, verdict: Verdict) -> None:
    """Create `events` accounts, and look at what the two servers did for each."""
    _settings_are_durable(suite, verdict)
    log, syncs = WriteLog(suite), Syncs()
    with looking(suite) as oracle:
        before = oracle.published()
        with log.kept(), syncs.counted(suite.processes()["nats-server"]):
            _work(suite, events)
            eventually(partial(_all_published, oracle))
        acknowledged = oracle.published() - before
    verdict.facts |= {"events_acknowledged": acknowledged, "syncs": syncs.count, "writes": log.tally()}
    verdict.demand(acknowledged >= events, f"only {acknowledged} of {events} events were acknowledged")
    if syncs.count is None:
        verdict.facts["not_measured"] = f"syncs of the broker: {syncs.reason}"
    else:
        verdict.demand(syncs.count >= acknowledged, f"{acknowledged} acknowledgements, {syncs.count} syncs")
    verdict.demand(log.majority > events, f"only {log.majority} writes were seen")
    verdict.demand(not log.weak, f"{len(log.weak)} writes wait for less than a majority, such as {log.weak[:3]}")


def _settings_are_durable(suite: Suite, verdict: Verdict) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{suite.ports['nats_monitor']}/varz") as answer:
        store = json.load(answer)["jetstream"]["config"]
    verdict.facts["sync_always"] = store.get("sync_always")
    verdict.demand(store.get("sync_always") is True, f"nats-server's store: {store}")
    with MongoClient(suite.mongo_admin_url()) as client:
        config = client.admin.command("replSetGetConfig")["config"]
        default: dict[str, Any] = client.admin.command("getDefaultRWConcern")["defaultWriteConcern"]
    verdict.facts |= {
        "majority_means_journalled": config["writeConcernMajorityJournalDefault"],
        "default_write_concern": default,
    }
    verdict.demand(config["writeConcernMajorityJournalDefault"] is True, "a majority does not wait for the journal")
    verdict.demand(default.get("w") == "majority", f"the default write concern is {default}")


def _work(suite: Suite, events: int) -> None:
    """Write over every kind of path: create, change, delete, convert, sign in."""

    def write(numbers: range) -> None:
        api = Client(suite.url, suite.api_key)
        for number in numbers:
            made = api.insist(
                "POST", "/v1/accounts", {"name": f"Account {number}"}, idempotency_key=f"durable-{number}"
            )
            assert made.status == 201, made.content
            if number % 50 == 0:
                _write_the_rest(api, made.body["id"], number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(write, [range(start, events, CLIENTS) for start in range(CLIENTS)]))


def _write_the_rest(api: Client, account_id: str, number: int) -> None:
    lead = api.insist("POST", "/v1/leads", {"family_name": f"Lead {number}", "company_name": f"Company {number}"})
    deal = api.insist("POST", "/v1/opportunities", {"name": f"Sale {number}", "account_id": account_id})
    user = {"email": f"user{number}@kith.example", "display_name": f"User {number}", "roles": ["sales_rep"]}
    for path, body in (
        (f"/v1/leads/{lead.body['id']}:convert", {}),
        (f"/v1/opportunities/{deal.body['id']}:win", {}),
        ("/v1/users", user),
        ("/v1/api-keys", {"name": f"Key {number}"}),
        ("/v1/sessions", {"email": "nobody@kith.example", "password": "not the password"}),
    ):
        api.insist("POST", path, body)
    api.insist("PATCH", f"/v1/accounts/{account_id}", {"industry": "Retail"})
    api.insist("DELETE", f"/v1/accounts/{account_id}")


def _all_published(oracle: Oracle) -> None:
    assert oracle.unpublished() == 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make check-durability", description=__doc__)
    parser.add_argument("--events", type=int, default=1000)
    concluded("durability", partial(check, parser.parse_args().events), **UNLIMITED)
