"""What the contract marks as secret is answered, and kept nowhere."""

from crm.common.v1 import requests_pb2
from crm.identity.v1 import api_key_pb2, session_pb2, user_pb2

from chassis.declared import without_secrets


def test_a_secret_field_is_left_out():
    key = api_key_pb2.ApiKey(id="key_1", secret="kith_secret", hint="kith_")
    assert without_secrets(key) == api_key_pb2.ApiKey(id="key_1", hint="kith_")
    assert key.secret == "kith_secret"


def test_a_secret_is_left_out_at_any_depth():
    answer = session_pb2.SignInResponse(session_token="t", principal={"user_id": "usr_1", "csrf_token": "c"})
    assert without_secrets(answer) == session_pb2.SignInResponse(principal={"user_id": "usr_1"})


def test_the_rest_of_a_message_stays_as_it_is():
    batch = user_pb2.BatchUsersResponse(failed_count=1)
    batch.results.add(index=1, outcome=requests_pb2.CREATED, user={"id": "usr_1", "roles": ["manager"]})
    principal = session_pb2.Principal(grants={"sales.*.read": "all"}, team_ids=["team_1"])
    assert without_secrets(batch) == batch
    assert without_secrets(principal) == principal
