"""`make identity`: nobody is taken for somebody else.

Forged principal tokens at every service's door, internal headers from outside, the servers with no or another service's
credentials, and credentials that were taken away: accepted 0, and what is taken away ends within a second.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from crm.contacts.v1 import service_pb2 as contacts
from crm.identity.v1 import service_pb2 as identity
from crm.sales.v1 import service_pb2 as sales

from chassis.contract import RpcContract, rpc_of
from tests.checks import intrusion
from tests.checks.forgery import Forger
from tests.checks.snapshot import settled
from tests.checks.verdict import UNLIMITED, Verdict, concluded
from tests.checks.world import PASSWORD, World, key_of, made, signed_in, user
from tests.rest import Client
from tests.suite import Suite

REFUSED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
LONGEST = 1.0  # seconds that a credential may live on
WATCHED = 2.0  # seconds


def check(suite: Suite, verdict: Verdict) -> None:
    """All of it; every attempt counts."""
    world, attempts = made(suite), 0
    for name, tries in (("tokens", _tokens), ("headers", _headers), ("mongo", _into_mongo), ("nats", _into_nats)):
        results = list(tries(world))
        accepted = [what for what, through in results if through]
        verdict.facts[name] = {"attempts": len(results), "accepted": len(accepted)}
        verdict.faults += accepted
        attempts += len(results)
    verdict.facts |= {"attempts": attempts, "ended_after_seconds": _endings(world, verdict)}


# ---------------------------------------------------------------- tokens


def _tokens(world: World) -> Iterator[tuple[str, bool]]:
    """Every forgery at one reading and one writing rpc of each service, and no token at every rpc."""
    forger = _forger(world)
    for contract in (contacts, sales, identity):
        [service] = contract.DESCRIPTOR.services_by_name.values()
        rpcs = [rpc_of(method) for method in service.methods]
        with grpc.insecure_channel(f"127.0.0.1:{world.suite.ports[rpcs[0].service]}") as channel:
            sample = [next(rpc for rpc in rpcs if rpc.reads), next(rpc for rpc in rpcs if not rpc.reads)]
            for rpc in sample:
                assert _code(channel, rpc, forger.genuine()) not in REFUSED, f"{rpc.path} refuses a genuine token"
                for name, token in forger.forged():
                    yield f"{rpc.path}: {name}", _code(channel, rpc, token) not in REFUSED
            for rpc in rpcs:
                yield f"{rpc.path}: no metadata", _code(channel, rpc, None) not in REFUSED


def _forger(world: World) -> Forger:
    with world.client("administrator") as api:
        me = api.send("GET", "/v1/me").body
    suite = world.suite
    keys = suite.secret("principal-private.pem"), suite.secret("principal-public.pem")
    return Forger(*keys, me["tenant_id"], me["user_id"])


def _code(channel: grpc.Channel, rpc: RpcContract, token: str | None) -> grpc.StatusCode:
    call = channel.unary_unary(rpc.path, rpc.request.SerializeToString, rpc.response.FromString)
    metadata = () if token is None else (("kith-principal", token),)
    try:
        call(rpc.request(), metadata=metadata, timeout=10)
    except grpc.RpcError as error:
        return error.code()  # type: ignore[attr-defined]  # a call's error is a Call, too
    return grpc.StatusCode.OK


# ---------------------------------------------------------------- headers from outside


def _headers(world: World) -> Iterator[tuple[str, bool]]:
    """Whatever a sibling or a proxy could say, said by a client: it changes nobody's name and rights."""
    genuine, account = _forger(world).genuine(), {"name": "Intruder"}
    administrator = world.records["users"][-1]["id"]
    said = {
        "kith-principal": genuine, "Kith-Principal": genuine, "Grpc-Metadata-kith-principal": genuine,
        "X-Kith-Principal": genuine, "X-User": administrator, "X-User-Id": administrator, "X-Tenant": "ten_0",
        "user": administrator,
        "X-Forwarded-User": "admin@kith.example", "Remote-User": "admin@kith.example", "X-Api-Key": world.keys["administrator"],
        "X-Original-User": "admin", "X-Internal-Request": "1", "Cookie": f"kith_session={genuine}", "Forwarded": "for=127.0.0.1",
    }  # fmt: skip
    with world.client("nobody") as nobody, world.client("reader") as reader:
        me = reader.send("GET", "/v1/me").body
        for name, value in said.items():
            yield f"{name} lets nobody in", nobody.send("GET", "/v1/accounts", **{name: value}).status != 401
            yield (
                f"{name} lets nobody write",
                nobody.send("POST", "/v1/accounts", account, **{name: value}).status != 401,
            )
            yield (
                f"{name} lets a reader write",
                reader.send("POST", "/v1/accounts", account, **{name: value}).status != 403,
            )
            yield f"{name} makes a reader somebody else", reader.send("GET", "/v1/me", **{name: value}).body != me
        for value in (
            f"Bearer {genuine}",
            f"Basic {world.keys['administrator']}",
            "Bearer",
            "Bearer kith_",
            "Negotiate x",
        ):
            yield f"Authorization {value[:20]}", nobody.send("GET", "/v1/accounts", Authorization=value).status != 401


