"""Nothing of one tenant is visible to another, and nothing is without a token that the gateway signed."""

import time
from dataclasses import replace

import grpc
import jwt
import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.identity.v1 import api_key_pb2, service_pb2, session_pb2, team_pb2, tenant_pb2, user_pb2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from chassis.contract import rpc_of
from chassis.principal import sign
from chassis.testing import key_pair, somebody
from services.gateway.identity.tenant import HOME
from tests.builders.identity import PASSWORD
from tests.refused import refusal

SERVICE = service_pb2.DESCRIPTOR.services_by_name["IdentityService"]
BY_ID = ["GetUser", "GetTeam", "GetApiKey", "DeleteUser", "DeleteTeam", "DeleteApiKey", "RestoreUser", "RestoreTeam"]


@pytest.mark.parametrize("rpc", BY_ID)
def test_an_id_of_another_tenant_is_not_found(company, stranger, rpc):
    theirs = {"User": stranger.hire("bob"), "Team": stranger.team("North"), "ApiKey": stranger.key()}
    contract = rpc_of(SERVICE.methods_by_name[rpc])
    [noun] = [name for name in theirs if rpc.endswith(name)]
    assert refusal(getattr(company.ada, rpc), contract.request(id=theirs[noun].id)) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("rpc", "request_"),
    [
        ("DisableUser", user_pb2.DisableUserRequest()),
        ("EnableUser", user_pb2.EnableUserRequest()),
        ("SetUserPassword", user_pb2.SetUserPasswordRequest(password="another good password")),
    ],
)
def test_a_verb_on_a_user_of_another_tenant_is_not_found(company, stranger, rpc, request_):
    request_.id = stranger.hire("bob").id
    assert refusal(getattr(company.ada, rpc), request_) == "NOT_FOUND"
    assert stranger.sign_in(stranger.address("bob")).session_token


def test_updates_and_batches_do_not_reach_another_tenant(company, stranger):
    bob, north, key = stranger.hire("bob"), stranger.team("North"), stranger.key()
    ada = company.ada
    mask = {"paths": ["name"]}
    assert (
        refusal(ada.UpdateTeam, team_pb2.UpdateTeamRequest(team={"id": north.id, "name": "x"}, update_mask=mask))
        == "NOT_FOUND"
    )
    assert (
        refusal(
            ada.UpdateApiKey, api_key_pb2.UpdateApiKeyRequest(api_key={"id": key.id, "name": "x"}, update_mask=mask)
        )
        == "NOT_FOUND"
    )
    assert ada.BatchGetUsers(requests_pb2.BatchGetRequest(ids=[bob.id])).failed_count == 1
    assert ada.BatchDeleteUsers(requests_pb2.BatchDeleteRequest(ids=[bob.id])).failed_count == 1
    assert refusal(company.team, "South", parent_id=north.id) == "INVALID"


def test_lists_and_page_tokens_stay_in_the_tenant(company, stranger):
    for name in ("bob", "cat", "dan"):
        company.hire(name)
        stranger.hire(name)
    page = stranger.ada.ListUsers(listing_pb2.ListRequest(page_size=2))
    assert {each.email.partition("@")[2] for each in page.users} == {f"{stranger.tenant.key}.example"}
    seen = company.ada.ListUsers(listing_pb2.ListRequest(query="bob")).users
    assert [each.email for each in seen] == [company.address("bob")]
    borrowed = listing_pb2.ListRequest(page_size=2, page_token=page.next_page_token)
    assert refusal(company.ada.ListUsers, borrowed) == "INVALID"


def test_an_external_id_of_another_tenant_is_free(company, stranger):
    def upsert(at):
        user = user_pb2.User(email=at.address("bob"), display_name="Bob", roles=["sales_rep"])
        return at.ada.UpsertUser(user_pb2.UpsertUserRequest(system="hr", external_id="7", user=user)).id

    assert upsert(company) != upsert(stranger)


def test_only_operators_know_of_tenants(company, stranger, operator):
    ada = company.ada
    assert refusal(ada.GetTenant, requests_pb2.GetRequest(id=company.tenant.id)) == "FORBIDDEN"
    assert refusal(ada.ListTenants, listing_pb2.ListRequest()) == "FORBIDDEN"
    new = tenant_pb2.Tenant(name="X", key="x-x", administrator_email="x@x.example", administrator_password=PASSWORD)
    assert refusal(ada.CreateTenant, tenant_pb2.CreateTenantRequest(tenant=new)) == "FORBIDDEN"
    assert operator.GetTenant(requests_pb2.GetRequest(id=stranger.tenant.id)) == stranger.tenant
    page = operator.ListTenants(listing_pb2.ListRequest(page_size=200))
    assert {company.tenant.id, stranger.tenant.id, HOME} <= {each.id for each in page.tenants} or page.next_page_token


