"""The standard methods at the door, the same for accounts, contacts and leads."""

import threading
from collections.abc import Callable
from datetime import timedelta

import grpc
from crm.common.v1 import requests_pb2
from crm.common.v1.listing_pb2 import ListRequest
from crm.common.v1.requests_pb2 import (
    BatchDeleteRequest,
    BatchGetRequest,
    DeleteRequest,
    GetRequest,
    PurgeRequest,
    RestoreRequest,
)

from chassis import new_id, now, retention, transaction
from chassis.indexes import RESTORABLE
from chassis.testing import Caller, details, reason
from services.contacts.service import Contacts
from tests.contacts.cases import Case, every_noun
from tests.refused import refused

NOBODY = "there_is_none"


@every_noun
def test_what_was_made_is_read_back(case: Case, caller: Caller) -> None:
    made = case.create(caller, description="met at the garden fair")
    assert case.call(caller, "Get", GetRequest(id=made.id)) == made
    assert made.owner_id == caller.whom.user_id
    assert made.etag


@every_noun
def test_a_record_that_is_not_there_is_not_found(case: Case, caller: Caller) -> None:
    missing = new_id({"Account": "acc", "Contact": "con", "Lead": "lead"}[case.name])
    for method, request in (("Get", GetRequest), ("Delete", DeleteRequest), ("Restore", RestoreRequest)):
        assert reason(refused(case.call, caller, method, request(id=missing))) == "NOT_FOUND"
    assert reason(refused(case.update, caller, missing, description="x")) == "NOT_FOUND"


@every_noun
def test_an_update_changes_what_its_mask_names_and_clears_what_has_no_value(case: Case, caller: Caller) -> None:
    made = case.create(caller, description="met at the garden fair", tags=["roses"])
    changed = case.update(caller, made.id, mask=("description", "tags"), tags=["vip"])
    assert (changed.description, list(changed.tags)) == ("", ["vip"])
    assert changed.etag != made.etag
    assert case.call(caller, "Get", GetRequest(id=made.id)) == changed


@every_noun
def test_an_update_that_changes_nothing_leaves_the_etag(case: Case, caller: Caller) -> None:
    made = case.create(caller, description="met at the garden fair")
    again = case.update(caller, made.id, description="met at the garden fair")
    assert again == made == case.call(caller, "Get", GetRequest(id=made.id))


@every_noun
def test_an_update_of_what_has_changed_meanwhile_is_refused(case: Case, caller: Caller) -> None:
    made = case.create(caller)
    seen = caller.saying(if_match=made.etag)
    changed = case.update(seen, made.id, description="first")
    assert reason(refused(case.update, seen, made.id, description="second")) == "STALE_REVISION"
    assert case.update(caller.saying(if_match=changed.etag), made.id, description="second").description == "second"


@every_noun
def test_fields_of_the_service_cannot_be_set(case: Case, caller: Caller) -> None:
    error = refused(case.create, caller, deleted_time={"seconds": 1})
    assert list(details(error)["violations"]) == [f"{case.field}.deleted_time"]


@every_noun
def test_the_same_idempotency_key_gives_the_first_answer(case: Case, caller: Caller) -> None:
    keyed = caller.saying(idempotency_key="spring-fair-1")
    assert case.create(keyed) == case.create(keyed)
    assert len(case.ids(caller, ListRequest())) == 1
    assert reason(refused(case.create, keyed, description="another")) == "IDEMPOTENCY_KEY_REUSED"


@every_noun
def test_a_deleted_record_leaves_the_lists_and_comes_back(case: Case, caller: Caller) -> None:
    made = case.create(caller)
    gone = case.call(caller, "Delete", DeleteRequest(id=made.id))
    assert gone.HasField("deleted_time")
    assert case.ids(caller, ListRequest()) == []
    assert case.ids(caller, ListRequest(with_deleted=True)) == [made.id]
    assert reason(refused(case.update, caller, made.id, description="x")) == "NOT_FOUND"
    back = case.call(caller, "Restore", RestoreRequest(id=made.id))
    assert not back.HasField("deleted_time")
    assert case.ids(caller, ListRequest()) == [made.id]
    assert reason(refused(case.call, caller, "Restore", RestoreRequest(id=made.id))) == "NOT_DELETED"


@every_noun
def test_a_purged_record_never_comes_back_and_its_names_are_free(case: Case, caller: Caller) -> None:
    made = case.upsert(caller, "erp", "4711")
    assert reason(refused(case.call, caller, "Purge", PurgeRequest(id=made.id))) == "NOT_DELETED"
    gone = case.call(caller, "Delete", DeleteRequest(id=made.id))
    stale = caller.saying(if_match=made.etag)
    assert reason(refused(case.call, stale, "Purge", PurgeRequest(id=made.id))) == "STALE_REVISION"
    case.call(caller.saying(if_match=gone.etag), "Purge", PurgeRequest(id=made.id))
    assert case.ids(caller, ListRequest(with_deleted=True)) == []
    for method, request in (("Get", GetRequest), ("Restore", RestoreRequest), ("Purge", PurgeRequest)):
        assert reason(refused(case.call, caller, method, request(id=made.id))) == "NOT_FOUND"
    assert case.upsert(caller, "erp", "4711").id != made.id
    told = list(transaction.database()["events"].find({"record_id": made.id}).sort("revision"))
    assert told[-1]["subject"] == f"{case.field}.purged"


@every_noun
def test_who_may_delete_may_not_purge(case: Case, caller: Caller, colleague: Callable[..., Caller]) -> None:
    made = case.create(caller)
    case.call(caller, "Delete", DeleteRequest(id=made.id))
    clerk = colleague(grants={"contacts.*.read": "all", "contacts.*.write": "all", "contacts.*.delete": "all"})
    assert reason(refused(case.call, clerk, "Purge", PurgeRequest(id=made.id))) == "FORBIDDEN"
    assert case.ids(caller, ListRequest(with_deleted=True)) == [made.id]