def _into_mongo(world: World) -> Iterator[tuple[str, bool]]:
    return intrusion.into_mongo(world.suite)


def _into_nats(world: World) -> Iterator[tuple[str, bool]]:
    settled(world.suite)  # so that a message more in a stream is an intruder's
    return iter(intrusion.into_nats(world.suite))


# ---------------------------------------------------------------- what was taken away


def _endings(world: World, verdict: Verdict) -> dict[str, float]:
    """How long each kind of credential lived on after it was taken away, in seconds."""
    found = {}
    with world.client("administrator") as api:
        for name, take_away in {
            "revoked key": _revoke_key, "disabled user": _disable, "deleted user": _delete,
            "session of a disabled user": _disable_session, "session after a new password": _change_password,
        }.items():  # fmt: skip
            found[name] = take_away(world, api)
            verdict.demand(found[name] <= LONGEST, f"{name}: still accepted after {found[name]:.2f} s")
    return found


def _revoke_key(world: World, api: Client) -> float:
    person = user(api, "revoked", "read_only")
    made_key = api.send("POST", "/v1/api-keys", {"name": "Short-lived", "user_id": person["id"]}).body
    return _lives_on(world, made_key["secret"], {}, lambda: api.send("DELETE", f"/v1/api-keys/{made_key['id']}"))


def _disable(world: World, api: Client) -> float:
    person = user(api, "disabled", "read_only")
    return _lives_on(
        world, key_of(api, person["id"]), {}, lambda: api.send("POST", f"/v1/users/{person['id']}:disable", {})
    )


def _delete(world: World, api: Client) -> float:
    person = user(api, "deleted", "read_only")
    return _lives_on(world, key_of(api, person["id"]), {}, lambda: api.send("DELETE", f"/v1/users/{person['id']}"))


def _disable_session(world: World, api: Client) -> float:
    person, session = _browsing(world, api, "leaver")
    return _lives_on(world, "", session, lambda: api.send("POST", f"/v1/users/{person['id']}:disable", {}))


def _change_password(world: World, api: Client) -> float:
    person, session = _browsing(world, api, "changer")
    changed = {"password": f"{PASSWORD} anew"}
    return _lives_on(world, "", session, lambda: api.send("POST", f"/v1/users/{person['id']}:setPassword", changed))


def _browsing(world: World, api: Client, name: str) -> tuple[dict[str, Any], dict[str, str]]:
    person = user(api, name, "read_only")
    assert api.send("POST", f"/v1/users/{person['id']}:setPassword", {"password": PASSWORD}).acknowledged
    visitor, session = signed_in(world.suite, person["email"], PASSWORD)
    visitor.close()
    return person, session


def _lives_on(world: World, key: str, headers: dict[str, str], take_away: Callable[[], Any]) -> float:
    """Seconds from the answer to `take_away` to the last time that the credential was accepted, over several connections."""
    callers = [Client(world.suite.url, key) for _ in range(4)]  # so that every worker of the gateway is asked
    assert all(caller.send("GET", "/v1/accounts", **headers).acknowledged for caller in callers)
    answer = take_away()
    assert answer.acknowledged, answer
    taken_away = time.monotonic()
    last = taken_away
    while (now := time.monotonic()) < taken_away + WATCHED:
        for caller in callers:
            if caller.send("GET", "/v1/accounts", **headers).status == 200:
                last = now
        time.sleep(0.02)
    for caller in callers:
        caller.close()
    return round(last - taken_away, 3)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="make identity", description=__doc__).parse_args()
    concluded("identity", check, **UNLIMITED, KITH_SAMPLE=1, KITH_SIGN_INS_PER_ADDRESS=0)
