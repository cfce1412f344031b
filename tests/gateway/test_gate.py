"""Who is let in: keys, sessions, permissions, limits; and that nothing from outside becomes an identity inside."""

import threading
import time

import pytest
from crm.contacts.v1 import contact_pb2
from crm.identity.v1 import session_pb2
from google.protobuf import timestamp_pb2

from chassis.principal import verify
from services.gateway.callers import MEMORY_SECONDS
from services.gateway.limits import Buckets
from tests.gateway.cast import KEY, PUBLIC_KEY, SESSION, CredentialUnknown, a_principal
from tests.openapi import conforms

BEARER = {"Authorization": f"Bearer {KEY}"}


def test_a_service_is_called_for_the_principal_that_identity_named(gateway, stand_in):
    gateway.get("/v1/contacts/con_1")
    whom = verify(stand_in.last("GetContact")[1]["kith-principal"], PUBLIC_KEY)
    assert (whom.tenant_id, whom.user_id, whom.via, dict(whom.grants)) == (
        "ten_1",
        "usr_ada",
        "api_key",
        {"*.*.*": "all"},
    )


def test_identity_is_asked_as_the_gateway_that_may_do_nothing_else(gateway, stand_in):
    gateway.get("/v1/contacts/con_1")
    whom = verify(stand_in.last("Authenticate")[1]["kith-principal"], PUBLIC_KEY)
    assert (whom.tenant_id, whom.user_id, dict(whom.grants)) == ("", "gateway", {"identity.principal.resolve": "all"})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
        {"Authorization": "Basic YWRhOmFkYQ=="},
        {"Authorization": "Bearer kith_of_nobody"},
        {"Authorization": "Bearer kith_ä"},
        {"Authorization": "Bearer kith_" + "x" * 10_000},
        {"Cookie": "kith_session=of-nobody"},
        {"Cookie": "__Host-kith_session=" + SESSION},
        {"Cookie": ";;;=;kith_session"},
        {"kith-principal": "x"},
        {"X-User": "usr_ada", "X-Tenant": "ten_1"},
    ],
)
def test_who_proves_nothing_is_not_let_in(a_gateway, headers):
    answer = conforms(a_gateway().get("/v1/contacts", headers=headers))
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="kith"')


def test_no_header_from_outside_reaches_a_service(gateway, stand_in):
    forged = ("kith-principal", "kith-tenant", "X-User", "X-User-Id", "X-Tenant", "X-Internal-Role", "x-tenant-id")
    gateway.post("/v1/contacts", json={}, headers=dict.fromkeys(forged, "forged"))
    for name in ("Authenticate", "CreateContact"):
        metadata = stand_in.last(name)[1]
        assert "forged" not in metadata.values()
        assert set(metadata) <= {"kith-principal", "x-request-id", "traceparent", "user-agent"}


def test_a_permission_that_is_missing_is_refused_at_the_door(gateway, stand_in):
    stand_in.says["Authenticate"] = lambda _: a_principal(grants={"contacts.*.read": "own"})
    assert conforms(gateway.get("/v1/contacts")).status_code == 200
    answer = conforms(gateway.post("/v1/contacts", json={}))
    assert (answer.status_code, answer.json["permission"]) == (403, "contacts.contact.write")
    assert "CreateContact" not in [name for name, _, _ in stand_in.asked]


def test_a_revoked_key_ends_within_a_second(gateway, stand_in):
    assert gateway.get("/v1/contacts").status_code == 200

    def refuse(_):
        raise CredentialUnknown

    stand_in.says["Authenticate"] = refuse
    time.sleep(MEMORY_SECONDS)
    assert conforms(gateway.get("/v1/contacts")).status_code == 401


def test_a_refused_key_is_asked_for_again_at_once(gateway, stand_in):
    known = stand_in.says["Authenticate"]
    stand_in.says["Authenticate"] = lambda _: session_pb2.Principal()
    assert conforms(gateway.get("/v1/contacts")).status_code == 401
    stand_in.says["Authenticate"] = known
    assert gateway.get("/v1/contacts").status_code == 200


def test_requests_that_come_together_ask_identity_once(a_gateway, stand_in):
    client = a_gateway()

    def slowly(_):
        time.sleep(0.3)
        return a_principal()

    stand_in.says["Authenticate"] = slowly
    statuses = []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(
                client.application.test_client().get("/v1/contacts", headers=BEARER).status_code
            )
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    assert [name for name, _, _ in stand_in.asked].count("Authenticate") == 1


def sign_in(stand_in, client, **keywords):
    stand_in.says["SignIn"] = lambda _: session_pb2.SignInResponse(
        session_token=SESSION,
        principal=a_principal(via="session", csrf_token="ada-csrf"),
        expire_time=timestamp_pb2.Timestamp(seconds=int(time.time()) + 3600),
    )
    body = {"email": "ada@lovelace.example", "password": "correct horse battery"}
    return conforms(client.post("/v1/sessions", json=body, **keywords))


