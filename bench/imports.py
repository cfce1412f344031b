"""`python -m bench.imports [--rows 100000] [--standing 1000000] [--folder DIR]`: contacts out of a CSV file, and back.

Two processes of contacts, which is the least that a deployment has, mongod and nats-server share the machine: one process does
the import, the other happens to relay the events of both. Every row has a name, an e-mail address, a telephone number, an
external id and a city, and is checked, matched by external id and by e-mail address, kept, and announced. `standing` contacts are
there before, of the same shape, so that matching and the indexes meet a collection of that size; with `folder` they stay there
for the next time. mongod has the memory that it takes by itself on a machine of 8 GB.

Beside it the bare driver inserts the same documents and events, in batches of the same size: what the database alone takes. Then
a second file changes half of the records and makes as many new ones, somebody edits a hundredth of them, and the import of the
second file is taken back: what was edited since must stay, and be listed.
"""

import argparse
import io
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from crm.common.v1 import requests_pb2
from crm.contacts.v1 import contact_pb2, export_pb2, import_pb2, service_pb2
from pymongo import MongoClient

from bench import cost
from chassis import acting_as, new_id, transaction
from chassis.embedded import Servers
from chassis.embedded import running as serving
from chassis.importing.importing import BATCH
from chassis.testing import Caller, somebody
from services.contacts.contact import Contact
from tests.contacts.importing import END, an_import, counts, result, state
from tests.process import Process, running

_HEADER = "External ID,First name,Last name,E-mail,Mobile,City\n"
_TENANT = "ten_bench"
_SERVICES = (
    "identity",
    "contacts",
    "sales",
    "support",
    "campaigns",
)  # whose users know to which streams contacts listens
_CACHE = "3G"  # of mongod


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=50_000, help="of the file")
    asked.add_argument(
        "--standing", type=int, default=0, help="contacts that are there before; 1,000,000 take about 4 GB"
    )
    asked.add_argument("--folder", type=Path, help="where they stay; by default they are gone at the end")
    asked.add_argument("--only-fill", action="store_true", help="make the standing contacts, and measure another time")
    given = asked.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(given.folder or Path(folder), _SERVICES) as servers,
        _processes(servers) as (watch, caller),
    ):
        _fill(caller, given.standing)
        if not given.only_fill:
            _measure(caller, watch, given.rows)


@contextmanager
def _processes(servers: Servers) -> Iterator[tuple["_Watch", Caller]]:
    """Two processes, whose first one relays; gives the other's door."""
    with MongoClient[Any](servers.mongod.admin_url) as admin:
        admin.admin.command("setParameter", 1, wiredTigerEngineRuntimeConfig=f"cache_size={_CACHE}")
    transaction.connect(servers.mongo_url("contacts"))
    with running(Process(servers, "services.contacts", "contacts")) as relaying, relaying.caller(service_pb2):
        importing = Process(servers, "services.contacts", "contacts")
        with running(importing), importing.caller(service_pb2) as caller:
            pids = {
                "importing": importing.pid, "relaying": relaying.pid,
                "mongod": servers.mongod.pid, "nats": servers.nats.pid,
            }  # fmt: skip
            yield _Watch(pids), replace(caller, whom=somebody(_TENANT))
    transaction.disconnect()


def a_file(first: int, rows: int, city: str = "Paris", run: str = "p") -> bytes:
    """The CSV file of so many people, from the `first` on."""
    out = io.StringIO()
    out.write(_HEADER)
    for n in range(first, first + rows):
        number = f"+49151{10_000_000 + n}"
        out.write(f"{run}{n},Ada{n},Thorn{n % 997},ada{n}@{run}{n % 499}.example,{number},{city}\n")
    return out.getvalue().encode()


# ---------------------------------------------------------------- what is there before


def _fill(caller: Caller, standing: int) -> None:
    """Contacts as imports keep them, straight into the collection."""
    contacts = transaction.database()["contacts"]
    at, began = contacts.estimated_document_count() if standing else 0, time.monotonic()
    with acting_as(caller.whom):
        pattern = _pattern(caller)
    while at < standing:
        many = min(5000, standing - at)
        contacts.insert_many([_standing(pattern, n) for n in range(at, at + many)], ordered=False)
        at += many
    print(f"{at:,} contacts stand, made in {time.monotonic() - began:.0f} s", flush=True)


def _pattern(caller: Caller) -> dict[str, Any]:
    """A stored contact with all that is kept beside its fields."""
    record = Contact.fresh(given_name="Old", family_name="Standing", owner_id=caller.whom.user_id)
    record.phones = [{"number": "+4930123456", "type": "MOBILE"}]
    record.addresses = [{"locality": "Paris"}]
    record.settle()
    return record._row()


def _standing(pattern: dict[str, Any], n: int) -> dict[str, Any]:
    mail, number, name = f"old{n}@old{n % 499}.example", f"+49152{10_000_000 + n}", f"old{n} standing{n % 997}"
    return pattern | {
        "_id": f"con_0{n:025d}", "given_name": f"Old{n}", "display_name": name.title(),
        "emails": [{"address": mail, "primary": True}], "phones": [{**pattern["phones"][0], "number": number}],
        "external_ids": [{"system": "import", "id": f"old{n}"}],
        "search_tokens": [*name.split(), mail, *mail.split("@"), number[1:], number[3:]],
        "duplicate_keys": [f"email:{mail}", f"phone:{number}", f"external_id:import/old{n}", *pattern["duplicate_keys"]],
    }  # fmt: skip


