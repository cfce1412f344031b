"""API keys, through the door."""

from datetime import timedelta

import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.identity.v1 import api_key_pb2

from chassis import clock, transaction
from services.gateway.identity.api_key import ApiKey
from services.gateway.identity.refusals import CredentialUnknown
from services.gateway.identity.secret import Key
from tests.refused import refusal


def keys(caller, **request):
    return caller.ListApiKeys(listing_pb2.ListRequest(**request)).api_keys


def test_a_key_speaks_for_its_user(company):
    key = company.key()
    found = company.authenticate(api_key=key.secret)
    assert (found.via, found.credential_id, found.csrf_token) == ("api_key", key.id, "")
    assert found.email == company.address("ada")
    assert key.secret.startswith(key.hint)


def test_the_secret_is_answered_once(company):
    key = company.key()
    assert key.secret
    assert not company.ada.GetApiKey(requests_pb2.GetRequest(id=key.id)).secret
    assert [each.secret for each in keys(company.ada)] == [""]
    renamed = api_key_pb2.UpdateApiKeyRequest(api_key={"id": key.id, "name": "Import"}, update_mask={"paths": ["name"]})
    assert not company.ada.UpdateApiKey(renamed).secret


def test_the_secret_is_kept_nowhere(company):
    key = company.ada.saying(idempotency_key="once").CreateApiKey(
        api_key_pb2.CreateApiKeyRequest(api_key={"name": "Sync"})
    )
    for name in transaction.database().list_collection_names():
        for row in transaction.database()[name].find():
            assert key.secret not in repr(row), name


def test_a_secret_that_differs_in_its_last_character_is_not_known(company):
    secret = company.key().secret
    assert refusal(company.authenticate, api_key=secret[:-1] + ("a" if secret[-1] != "a" else "b")) == (
        "CREDENTIAL_UNKNOWN"
    )


@pytest.mark.parametrize("text", ["x", "kith_abcdefgh_" + "a" * 43, "kith_" + "é" * 52])
def test_what_is_no_key_of_ours_is_not_known(company, text):
    assert refusal(company.authenticate, api_key=text) == "CREDENTIAL_UNKNOWN"


def test_a_deleted_key_is_dead_at_once(company):
    key = company.key()
    company.ada.DeleteApiKey(requests_pb2.DeleteRequest(id=key.id))
    assert refusal(company.authenticate, api_key=key.secret) == "CREDENTIAL_UNKNOWN"


def test_a_key_ends_when_it_says(company):
    ends = clock.now() + timedelta(hours=1)
    key = company.key(expire_time=ends)
    assert company.authenticate(api_key=key.secret).user_id
    with clock.frozen(ends), pytest.raises(CredentialUnknown):
        ApiKey.recognise(key.secret)


def test_a_key_that_has_ended_already_is_not_made(company):
    assert refusal(company.key, expire_time=clock.now() - timedelta(hours=1)) == "INVALID"


def test_everybody_keeps_the_own_keys_and_sees_no_others(company):
    bob = company.hire("bob")
    caller, hers = company.signed_in(bob.email), company.key()
    own = company.key(caller)
    assert own.user_id == bob.id
    assert [each.id for each in keys(caller)] == [own.id]
    assert {each.id for each in keys(company.ada)} == {own.id, hers.id}
    assert refusal(caller.GetApiKey, requests_pb2.GetRequest(id=hers.id)) == "NOT_FOUND"
    assert refusal(caller.DeleteApiKey, requests_pb2.DeleteRequest(id=hers.id)) == "NOT_FOUND"
    assert refusal(company.key, caller, user_id=hers.user_id) == "FORBIDDEN"


def test_an_administrator_makes_keys_for_others(company):
    bob = company.hire("bob")
    key = company.key(user_id=bob.id)
    assert company.authenticate(api_key=key.secret).user_id == bob.id


def test_a_key_is_for_a_user_of_the_tenant(company, stranger):
    assert refusal(company.key, user_id=stranger.hire("bob").id) == "NOT_FOUND"


def test_a_key_does_not_change_hands(company):
    key, bob = company.key(), company.hire("bob")
    moved = api_key_pb2.UpdateApiKeyRequest(
        api_key={"id": key.id, "user_id": bob.id}, update_mask={"paths": ["user_id"]}
    )
    assert refusal(company.ada.UpdateApiKey, moved) == "INVALID"


def test_use_is_noted_to_the_minute_and_once_a_minute(company):
    key = company.key()
    minute = clock.now().replace(second=0, microsecond=0)
    with clock.frozen(minute + timedelta(seconds=20)):
        ApiKey.recognise(key.secret)
    before = stored(key)
    with clock.frozen(minute + timedelta(seconds=50)):
        ApiKey.recognise(key.secret)
    assert stored(key) == before
    assert before["last_use_time"] == minute
    with clock.frozen(minute + timedelta(seconds=60)):
        ApiKey.recognise(key.secret)
    assert stored(key)["last_use_time"] == minute + timedelta(minutes=1)


def test_use_does_not_change_the_revision(company):
    key = company.key()
    company.authenticate(api_key=key.secret)
    seen = company.ada.GetApiKey(requests_pb2.GetRequest(id=key.id))
    assert seen.etag == key.etag
    assert seen.HasField("last_use_time")


def test_keys_with_the_same_hint_part_are_drawn_anew(company):
    # 40 random bits may meet once in a while: the unique key refuses the second, and the request draws again.
    taken = Key.read(company.key().secret)
    with pytest.raises(transaction.DuplicateKeyError):
        transaction.database()["api_key_proofs"].insert_one({"_id": taken.id_part})


def stored(key):
    return transaction.database()["api_keys"].find_one({"_id": key.id})
