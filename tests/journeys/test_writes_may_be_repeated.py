"""Idempotency keys, etags and external ids: how a program writes safely over a network that loses answers."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.waiting import refused, said


@pytest.fixture(scope="module")
def admin(company):
    return company.administrator


def test_the_same_key_gives_the_first_answer(admin):
    first = admin.post("/v1/accounts", {"name": "Once"}, idempotency_key="once")
    again = admin.post("/v1/accounts", {"name": "Once"}, idempotency_key="once")
    assert again.body == first.body
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(admin.get("/v1/accounts", name="Once")["accounts"]) == 1


def test_the_same_key_with_another_body_is_refused(admin):
    admin.post("/v1/accounts", {"name": "This"}, idempotency_key="reused")
    with refused(422, "idempotency-key-reused"):
        admin.post("/v1/accounts", {"name": "That"}, idempotency_key="reused")


def test_a_key_is_the_callers_own(admin, company):
    other = company.hire("Ove Rask", "administrator")
    mine = admin.post("/v1/accounts", {"name": "Shared"}, idempotency_key="shared")
    theirs = other.post("/v1/accounts", {"name": "Shared"}, idempotency_key="shared")
    assert mine["id"] != theirs["id"]


def test_a_refused_write_may_be_tried_again_with_its_key(admin):
    with refused(400):
        admin.post("/v1/accounts", {"name": "Better"}, idempotency_key="with a blank")
    with refused(400):
        admin.post("/v1/accounts", {"name": ""}, idempotency_key="second-try")
    assert admin.post("/v1/accounts", {"name": "Better"}, idempotency_key="second-try")["name"] == "Better"


def test_racing_calls_with_one_key_write_once(suite, company, admin):
    key = admin.post("/v1/api-keys", {"name": "racer"})["secret"]

    def write(_):
        with suite.client(key) as client:
            return client.post("/v1/accounts", {"name": "Raced"}, idempotency_key="raced")["id"]

    with ThreadPoolExecutor(8) as racers:
        assert len(set(racers.map(write, range(16)))) == 1
    assert len(admin.get("/v1/accounts", name="Raced")["accounts"]) == 1


def test_racing_upserts_leave_one_record(suite, admin):
    key = admin.post("/v1/api-keys", {"name": "racer"})["secret"]

    def write(number):
        with suite.client(key) as client:
            return client.put("/v1/accounts/by-external-id/erp/raced", {"name": f"Upsert {number}"})["id"]

    with ThreadPoolExecutor(8) as racers:
        assert len(set(racers.map(write, range(16)))) == 1


def test_a_change_of_what_was_seen_goes_through(admin):
    account = admin.post("/v1/accounts", {"name": "Tagged"})
    assert account.headers["etag"] == f'"{account["etag"]}"'
    changed = admin.patch(f"/v1/accounts/{account['id']}", {"region": "North"}, if_match=account.headers["etag"])
    assert changed["etag"] != account["etag"]


def test_a_change_of_what_has_changed_is_refused(admin):
    account = admin.post("/v1/accounts", {"name": "Stale"})
    path = f"/v1/accounts/{account['id']}"
    admin.patch(path, {"region": "North"})
    for write in (
        lambda: admin.patch(path, {"region": "South"}, if_match=account.headers["etag"]),
        lambda: admin.delete(path, if_match=account.headers["etag"]),
    ):
        with refused(412, "stale-revision"):
            write()
    assert admin.get(path)["region"] == "North"


def test_of_racing_changes_of_one_revision_one_wins(suite, admin):
    key = admin.post("/v1/api-keys", {"name": "racer"})["secret"]
    account = admin.post("/v1/accounts", {"name": "Contested"})

    def write(number):
        with suite.client(key) as client:
            body, etag = {"tags": [str(number)]}, account.headers["etag"]
            return said(lambda: client.patch(f"/v1/accounts/{account['id']}", body, if_match=etag)).status

    with ThreadPoolExecutor(8) as racers:
        assert sorted(racers.map(write, range(8))) == [200] + [412] * 7


def test_a_verb_heeds_the_etag(admin):
    deal = admin.post("/v1/opportunities", {"name": "A pier"})
    admin.patch(f"/v1/opportunities/{deal['id']}", {"name": "A long pier"})
    with refused(412, "stale-revision"):
        admin.post(f"/v1/opportunities/{deal['id']}:win", if_match=deal.headers["etag"])
    assert admin.get(f"/v1/opportunities/{deal['id']}")["status"] == "OPEN"


def test_an_unchanged_read_is_not_sent_again(admin):
    account = admin.post("/v1/accounts", {"name": "Cached"})
    answer = admin.call("GET", f"/v1/accounts/{account['id']}", headers={"if_none_match": account.headers["etag"]})
    assert (answer.status, answer.content) == (304, b"")


def test_an_upsert_creates_then_changes_then_does_nothing(admin):
    item = {"account": {"name": "Quill", "external_ids": [{"system": "erp", "id": "42"}]}}

    def outcome(**fields):
        items = [{"account": {**item["account"], **fields}}]
        return admin.post("/v1/accounts:batchUpsert", {"items": items})["results"][0]["outcome"]

    assert [outcome(), outcome(), outcome(region="Isles"), outcome(region="Isles")] == [
        "CREATED", "UNCHANGED", "UPDATED", "UNCHANGED"
    ]  # fmt: skip


def test_a_batch_says_what_became_of_each_item(admin):
    items = [
        {"client_ref": "good", "account": {"name": "Good"}},
        {"client_ref": "bad", "account": {"domain": "no domain"}},
    ]
    answer = admin.post("/v1/accounts:batchCreate", {"items": items})
    assert (answer.status, answer["failed_count"]) == (207, 1)
    good, bad = answer["results"]
    assert (good["client_ref"], good["outcome"], good["account"]["name"]) == ("good", "CREATED", "Good")
    assert (bad["client_ref"], bad["error"]["status"]) == ("bad", 400)


def test_an_atomic_batch_writes_all_or_nothing(admin):
    items = [{"account": {"name": "Half done"}}, {"account": {"domain": "no domain"}}]
    with refused(400):
        admin.post("/v1/accounts:batchCreate", {"items": items, "atomic": True})
    assert not admin.get("/v1/accounts", name="Half done").body.get("accounts")


def test_a_deleted_record_is_out_of_lists_and_can_be_restored(admin):
    account = admin.post("/v1/accounts", {"name": "Passing"}).body
    path = f"/v1/accounts/{account['id']}"
    admin.delete(path)
    assert not admin.get("/v1/accounts", name="Passing").body.get("accounts")
    admin.post(f"{path}:restore")
    assert [each["id"] for each in admin.get("/v1/accounts", name="Passing")["accounts"]] == [account["id"]]
