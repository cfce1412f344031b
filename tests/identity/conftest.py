"""What the door tests of identity share: one process, a tenant of one's own for every test, and people who sign in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crm.identity.v1 import service_pb2, session_pb2, tenant_pb2
from pymongo import monitoring

from chassis.config import load
from chassis.embedded import Servers
from chassis.ids import new_id
from chassis.principal import Principal
from chassis.testing import Caller, key_pair, serving
from services.gateway.identity import bootstrap
from services.gateway.identity.bootstrap import IdentitySettings
from services.gateway.identity.service import Identity
from tests.builders.identity import PASSWORD, Company
from tests.identity.watch import watch

OPERATOR_KEY = "kith_0perat0r_" + "k" * 43


@pytest.fixture(scope="package")
def settings(servers: Servers) -> IdentitySettings:
    environ = {
        "KITH_LISTEN": "127.0.0.1:1", "KITH_MONGO_URL": servers.mongo_url("identity"),
        "KITH_NATS_URL": servers.nats_url("identity"), "KITH_PRINCIPAL_PUBLIC_KEY": key_pair()[1],
        "KITH_BOOTSTRAP_EMAIL": "Olga@operator.example", "KITH_BOOTSTRAP_PASSWORD": PASSWORD,
        "KITH_BOOTSTRAP_API_KEY": OPERATOR_KEY, "KITH_BOOTSTRAP_COMPANY": "Operator",
    }  # fmt: skip
    return load(IdentitySettings, environ)


@pytest.fixture(scope="package")
def door(servers: Servers, settings: IdentitySettings) -> Iterator[Callable[[Principal], Caller]]:
    """The identity service in this process; gives a function from principal to Caller."""
    monitoring.register(watch)  # before the process connects
    urls = servers.mongo_url("identity"), servers.nats_url("identity")
    with serving(service_pb2, Identity(), *urls, prepare=lambda _: bootstrap.prepare(settings)) as caller:
        yield caller


@pytest.fixture(scope="package")
def gateway(door: Any) -> Caller:
    """The gateway, which asks who somebody is."""
    return door(Principal(tenant_id="", user_id="gateway", grants={"identity.principal.resolve": "all"}))


@pytest.fixture(scope="package")
def operator(door: Any, gateway: Caller) -> Caller:
    """The administrator of the operator's tenant."""
    return door(as_chassis(gateway.Authenticate(session_pb2.AuthenticateRequest(api_key=OPERATOR_KEY))))


@pytest.fixture
def company(door: Any, gateway: Caller, operator: Caller) -> Company:
    """A new tenant, with Ada as its administrator."""
    return found_company(door, gateway, operator)


@pytest.fixture
def stranger(door: Any, gateway: Caller, operator: Caller) -> Company:
    """Another tenant."""
    return found_company(door, gateway, operator)


def found_company(door: Any, gateway: Caller, operator: Caller) -> Company:
    key = new_id("t").removeprefix("t_")
    email = f"ada@{key}.example"
    tenant = tenant_pb2.Tenant(name="Acorn", key=key, administrator_email=email, administrator_password=PASSWORD)
    tenant = operator.CreateTenant(tenant_pb2.CreateTenantRequest(tenant=tenant))
    return Company(door, gateway, tenant)


def as_chassis(found: session_pb2.Principal) -> Principal:
    """The principal as the gateway signs it."""
    return Principal(found.tenant_id, found.user_id, tuple(found.team_ids), dict(found.grants), via=found.via)