# ---------------------------------------------------------------- what is measured


def _measure(caller: Caller, watch: "_Watch", rows: int) -> None:
    run = f"r{time.time_ns():x}-"  # a folder that stays knows the people of the time before
    timed = watch.timed
    draft = an_import(caller, a_file(0, rows, run=run))
    tried = timed("tried", rows, lambda: _done(caller, "Validate", draft.id))
    assert counts(tried)["created"] == rows
    taken = timed("taken in", rows, lambda: _told(_done(caller, "Start", draft.id)))
    assert (state(taken), counts(taken)["created"]) == ("DONE", rows)
    made = [id for _, id, _ in _changes(draft.id, "created")]
    _bare(timed, made)
    _published()
    timed("put out", rows, lambda: _exported(caller))
    _reverted(caller, timed, rows, run)


def _reverted(caller: Caller, timed: Any, rows: int, run: str) -> None:
    """A second file that changes and makes, edits of some of what it did, and the way back."""
    again = an_import(caller, a_file(rows // 2, rows, "Lyon", run))
    changed = timed("changed", rows, lambda: _done(caller, "Start", again.id))
    assert counts(changed) == {"done": rows, "updated": rows // 2, "created": rows - rows // 2}
    ids = [each["id"] for each in _changes(again.id, "updated")] + [id for _, id, _ in _changes(again.id, "created")]
    edited = ids[:: max(1, rows // (rows // 100))]
    for id in edited:
        contact = contact_pb2.Contact(id=id, job_title="edited since")
        caller.UpdateContact(contact_pb2.UpdateContactRequest(contact=contact, update_mask={"paths": ["job_title"]}))
    undone = timed("taken back", rows, lambda: _done(caller, "Revert", again.id))
    contacts = transaction.database()["contacts"]
    left = contacts.count_documents({"_id": {"$in": ids}, "deleted_time": None, "addresses.locality": "Lyon"})
    listed = {line[2] for line in result(caller, undone)}
    print(f"  {len(edited):,} were edited since: {len(listed):,} listed, {left:,} still as the second file said")
    assert (state(undone), listed, left) == ("REVERTED", set(edited), len(edited))


def _done(caller: Caller, verb: str, id: str) -> Any:
    getattr(caller, f"{verb}Import")(getattr(import_pb2, f"{verb}ImportRequest")(id=id))
    while state(found := caller.GetImport(requests_pb2.GetRequest(id=id))) not in END:
        time.sleep(0.25)
    return found


def _told(found: Any) -> Any:
    """The same, when all its events are published."""
    _published()
    return found


def _changes(job_id: str, what: str) -> Iterator[Any]:
    for row in transaction.database()["import_changes"].find({"job_id": job_id}, {what: 1}):
        yield from row[what]


def _published() -> None:
    while transaction.database()["events"].find_one({"published": False}, {"_id": 1}):
        time.sleep(0.05)


def _bare(timed: Any, ids: list[str]) -> None:
    """The same documents and events once more by the bare driver: read batch by batch, and only the writing is measured."""
    contacts, events = transaction.database()["contacts"], transaction.database()["events"]
    batches = []
    for start in range(0, len(ids), BATCH):
        these = {"$in": ids[start : start + BATCH]}
        records = [each | {"_id": new_id("con"), "tenant_id": "bare"} for each in contacts.find({"_id": these})]
        told = [
            each | {"_id": new_id("evt"), "tenant_id": "bare", "published": False, "publish_time": None}
            for each in events.find({"tenant_id": _TENANT, "record_id": these, "revision": 1})
        ]
        batches.append((records, told))
    timed("bare", len(ids), lambda: [transaction.run(partial(_insert, *batch)) for batch in batches])


def _insert(records: list[Any], told: list[Any]) -> None:
    transaction.database()["contacts"].insert_many(records)
    transaction.database()["events"].insert_many(told)


def _exported(caller: Caller) -> Any:
    mine = {"field": "owner_id", "op": "eq", "value": {"string_value": caller.whom.user_id}}
    made = caller.CreateExport(
        export_pb2.CreateExportRequest(export={"noun": "contact", "format": "CSV", "filter": mine})
    )
    while state(found := caller.GetExport(requests_pb2.GetRequest(id=made.id))) != "DONE":
        time.sleep(0.1)
    return found


@dataclass(frozen=True)
class _Watch:
    """The processes at work, by name."""

    pids: dict[str, int]

    def timed(self, what: str, rows: int, work: Callable[[], Any]) -> Any:
        """Do the work, and print its rate, what a row of it cost, and the memory of the process that imports."""
        began, before = time.monotonic(), {name: cost.cpu([pid]) for name, pid in self.pids.items()}
        with self._memory() as memory:
            found = work()
        seconds = time.monotonic() - began
        spent = ", ".join(f"{name} {(cost.cpu([pid]) - before[name]) / rows:.0f}" for name, pid in self.pids.items())
        print(
            f"  {what:11} {rows / seconds:7,.0f} rows/s {seconds:6.1f} s   µs of CPU per row: {spent}   "
            f"memory {memory[0]:.0f} → {max(memory):.0f} MB",
            flush=True,
        )
        return found

    @contextmanager
    def _memory(self) -> Iterator[list[float]]:
        """What it is at the start of the block, and twice a second until its end, in megabytes."""
        memory, over = [cost.memory([self.pids["importing"]]).rss], threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                memory.append(cost.memory([self.pids["importing"]]).rss)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield memory
        finally:
            over.set()
            thread.join()


if __name__ == "__main__":
    main()
