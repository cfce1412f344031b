"""The table of roles: what it must grant, and what it must never."""

import pytest
from crm.campaigns.v1 import service_pb2 as campaigns
from crm.contacts.v1 import service_pb2 as contacts
from crm.identity.v1 import service_pb2 as identity
from crm.identity.v1 import user_pb2
from crm.options.v1 import options_pb2
from crm.sales.v1 import service_pb2 as sales
from crm.schema.v1 import field_definition_pb2
from crm.support.v1 import service_pb2 as support
from hypothesis import given
from hypothesis import strategies as st

from chassis.contract import rpc_of
from chassis.principal import Principal, Scope
from services.gateway.identity.role import ADMINISTRATOR, ROLES, grants, told

RPCS = [
    rpc_of(method)
    for module in (campaigns, contacts, identity, sales, support)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
PERMISSIONS = sorted({rpc.permission for rpc in RPCS})
ROLE_SETS = st.sets(st.sampled_from(sorted(ROLES)))


def scope(roles: set[str] | list[str], permission: str, *, of_operator: bool = False) -> Scope | None:
    return Principal("ten", "usr", grants=grants(roles, of_operator=of_operator)).scope(permission)


def test_the_roles_are_those_of_the_contract():
    defined = field_definition_pb2.FieldDefinition.DESCRIPTOR.fields_by_name
    for named in (user_pb2.User.DESCRIPTOR.fields_by_name["roles"], defined["read_roles"], defined["write_roles"]):
        assert list(ROLES) == list(named.GetOptions().Extensions[options_pb2.rules].one_of)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_tells_all_that_whoever_has_it_may_do(role):
    shown = told(role)
    assert (shown.id, dict(shown.grants)) == (role, grants([role]))
    assert shown.display_name
    assert shown.description.endswith(".")


@pytest.mark.parametrize("role", ROLES)
def test_no_role_resolves_principals(role):
    assert scope([role], "identity.principal.resolve", of_operator=True) is None


@pytest.mark.parametrize("action", ["read", "write", "delete"])
def test_only_administrators_of_the_operator_reach_tenants(action):
    for role in ROLES:
        expected = Scope.ALL if role == ADMINISTRATOR else None
        assert scope([role], f"identity.tenant.{action}", of_operator=True) is expected
        assert scope([role], f"identity.tenant.{action}") is None


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_an_administrator_may_do_all_that_the_contract_knows(permission):
    reserved = permission.startswith("identity.tenant.") or permission.endswith(".resolve")
    assert scope([ADMINISTRATOR], permission) is (None if reserved else Scope.ALL)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads_names_and_keeps_the_own_keys(role):
    assert scope([role], "identity.user.read") is Scope.ALL
    assert scope([role], "identity.team.read") is Scope.ALL
    assert scope([role], "identity.me.read") is Scope.ALL
    own = Scope.ALL if role == ADMINISTRATOR else Scope.OWN
    assert {scope([role], f"identity.api_key.{action}") for action in ("read", "write", "delete")} == {own}


@pytest.mark.parametrize("permission", [each for each in PERMISSIONS if not each.startswith("identity.")])
def test_who_may_only_read_changes_nothing(permission):
    assert scope(["read_only"], permission) is (Scope.ALL if permission.endswith(".read") else None)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("noun", sorted({each.rpartition(".")[0] for each in PERMISSIONS}))
def test_nobody_writes_more_than_they_see(role, noun):
    seen = scope([role], f"{noun}.read")
    for action in ("write", "delete", "purge"):
        may = scope([role], f"{noun}.{action}")
        assert may is None or (seen is not None and may <= seen)


@pytest.mark.parametrize("role", ROLES)
def test_only_administrators_delete_for_good(role):
    assert scope([role], "contacts.contact.purge") is (Scope.ALL if role == ADMINISTRATOR else None)


def test_a_sales_rep_works_the_own_pipeline_and_sees_the_team():
    assert scope(["sales_rep"], "sales.opportunity.read") is Scope.TEAM
    assert scope(["sales_rep"], "sales.opportunity.write") is Scope.OWN
    assert scope(["sales_rep"], "sales.product.write") is None


def test_a_role_that_is_unknown_grants_nothing_of_its_own():
    assert grants(["emperor"]) == grants([])


@given(ROLE_SETS, ROLE_SETS)
def test_another_role_never_takes_anything_away(some, more):
    one, other, both = (Principal("ten", "usr", grants=grants(roles)) for roles in (some, more, some | more))
    for permission in PERMISSIONS:
        assert (both.scope(permission) or 0) == max(one.scope(permission) or 0, other.scope(permission) or 0)
