"""The process that does an import is killed, again and again: every row comes in once, and every row can be taken back."""

from collections import Counter

import pytest
from crm.contacts.v1 import import_pb2
from pymongo import MongoClient

from chassis.embedded import Servers
from chassis.importing.importing import BATCH
from tests.contacts.importing import an_import, counts, ended, state
from tests.contacts.killed import a_process
from tests.eventually import eventually
from tests.process import Process

ROWS = 8 * BATCH


@pytest.mark.timeout(300)
def test_no_row_comes_in_twice_however_often_the_process_dies(servers: Servers) -> None:
    lines = "".join(f"p{n},Ada{n},ada{n}@x.example\n" for n in range(ROWS))
    with a_process(servers) as (process, caller), MongoClient(servers.mongo_url("contacts"), w="majority") as client:
        database = client.get_default_database()
        draft = an_import(caller, f"External ID,First name,E-mail\n{lines}")
        mine = {"tenant_id": caller.whom.tenant_id}
        live = {**mine, "deleted_time": None}
        standing = lambda: database["contacts"].count_documents(live)  # noqa: E731
        told = lambda type: database["events"].count_documents({**mine, "type": f"crm.contacts.v1.{type}"})  # noqa: E731

        caller.StartImport(import_pb2.StartImportRequest(id=draft.id))
        for least in (1, 2 * BATCH):
            eventually(lambda least=least: standing() >= least, seconds=90)
            _die(process)
            assert standing() < ROWS, "it was killed on its way"
        run = ended(caller, draft.id, seconds=120)
        assert (state(run), counts(run)) == ("DONE", {"done": ROWS, "created": ROWS})
        names = Counter(row["given_name"] for row in database["contacts"].find(mine, {"given_name": 1}))
        assert (len(names), set(names.values())) == (ROWS, {1})
        assert told("ContactCreated") == ROWS

        caller.RevertImport(import_pb2.RevertImportRequest(id=draft.id))
        eventually(lambda: standing() < ROWS, seconds=90)
        _die(process)
        assert standing(), "it was killed on its way back"
        undone = ended(caller, draft.id, seconds=120)
        assert (state(undone), undone.progress.updated_count) == ("REVERTED", ROWS)
        assert (standing(), told("ContactDeleted")) == (0, ROWS)


def _die(process: Process) -> None:
    """Kill the process and start another."""
    process.kill()
    process.outlive_leases()
    process.start()