def test_a_sign_in_answers_a_csrf_token_and_hides_the_session_in_a_cookie(a_gateway, stand_in):
    answer = sign_in(stand_in, a_gateway())
    cookie = answer.headers["Set-Cookie"]
    assert (answer.status_code, answer.json["csrf_token"]) == (201, "ada-csrf")
    assert answer.json["user"]["user_id"] == "usr_ada"
    assert cookie.startswith(f"kith_session={SESSION};")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert SESSION not in answer.text


def test_over_https_the_cookie_is_bound_to_the_host(a_gateway, stand_in):
    answer = sign_in(stand_in, a_gateway(public_url="https://crm.example"))
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-kith_session=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_a_sign_in_from_another_site_is_refused(a_gateway, stand_in):
    answer = sign_in(stand_in, a_gateway(), headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/csrf-refused")


def test_a_session_writes_only_with_its_csrf_token_and_from_our_pages(a_gateway, stand_in):
    client = a_gateway(public_url="http://crm.example:8080")
    client.set_cookie("kith_session", SESSION)
    ours = {"X-CSRF-Token": "ada-csrf", "Origin": "http://crm.example:8080", "Sec-Fetch-Site": "same-origin"}
    assert conforms(client.get("/v1/contacts")).status_code == 200
    assert conforms(client.post("/v1/contacts", json={}, headers=ours)).status_code == 201
    for other in ({"X-CSRF-Token": ""}, {"X-CSRF-Token": "x"}, {"Origin": "http://crm.example"}, {"Origin": "null"},
                  {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):  # fmt: skip
        answer = conforms(client.post("/v1/contacts", json={}, headers=ours | other))
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/csrf-refused"), other


def test_a_sign_out_ends_the_session_and_takes_the_cookie_back(a_gateway, stand_in):
    client = a_gateway()
    client.set_cookie("kith_session", SESSION)
    assert conforms(client.delete("/v1/sessions/current")).status_code == 403
    answer = conforms(client.delete("/v1/sessions/current", headers={"X-CSRF-Token": "ada-csrf"}))
    assert (answer.status_code, stand_in.last("SignOut")[0].session_token) == (204, SESSION)
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


def test_sign_ins_are_limited_per_address_of_the_user_and_of_the_network(a_gateway, stand_in):
    client = a_gateway(email_sign_ins=2, address_sign_ins=3)
    statuses = [sign_in(stand_in, client).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]
    other = {"email": "bob@lovelace.example", "password": "x"}
    answer = conforms(client.post("/v1/sessions", json=other))
    assert (answer.status_code, answer.json["policy"]) == (429, "sign-ins-per-address")
    assert int(answer.headers["Retry-After"]) >= 1


def test_limits_are_told_and_kept_per_user(a_gateway, stand_in):
    client = a_gateway(user_requests=3, tenant_requests=100)
    answer = conforms(client.get("/v1/limits", headers=BEARER))
    assert answer.json["limits"][0] == {
        "policy": "user", "quota": 3, "window_seconds": 60, "remaining": 2, "reset_seconds": 20,
    }  # fmt: skip
    answer = conforms(client.get("/v1/contacts", headers=BEARER))
    assert answer.headers["RateLimit-Policy"] == '"user";q=3;w=60, "tenant";q=100;w=60'
    assert answer.headers["RateLimit"].startswith('"user";r=1;t=40, "tenant";r=98;')
    client.get("/v1/contacts", headers=BEARER)
    answer = conforms(client.get("/v1/contacts", headers=BEARER))
    assert (answer.status_code, answer.json["type"]) == (429, "/problems/too-many")
    assert 1 <= int(answer.headers["Retry-After"]) <= 20


def test_a_bucket_fills_again():
    buckets = Buckets("user", 600)
    for _ in range(600):
        buckets.spend("ada")
    time.sleep(0.25)
    assert buckets.spend("ada").remaining in (1, 2)
    assert buckets.spend("bob").remaining == 599


def test_requests_above_what_a_worker_takes_are_turned_away_at_once(a_gateway, stand_in):
    client = a_gateway(threads=1, max_waiting=0)
    entered, leave = threading.Event(), threading.Event()

    def wait(_):
        entered.set()
        leave.wait(5)
        return contact_pb2.Contact(id="con_1")

    stand_in.says["GetContact"] = wait
    first = threading.Thread(target=lambda: client.application.test_client().get("/v1/contacts/con_1", headers=BEARER))
    first.start()
    entered.wait(5)
    answer = conforms(client.get("/v1/contacts", headers=BEARER))
    assert (answer.status_code, answer.headers["Retry-After"], answer.json["type"]) == (
        503,
        "1",
        "/problems/overloaded",
    )
    assert conforms(client.get("/healthz")).status_code == 200
    leave.set()
    first.join()
    assert conforms(client.get("/v1/contacts", headers=BEARER)).status_code == 200