def test_a_tenant_is_renamed_and_told_so_itself(company, operator):
    renamed = tenant_pb2.UpdateTenantRequest(
        tenant={"id": company.tenant.id, "name": "Oak"}, update_mask={"paths": ["name"]}
    )
    assert operator.UpdateTenant(renamed).name == "Oak"
    key = tenant_pb2.UpdateTenantRequest(tenant={"id": company.tenant.id, "key": "oak"}, update_mask={"paths": ["key"]})
    assert refusal(operator.UpdateTenant, key) == "INVALID"


def test_a_tenants_key_is_its_own(company, operator):
    same = tenant_pb2.Tenant(
        name="Copy", key=company.tenant.key, administrator_email="x@x.example", administrator_password=PASSWORD
    )
    assert refusal(operator.CreateTenant, tenant_pb2.CreateTenantRequest(tenant=same)) == "ALREADY_EXISTS"


def test_a_tenant_needs_a_password_for_its_administrator(operator):
    bare = tenant_pb2.Tenant(name="Bare", key="bare-tenant", administrator_email="x@x.example")
    assert refusal(operator.CreateTenant, tenant_pb2.CreateTenantRequest(tenant=bare)) == "INVALID"


@pytest.mark.parametrize("rpc", ["Authenticate", "SignIn", "SignOut"])
def test_only_the_gateway_resolves(company, operator, rpc):
    given = {
        "Authenticate": session_pb2.AuthenticateRequest(api_key="x"),
        "SignIn": session_pb2.SignInRequest(email="x", password="x"),
        "SignOut": session_pb2.SignOutRequest(session_token="x"),
    }[rpc]
    for caller in (company.ada, operator):
        assert refusal(getattr(caller, rpc), given) == "FORBIDDEN"


def test_the_gateway_may_do_nothing_else(gateway):
    assert refusal(gateway.ListUsers, listing_pb2.ListRequest()) == "FORBIDDEN"


# ---------------------------------------------------------------- tokens


def forged(company):
    whom, private = company.ada.whom, key_pair()[0]
    now = int(time.time())
    claims = {
        "iss": "kith-gateway", "aud": "kith-services", "iat": now, "exp": now + 60, "sub": whom.user_id,
        "tenant": whom.tenant_id, "teams": [], "grants": dict(whom.grants), "via": "session",
    }  # fmt: skip
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    typ = {"typ": "kith-principal+jwt"}

    def signed(key=private, algorithm="EdDSA", headers=typ, **changes):
        return jwt.encode({**claims, **changes}, key, algorithm=algorithm, headers=headers)

    head, body, seal = sign(whom, private).split(".")
    elsewhere = sign(replace(whom, tenant_id="ten_other"), private).split(".")[1]
    return {
        "another key": signed(key=other),
        "no signature": signed(key=None, algorithm="none"),
        "another kind of signature": signed(key="a" * 64, algorithm="HS256"),
        "expired": signed(iat=now - 120, exp=now - 60),
        "too long": signed(exp=now + 3600),
        "another audience": signed(aud="elsewhere"),
        "another issuer": signed(iss="somebody"),
        "another type": signed(headers={"typ": "JWT"}),
        "another body": f"{head}.{elsewhere}.{seal}",
        "no seal": f"{head}.{body}.",
        "nothing": "",
        "words": "Bearer of good news",
    }


FORGERIES = [
    "another key", "no signature", "another kind of signature", "expired", "too long", "another audience",
    "another issuer", "another type", "another body", "no seal", "nothing", "words",
]  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_token_that_the_gateway_did_not_sign_opens_nothing(company, forgery):
    channel, rpc = company.ada.channel, rpc_of(SERVICE.methods_by_name["ListUsers"])
    call = channel.unary_unary(rpc.path, rpc.request.SerializeToString, rpc.response.FromString)
    with pytest.raises(grpc.RpcError) as caught:
        call(rpc.request(), metadata=(("kith-principal", forged(company)[forgery]),), timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_every_rpc_refuses_a_caller_without_a_token(company):
    for method in SERVICE.methods:
        rpc = rpc_of(method)
        call = company.ada.channel.unary_unary(rpc.path, rpc.request.SerializeToString, rpc.response.FromString)
        with pytest.raises(grpc.RpcError) as caught:
            call(rpc.request(), timeout=10)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED, rpc.name


def test_a_caller_without_grants_is_refused_everywhere(door):
    nobody = door(somebody(grants={}))
    for method in SERVICE.methods:
        assert refusal(getattr(nobody, method.name), rpc_of(method).request()) == "FORBIDDEN", method.name
