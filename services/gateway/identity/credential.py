"""What every credential has in common: whom it speaks for, and the one way to look for something in all tenants.

A caller that has yet to prove who it is has no tenant, so the look-ups behind Authenticate and SignIn cannot carry one.
They go through `across_tenants` and nothing else does; each asks for exactly one row, by what only its holder knows.
"""

from dataclasses import dataclass
from typing import Any

from pymongo.collection import Collection

from chassis import transaction

SESSION, API_KEY = "session", "api_key"


@dataclass(frozen=True)
class Credential:
    """A credential that was proven, and whom it speaks for."""

    id: str
    tenant_id: str
    user_id: str
    via: str  # SESSION or API_KEY
    csrf_token: str = ""


def across_tenants(collection: str) -> Collection[dict[str, Any]]:
    """A collection to look in for the holder of a credential, whatever the tenant."""
    return transaction.database()[collection]
