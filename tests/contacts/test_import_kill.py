"""The process that does an import is killed, again and again: every row comes in once, and every row can be taken back."""

from collections import Counter

import pytest
from crm.contacts.v1 import import_pb2
from pymongo import MongoClient

from chassis.embedded import Servers
from tests.contacts.importing import after, an_import, counts, ended, state
from tests.contacts.killed import a_process
from tests.eventually import eventually

ROWS = 12_000


@pytest.mark.timeout(300)
def test_no_row_comes_in_twice_however_often_the_process_dies(servers: Servers) -> None:
    lines = "".join(f"p{n},Ada{n},ada{n}@x.example\n" for n in range(ROWS))
    with a_process(servers) as (process, caller), MongoClient(servers.mongo_url("contacts"), w="majority") as client:
        database = client.get_default_database()
        draft = an_import(caller, f"External ID,First name,E-mail\n{lines}")
        mine = {"tenant_id": caller.whom.tenant_id}
        caller.StartImport(import_pb2.StartImportRequest(id=draft.id))
        for least in (500, 3000):
            eventually(lambda least=least: database["contacts"].count_documents(mine) >= least, seconds=90)
            process.kill()
            assert database["contacts"].count_documents(mine) < ROWS, "it was killed on its way"
            process.outlive_leases()
            process.start()
        run = ended(caller, draft.id, seconds=120)
        assert (state(run), counts(run)) == ("DONE", {"done": ROWS, "created": ROWS})
        names = Counter(row["given_name"] for row in database["contacts"].find(mine, {"given_name": 1}))
        assert (len(names), set(names.values())) == (ROWS, {1})
        events = database["events"].count_documents({**mine, "type": "crm.contacts.v1.ContactCreated"})
        assert events == ROWS
        undone = after(caller, "Revert", draft.id, seconds=120)
        assert (state(undone), undone.progress.updated_count) == ("REVERTED", ROWS)
        assert database["contacts"].count_documents({**mine, "deleted_time": None}) == 0
