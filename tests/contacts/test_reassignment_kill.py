"""The process that does a reassignment is killed, paused and killed again: every record changes hands once, there and back."""

from collections import Counter

import pytest
from pymongo import MongoClient

from chassis import new_id
from chassis.embedded import Servers
from tests.contacts.importing import done, progress, state
from tests.contacts.killed import a_process
from tests.contacts.reassigning import a_reassignment, after, asked, ended
from tests.eventually import eventually

RECORDS = 3_000


@pytest.mark.timeout(300)
def test_no_record_changes_hands_twice_however_often_the_process_dies(servers: Servers) -> None:
    lines = "".join(f"Ada{n},ada{n}@x.example\n" for n in range(RECORDS))
    north = new_id("usr")
    with a_process(servers) as (process, caller), MongoClient(servers.mongo_url("contacts"), w="majority") as client:
        assert state(done(caller, f"First name,E-mail\n{lines}")) == "DONE"
        job = a_reassignment(caller, noun="contact", to_owner_id=north)
        database = client.get_default_database()
        mine = {"tenant_id": caller.whom.tenant_id}
        given = lambda: database["contacts"].count_documents({**mine, "owner_id": north})  # noqa: E731
        asked(caller, "Start", job.id)
        eventually(lambda: given() >= 200, seconds=90)
        process.kill()
        assert given() < RECORDS, "it was killed on its way"
        process.start()
        assert state(asked(caller, "Pause", job.id)) == "PAUSED"
        stands = given()
        assert stands < RECORDS
        process.outlive_leases()
        asked(caller, "Resume", job.id)
        eventually(lambda: given() >= stands + 200, seconds=90)
        process.kill()
        assert given() < RECORDS, "it was killed on its way again"
        process.outlive_leases()
        process.start()
        run = ended(caller, job.id, seconds=120)
        assert (state(run), progress(run)) == ("DONE", {"total": RECORDS, "done": RECORDS, "updated": RECORDS})
        assert given() == RECORDS
        told = database["events"].find({**mine, "type": "crm.contacts.v1.ContactUpdated"}, {"record_id": 1})
        assert set(Counter(row["record_id"] for row in told).values()) == {1}
        back = after(caller, "Revert", job.id)
        assert (state(back), progress(back)) == ("REVERTED", {"total": RECORDS, "done": RECORDS, "updated": RECORDS})
        assert given() == 0
