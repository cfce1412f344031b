"""The roles that users can be given, through the door."""

import pytest
from crm.identity.v1 import role_pb2, session_pb2

from services.gateway.identity.role import ROLES
from tests.refused import refusal


def roles(caller, **asked):
    return caller.ListRoles(role_pb2.ListRolesRequest(**asked))


def role(caller, id):
    return caller.GetRole(role_pb2.GetRoleRequest(id=id))


def test_every_role_is_listed_and_can_be_given(company):
    found = roles(company.ada)
    assert [each.id for each in found.roles] == list(ROLES)
    assert not found.next_page_token
    assert company.hire("bob", *(each.id for each in found.roles)).roles == list(ROLES)


def test_a_page_goes_on_where_the_one_before_ended(company):
    walked, token = [], ""
    while not walked or token:
        page = roles(company.ada, page_size=4, page_token=token)
        walked.append([each.id for each in page.roles])
        token = page.next_page_token
    assert walked == [list(ROLES)[:4], list(ROLES)[4:]]


def test_a_token_from_elsewhere_is_refused(company):
    assert refusal(roles, company.ada, page_token="emperor") == "INVALID"


@pytest.mark.parametrize("id", ROLES)
def test_a_role_permits_what_the_principal_of_its_user_holds(company, id):
    caller = company.signed_in(company.hire("bob", id).email)
    assert role(caller, id).grants == caller.GetMe(session_pb2.GetMeRequest()).grants


def test_administrators_of_the_operator_are_told_of_tenants(operator, company):
    assert role(operator, "administrator").grants["identity.tenant.*"] == "all"
    assert "identity.tenant.*" not in role(company.ada, "administrator").grants


def test_a_role_that_is_unknown_is_not_found(company):
    assert refusal(role, company.ada, "emperor") == "NOT_FOUND"


def test_who_may_not_read_users_reads_no_roles(gateway):
    assert refusal(roles, gateway) == "FORBIDDEN"
    assert refusal(role, gateway, "administrator") == "FORBIDDEN"
