"""Signing in, staying signed in, and being thrown out."""

from datetime import timedelta

import grpc
import pytest
from crm.common.v1 import requests_pb2
from crm.identity.v1 import session_pb2, user_pb2

from chassis import clock, transaction
from chassis.testing import reason
from services.gateway.identity import password, session, throttle
from services.gateway.identity.sign_in import sign_in
from tests.builders.identity import PASSWORD
from tests.refused import refusal


def test_a_session_speaks_for_its_user(company):
    began = company.sign_in(company.address("ada"))
    found = company.authenticate(session_token=began.session_token)
    assert found == began.principal
    assert (found.tenant_id, found.email) == (company.tenant.id, company.address("ada"))
    assert (list(found.roles), found.via) == (["administrator"], "session")
    assert found.csrf_token
    assert found.credential_id.startswith("ses_")


def test_the_address_is_taken_in_any_case(company):
    assert company.sign_in(company.address("ADA").upper()).session_token


def test_a_session_that_was_ended_is_gone_at_once(company):
    token = company.sign_in(company.address("ada")).session_token
    for _ in range(2):
        company.gateway.SignOut(session_pb2.SignOutRequest(session_token=token))
    assert refusal(company.authenticate, session_token=token) == "CREDENTIAL_UNKNOWN"


@pytest.mark.parametrize("token", ["", "x", "kith_", "\U0001f511", "a" * 255])
def test_a_token_that_we_did_not_give_is_not_known(company, token):
    assert refusal(company.authenticate, session_token=token) == "CREDENTIAL_UNKNOWN"


@pytest.fixture
def verifications(monkeypatch):
    """How often a hash was verified; the hashing itself stays what it is."""
    count, verify = [], password._verify
    monkeypatch.setattr(password, "_verify", lambda *given: count.append(1) or verify(*given))
    return count


def test_every_wrong_sign_in_gets_the_same_answer_for_the_same_work(company, stranger, verifications):
    company.hire("bob")
    company.ada.DisableUser(user_pb2.DisableUserRequest(id=company.hire("cat").id))
    company.ada.DeleteUser(requests_pb2.DeleteRequest(id=company.hire("dan").id))
    wrong = [
        (company.address("bob"), "another password", ""),
        (company.address("nobody"), PASSWORD, ""),
        (company.address("cat"), PASSWORD, ""),
        (company.address("dan"), PASSWORD, ""),
        (company.address("bob"), PASSWORD, stranger.tenant.key),
        (company.address("bob"), PASSWORD, "no-such-tenant"),
        ("not an address", PASSWORD, ""),
    ]
    answers, work = set(), []
    for email, secret, tenant_key in wrong:
        verifications.clear()
        with pytest.raises(grpc.RpcError) as caught:
            company.sign_in(email, secret, tenant_key)
        answers.add((reason(caught.value), caught.value.code(), caught.value.details()))
        work.append(len(verifications))
    assert answers == {("CREDENTIAL_UNKNOWN", grpc.StatusCode.UNAUTHENTICATED, "The credential is not known.")}
    assert work == [1] * len(wrong)


def test_an_address_that_two_tenants_know_needs_the_tenant(company, stranger):
    shared = company.address("eve")
    company.hire("eve")
    stranger.hire("eve", email=shared)
    assert refusal(company.sign_in, shared) == "CREDENTIAL_UNKNOWN"
    assert company.sign_in(shared, tenant_key=company.tenant.key).principal.tenant_id == company.tenant.id
    assert company.sign_in(shared, tenant_key=stranger.tenant.key).principal.tenant_id == stranger.tenant.id


def test_guessing_has_to_wait_even_for_the_right_password(company):
    company.hire("bob")
    for _ in range(throttle.FREE_FAILURES + 1):
        assert refusal(company.sign_in, company.address("bob"), "a wrong password") == "CREDENTIAL_UNKNOWN"
    assert refusal(company.sign_in, company.address("bob")) == "TOO_MANY"
    with clock.frozen(clock.now() + timedelta(seconds=2)):
        assert sign_in(company.address("bob"), PASSWORD, "")


def test_guessing_at_nobody_has_to_wait_as_well(company):
    for _ in range(throttle.FREE_FAILURES + 1):
        assert refusal(company.sign_in, company.address("nobody"), "a wrong password") == "CREDENTIAL_UNKNOWN"
    assert refusal(company.sign_in, company.address("nobody"), "a wrong password") == "TOO_MANY"


def test_a_right_password_forgives_the_failures_before(company):
    company.hire("bob")
    for _ in range(3):
        for _ in range(throttle.FREE_FAILURES - 1):
            assert refusal(company.sign_in, company.address("bob"), "a wrong password") == "CREDENTIAL_UNKNOWN"
        assert company.sign_in(company.address("bob")).session_token


def test_a_session_lasts_while_it_is_used_and_seven_days_at_most(company):
    start = clock.now()
    token = company.sign_in(company.address("ada")).session_token
    step = session.IDLE - timedelta(minutes=1)
    at = start
    while at + step < start + session.LONGEST:
        at += step
        with clock.frozen(at):
            assert session.recognise(token).tenant_id == company.tenant.id
    with clock.frozen(start + session.LONGEST + timedelta(seconds=1)), pytest.raises(session.CredentialUnknown):
        session.recognise(token)


def test_a_session_ends_without_use(company):
    start = clock.now()
    token = company.sign_in(company.address("ada")).session_token
    with clock.frozen(start + session.IDLE + timedelta(seconds=5)), pytest.raises(session.CredentialUnknown):
        session.recognise(token)


def test_use_of_a_session_is_noted_once_a_minute(company):
    token = company.sign_in(company.address("ada")).session_token
    rows = transaction.database()["sessions"]
    [before] = rows.find({"tenant_id": company.tenant.id}).sort("_id", -1).limit(1)
    company.authenticate(session_token=token)
    assert rows.find_one({"_id": before["_id"]}) == before
    with clock.frozen(before["use_time"] + timedelta(minutes=1)):
        session.recognise(token)
        session.recognise(token)
    assert rows.find_one({"_id": before["_id"]})["use_time"] == before["use_time"] + timedelta(minutes=1)


def test_the_hash_is_renewed_when_its_parameters_change(company):
    user = company.hire("bob")
    rows = transaction.database()["credentials"]
    weak = password.argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
    rows.update_one({"_id": user.id}, {"$set": {"hash": weak.hash(PASSWORD)}})
    company.sign_in(company.address("bob"))
    assert rows.find_one({"_id": user.id})["hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert company.sign_in(company.address("bob")).session_token


def test_no_token_is_kept_as_it_is(company):
    token = company.sign_in(company.address("ada")).session_token
    for name in transaction.database().list_collection_names():
        for row in transaction.database()[name].find():
            assert token not in repr(row), name
            assert PASSWORD not in repr(row), name
