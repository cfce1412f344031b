"""One hash over everything that a refused request must not have touched: all domain collections, outboxes and inboxes."""

import hashlib
import time
from typing import Any

from bson import encode
from pymongo import MongoClient

from tests.faults.oracle import SERVICES, eventually, looking
from tests.suite import Suite

# The suite's own book-keeping: who relays, how often somebody guessed wrongly.
APART = ("leases", "guesses")
# Being recognised is noted by the minute, also for a request that is then refused.
NOTED = {"api_keys": ("last_use_time",), "api_key_proofs": ("use_time",), "sessions": ("use_time", "expire_time")}

Snapshot = dict[str, str]


def taken(client: MongoClient[dict[str, Any]]) -> Snapshot:
    """The hash of each collection, as `contacts.accounts`."""
    found: Snapshot = {}
    for service in SERVICES:
        database = client[f"kith_{service}"]
        for name, digest in database.command("dbHash")["collections"].items():
            if name not in (*APART, *NOTED):
                found[f"{service}.{name}"] = digest
        for name, noted in NOTED.items():
            rows = database[name].find({}, dict.fromkeys(noted, False)).sort("_id")
            found[f"{service}.{name}"] = hashlib.sha256(b"".join(map(encode, rows))).hexdigest()
    return found


def taken_of(client: MongoClient[dict[str, Any]], tenant_id: str) -> Snapshot:
    """The hash of what one tenant has in each collection."""
    found: Snapshot = {}
    for service in SERVICES:
        database = client[f"kith_{service}"]
        for name in set(database.list_collection_names()) - set(APART):
            rows = database[name].find({"tenant_id": tenant_id}, dict.fromkeys(NOTED.get(name, ()), False)).sort("_id")
            found[f"{service}.{name}"] = hashlib.sha256(b"".join(map(encode, rows))).hexdigest()
    return found


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """The collections that changed."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def settled(suite: Suite) -> None:
    """Return when nothing is under way any more: every event is published, every reaction done."""
    with looking(suite) as oracle, MongoClient[dict[str, Any]](suite.mongo_admin_url()) as client:

        def quiet() -> None:
            assert oracle.unpublished() == 0
            before = taken(client)
            time.sleep(1.0)
            assert before == taken(client)

        eventually(quiet)