@every_noun
def test_what_can_be_restored_no_longer_is_purged_by_itself(case: Case, caller: Caller) -> None:
    kept, over = case.create(caller), case.create(caller)
    for each in (kept, over):
        case.call(caller, "Delete", DeleteRequest(id=each.id))
    rows = transaction.database()[case.plural.lower()]
    rows.update_one({"_id": over.id}, {"$set": {"deleted_time": now() - RESTORABLE - timedelta(minutes=1)}})
    mine = [item for item in retention.due(Contacts.nouns) if item[1]["_id"] in (kept.id, over.id)]
    assert [row["_id"] for _, row in mine] == [over.id]
    for item in mine:
        retention.purge(item)
    assert case.ids(caller, ListRequest(with_deleted=True)) == [kept.id]


@every_noun
def test_an_upsert_creates_then_changes_then_leaves_alone(case: Case, caller: Caller) -> None:
    made = case.upsert(caller, "erp", "4711", description="first")
    assert [(each.system, each.id) for each in made.external_ids] == [("erp", "4711")]
    changed = case.upsert(caller, "erp", "4711", description="second")
    assert (changed.id, changed.description) == (made.id, "second")
    assert case.upsert(caller, "erp", "4711", description="second") == changed


@every_noun
def test_an_upsert_brings_a_deleted_record_back(case: Case, caller: Caller) -> None:
    made = case.upsert(caller, "erp", "4711")
    case.call(caller, "Delete", DeleteRequest(id=made.id))
    back = case.upsert(caller, "erp", "4711", description="again")
    assert (back.id, back.description, back.HasField("deleted_time")) == (made.id, "again", False)


@every_noun
def test_an_external_id_belongs_to_one_record(case: Case, caller: Caller) -> None:
    case.upsert(caller, "erp", "4711")
    taken = [{"system": "erp", "id": "4711"}]
    assert reason(refused(case.create, caller, external_ids=taken)) == "ALREADY_EXISTS"
    other = case.create(caller)
    assert reason(refused(case.update, caller, other.id, external_ids=taken)) == "ALREADY_EXISTS"


@every_noun
def test_racing_upserts_leave_one_record(case: Case, caller: Caller) -> None:
    start, answers = threading.Barrier(4), []

    def race(number: int) -> None:
        start.wait()
        answers.append(case.upsert(caller, "erp", "race", description=f"by {number}"))

    threads = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.id for answer in answers}) == 1
    assert len(answers) == 4
    assert case.ids(caller, ListRequest()) == [answers[0].id]


@every_noun
def test_a_batch_answers_each_item_and_one_refusal_leaves_the_others(case: Case, caller: Caller) -> None:
    fine, wrong = case.build(), case.build(owner_id="acc_is_no_user")
    answer = case.batch(
        caller, "Create", [{case.field: fine, "client_ref": "a"}, {case.field: wrong}, {case.field: fine}]
    )
    assert [result.outcome for result in answer.results] == [requests_pb2.CREATED, 0, requests_pb2.CREATED]
    assert [result.error.code for result in answer.results] == [0, grpc.StatusCode.INVALID_ARGUMENT.value[0], 0]
    assert (answer.failed_count, answer.results[0].client_ref, answer.results[1].index) == (1, "a", 1)
    assert len(case.ids(caller, ListRequest())) == 2


@every_noun
def test_an_atomic_batch_is_all_or_none(case: Case, caller: Caller) -> None:
    items = [{case.field: case.build()}, {case.field: case.build(owner_id="acc_is_no_user")}]
    error = refused(case.batch, caller, "Create", items, atomic=True)
    assert list(details(error)["violations"]) == [f"items[1].{case.field}.owner_id"]
    assert case.ids(caller, ListRequest()) == []


@every_noun
def test_several_are_upserted_read_changed_and_deleted_at_once(case: Case, caller: Caller) -> None:
    named = [{"external_ids": [{"system": "erp", "id": number}]} for number in ("1", "2")]
    made = case.batch(caller, "Upsert", [{case.field: case.build(**one)} for one in named])
    ids = [getattr(result, case.field).id for result in made.results]
    again = case.batch(caller, "Upsert", [{case.field: case.build(**one)} for one in named])
    assert [result.outcome for result in again.results] == [requests_pb2.UNCHANGED] * 2
    seen = {"description": "seen"}
    changes = [{case.field: {"id": id, **seen}, "update_mask": {"paths": list(seen)}} for id in ids]
    assert [each.outcome for each in case.batch(caller, "Update", changes).results] == [requests_pb2.UPDATED] * 2
    read = case.call(caller, "BatchGet", BatchGetRequest(ids=[*ids, NOBODY]))
    assert [getattr(each, case.field).description for each in read.results] == ["seen", "seen", ""]
    assert read.failed_count == 1
    gone = case.call(caller, "BatchDelete", BatchDeleteRequest(ids=ids))
    assert [each.outcome for each in gone.results] == [requests_pb2.DELETED] * 2
    assert case.ids(caller, ListRequest()) == []


@every_noun
def test_a_walk_through_pages_meets_every_record_once(case: Case, caller: Caller) -> None:
    made = {case.create(caller).id for _ in range(7)}
    met: list[str] = []
    request = ListRequest(page_size=3, order_by=["create_time"])
    while True:
        page = case.call(caller, "List", request)
        met += [each.id for each in getattr(page, case.plural.lower())]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert sorted(met) == sorted(made)
