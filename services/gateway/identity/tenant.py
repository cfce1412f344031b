"""Tenants: companies that use the suite, each invisible to every other.

A tenant's record belongs to the tenant itself: its `tenant_id` is its own id, so the filter that every query carries shows
a tenant at most its own record. Only in the operator's tenant, whose id is fixed, the filter is left off for this one noun.
"""

from typing import Any

from crm.identity.v1 import tenant_pb2, user_pb2
from pymongo import ASCENDING

from chassis import AlreadyExists, Noun, StringField, principal
from services.gateway.identity import password
from services.gateway.identity.credential import across_tenants
from services.gateway.identity.role import ADMINISTRATOR
from services.gateway.identity.user import User

# The operator's tenant is the first of every installation, so its id is the first of all: racing first starts make one
# record, and nothing has to be looked up to know an operator.
HOME = "ten_" + "0" * 26


class Tenant(Noun):
    """A company that uses the suite."""

    contract = tenant_pb2.Tenant
    meta = {"collection": "tenants"}
    searched = ("name", "key")

    name = StringField()
    key = StringField()
    administrator_email = StringField()

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """Every tenant for operators; at most the own one for anybody else."""
        query = super().visible(action)
        if principal().tenant_id == HOME:
            query["tenant_id"] = {"$gte": ""}  # any
        return query

    def arrive(self) -> None:
        """Take the id of the tenant that this is. Refused with AlreadyExists when another tenant has the key."""
        super().arrive()
        self.id = self.tenant_id
        if across_tenants("tenants").find_one({"key": self.key}, {"_id": 1}):
            raise AlreadyExists(noun="tenant", field="key")

    @classmethod
    def open(cls, message: tenant_pb2.Tenant, secret: str) -> "Tenant":
        """A new tenant with its first administrator, who signs in with `secret`. To be run as a service of the new tenant."""
        tenant = cls.create(message)
        email = tenant.administrator_email
        administrator = User.create(
            user_pb2.User(email=email, display_name=email.partition("@")[0], roles=[ADMINISTRATOR])
        )
        password.keep(tenant.id, administrator.id, secret)
        return tenant


def prepare() -> None:
    """Make the index that keeps keys unique among all tenants, and the one that finds a user who has yet to say where."""
    across_tenants("tenants").create_index("key", unique=True)
    across_tenants("users").create_index([("email", ASCENDING), ("tenant_id", ASCENDING)])
