"""Every query on a tenant's records names the tenant; the few that cannot are known by name."""

from crm.common.v1 import listing_pb2, requests_pb2
from crm.identity.v1 import session_pb2, tenant_pb2, user_pb2

from tests.builders.identity import PASSWORD
from tests.identity.watch import watch
from tests.refused import refusal

# Not a tenant's records, or rows of which the id has the tenant in it.
OTHERS = {"guesses", "turns", "idempotency_records", "events", "leases", "inbox", "dead_letters", "search_words"}

# What looks across tenants: by what only the holder of a credential knows, or by the key of a tenant.
ACROSS = {
    ("sessions", ("expire_time", "hash")),
    ("sessions", ("hash",)),
    ("api_key_proofs", ("_id",)),
    ("tenants", ("key",)),
    ("users", ("deleted_time", "disabled", "email")),
}


def test_only_the_look_ups_of_credentials_cross_tenants(company, operator):
    watch.without_tenant.clear()
    bob, north = company.hire("bob"), company.team("North")
    company.team("Oslo", parent_id=north.id)
    user = user_pb2.User(id=bob.id, team_ids=[north.id], manager_id=company.ada.whom.user_id)
    company.ada.UpdateUser(user_pb2.UpdateUserRequest(user=user, update_mask={"paths": ["team_ids", "manager_id"]}))
    began = company.sign_in(bob.email, tenant_key=company.tenant.key)
    key = company.key(company.calling(began.principal))
    company.authenticate(api_key=key.secret)
    company.authenticate(session_token=began.session_token)
    refusal(company.sign_in, bob.email, "a wrong password")
    company.calling(began.principal).ListUsers(listing_pb2.ListRequest(query="bob", with_total=True))
    company.calling(began.principal).GetMe(session_pb2.GetMeRequest())
    company.ada.ListApiKeys(listing_pb2.ListRequest())
    company.ada.BatchGetUsers(requests_pb2.BatchGetRequest(ids=[bob.id]))
    company.ada.SetUserPassword(user_pb2.SetUserPasswordRequest(id=bob.id, password=PASSWORD))
    company.ada.DisableUser(user_pb2.DisableUserRequest(id=bob.id))
    company.ada.DeleteUser(requests_pb2.DeleteRequest(id=bob.id))
    company.ada.RestoreUser(requests_pb2.RestoreRequest(id=bob.id))
    company.gateway.SignOut(session_pb2.SignOutRequest(session_token=began.session_token))
    renamed = tenant_pb2.Tenant(id=company.tenant.id, name="Oak")
    operator.UpdateTenant(tenant_pb2.UpdateTenantRequest(tenant=renamed, update_mask={"paths": ["name"]}))
    assert {query for query in watch.without_tenant if query[0] not in OTHERS} == ACROSS
