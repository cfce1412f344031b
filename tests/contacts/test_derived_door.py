"""What is kept beside the fields of records can be made anew, for records from before it was kept."""

import subprocess
import sys
from typing import Any

import pytest
from crm.common.v1.listing_pb2 import ListRequest

from chassis import derived, transaction
from chassis.embedded import Servers
from chassis.testing import Caller
from services.contacts.contact import Contact
from services.contacts.record import Record
from tests.builders.fields import define
from tests.contacts.cases import CONTACT
from tests.contacts.customs import asked, where
from tests.contacts.test_objects_door import a_record, an_object


def stored(caller: Caller) -> dict[str, Any]:
    """The rows of contacts and records of objects."""
    mine = {"tenant_id": caller.whom.tenant_id}
    return {row["_id"]: row for name in ("contacts", "records") for row in transaction.database()[name].find(mine)}


def as_before_it_was_kept(caller: Caller) -> None:
    for name in ("contacts", "records"):
        gone = {"$unset": dict.fromkeys(derived.DERIVED, "")}
        transaction.database()[name].update_many({"tenant_id": caller.whom.tenant_id}, gone)


def made_anew() -> list[int]:
    return [sum(derived.make_anew(noun)) for noun in (Contact, Record)]


def test_records_from_before_are_found_again_and_nothing_else_changes(caller: Caller) -> None:
    made_anew()
    define(caller, "tier", index={"filters": True, "words": True})
    an_object(caller)
    define(caller, "power", "objects.machine", type="INTEGER", index={"filters": True})
    ada = CONTACT.create(caller, custom_fields={"tier": "gold"})
    a_record(caller, custom_fields={"power": 5})
    before = stored(caller)
    as_before_it_was_kept(caller)
    assert CONTACT.ids(caller, asked(**where("tier", "eq", "gold"))) == []
    assert made_anew() == [1, 1]
    assert stored(caller) == before
    assert CONTACT.ids(caller, asked(**where("tier", "eq", "gold"))) == [ada.id]
    assert CONTACT.ids(caller, ListRequest(query="thorn gold")) == [ada.id]
    assert made_anew() == [0, 0]


def test_a_run_that_breaks_off_is_gone_on_with(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    made_anew()
    monkeypatch.setattr(derived, "_BATCH", 2)
    for _ in range(5):
        CONTACT.create(caller)
    before = stored(caller)
    as_before_it_was_kept(caller)
    run = derived.make_anew(Contact)
    while not next(run):  # other tests' records come first
        pass
    next(run)
    run.close()
    assert 2 <= sum("search_tokens" in row for row in stored(caller).values()) <= 4
    rest = sum(derived.make_anew(Contact))
    assert 0 < rest < 5
    assert stored(caller) == before


def test_the_command_says_what_it_did_and_what_it_cannot_do(servers: Servers, caller: Caller) -> None:
    CONTACT.create(caller)

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        settings = {"PYTHONPATH": ":".join(sys.path), **more}
        command = [sys.executable, "-m", "chassis.derived", *arguments]
        return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=60)

    url = {"KITH_MONGO_URL": servers.mongo_url("contacts")}
    made_anew()
    as_before_it_was_kept(caller)
    done = run("services.contacts", "--noun", "contact", **url)
    assert (done.returncode, done.stdout) == (0, "contacts: 1 made anew\n"), done.stderr
    assert "KITH_MONGO_URL" in run("services.contacts").stderr
    assert run("services.nothing", **url).returncode == 2
