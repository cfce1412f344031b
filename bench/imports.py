"""`python -m bench.imports [rows] [standing]`: contacts out of a CSV file, tried, taken in, put out and taken back.

One contacts process with its relay and job runner, mongod and nats-server share the machine. Every row has a name, an e-mail
address, a telephone number, an external id and a city, and is checked, matched by external id and by e-mail address, kept, and
announced. `standing` contacts are there before, so that matching looks into a collection of that size.
"""

import io
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from crm.contacts.v1 import service_pb2

from bench import cost
from chassis import FileSettings, acting_as, new_id, transaction
from chassis.embedded import running
from chassis.importing.importing import BATCH
from chassis.testing import Caller, serving, somebody
from services.contacts.contact import Contact
from services.contacts.groundwork import COMPANIONS, prepare
from services.contacts.service import Contacts
from tests.contacts.importing import after, an_import, counts, state

_HEADER = "External ID,First name,Last name,E-mail,Mobile,City\n"


def main(rows: int, standing: int) -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), ("contacts",)) as servers,
        serving(
            service_pb2, Contacts(), servers.mongo_url("contacts"), servers.nats_url("contacts"), prepare=prepare,
            companions=COMPANIONS, settings=FileSettings,
        ) as calling_as,
    ):  # fmt: skip
        caller = calling_as(somebody())
        _fill(caller, standing)
        _measure(caller, a_file(rows), rows)


def a_file(rows: int) -> bytes:
    """The CSV file of so many people."""
    out = io.StringIO()
    out.write(_HEADER)
    for n in range(rows):
        out.write(f"p{n},Ada{n},Thorn{n % 997},ada{n}@firm{n % 499}.example,+49151{10_000_000 + n},Paris\n")
    return out.getvalue().encode()


def _fill(caller: Caller, standing: int) -> None:
    """Contacts as they are kept, straight into the collection."""
    at = 0
    with acting_as(caller.whom):
        pattern = Contact.fresh(given_name="Old", owner_id=caller.whom.user_id)
        while at < standing:
            batch = [_standing(pattern, n) for n in range(at, min(at + 5000, standing))]
            transaction.database()["contacts"].insert_many(batch, ordered=False)
            at += len(batch)


def _standing(pattern: Any, n: int) -> dict[str, Any]:
    row = pattern._stored()
    return row | {
        "_id": f"con_old{n:023d}", "emails": [{"address": f"old{n}@x.example", "primary": True}], "display_name": f"Old {n}",
        "search_tokens": ["old", str(n), f"old{n}@x.example"], "external_ids": [{"system": "import", "id": f"old{n}"}],
    }  # fmt: skip


def _measure(caller: Caller, data: bytes, rows: int) -> None:
    draft = an_import(caller, data)
    print(f"{rows:,} rows, {len(data) / 1e6:.0f} MB")
    tried = _timed("tried", rows, lambda: after(caller, "Validate", draft.id))
    assert counts(tried)["created"] == rows
    run = _timed("taken in", rows, lambda: _until_published(after(caller, "Start", draft.id)))
    assert state(run) == "DONE"
    _timed("bare", rows, lambda: _bare(caller.whom.tenant_id, rows))
    everything = transaction.database()["contacts"].count_documents({"tenant_id": caller.whom.tenant_id})
    out = _timed("put out", everything, lambda: _exported(caller))
    assert out.file_id
    _timed("taken back", rows, lambda: after(caller, "Revert", draft.id))


def _bare(tenant_id: str, rows: int) -> None:
    """The same documents and events once more, by the bare driver: what the database alone takes for them."""
    database = transaction.database()
    mine = {"tenant_id": tenant_id, "external_ids.id": {"$regex": "^p"}}
    records = list(database["contacts"].find(mine).limit(rows))
    events = {
        row["record_id"]: row for row in database["events"].find({"tenant_id": tenant_id, "subject": "contact.created"})
    }
    for start in range(0, len(records), BATCH):
        batch = records[start : start + BATCH]
        told = [events[each["_id"]] | {"_id": new_id("evt"), "tenant_id": "bare", "published": False} for each in batch]
        copies = [each | {"_id": new_id("con"), "tenant_id": "bare"} for each in batch]
        transaction.run(partial(_insert, database, copies, told))


def _insert(database: Any, records: list[Any], events: list[Any]) -> None:
    database["contacts"].insert_many(records)
    database["events"].insert_many(events)


def _until_published(run: Any) -> Any:
    unpublished = {"published": False}
    print(f"  {transaction.database()['events'].count_documents(unpublished):,} events wait for the bus at its end")
    return run


def _exported(caller: Caller) -> Any:
    from crm.common.v1 import requests_pb2
    from crm.contacts.v1 import export_pb2

    made = caller.CreateExport(export_pb2.CreateExportRequest(export={"noun": "contact", "format": "CSV"}))
    while state(found := caller.GetExport(requests_pb2.GetRequest(id=made.id))) != "DONE":
        time.sleep(0.1)
    return found


def _timed(what: str, rows: int, work: Callable[[], Any]) -> Any:
    mongod = [pid for pid in cost.trees({"all": os.getpid()})["all"] if pid != os.getpid()]
    began, mine, theirs = time.monotonic(), time.process_time(), cost.cpu(mongod)
    with _peak() as peak:
        found = work()
    seconds = time.monotonic() - began
    print(
        f"  {what:11} {rows / seconds:7,.0f} rows/s {seconds:6.1f} s   CPU per row: service "
        f"{(time.process_time() - mine) / rows * 1e6:4.0f} µs, servers {(cost.cpu(mongod) - theirs) / rows:4.0f} µs   "
        f"memory {peak.began:.0f} → {peak.most:.0f} MB"
    )
    return found


class _peak:  # noqa: N801  a context manager that reads like a word
    """The most memory that the process has during the block, in megabytes."""

    def __enter__(self) -> "_peak":
        self.began = self.most = _resident()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            self.most = max(self.most, _resident())


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
