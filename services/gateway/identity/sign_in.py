"""Sign-in: from address and password to a session, or one refusal whatever was wrong.

Each way through does the same work, one count, one look-up and one hash, so neither the answer nor its time tells whether
tenant, user or password was wrong, or whether the user is shut out.
"""

from datetime import datetime
from typing import Any

from services.gateway.identity import password, session, throttle
from services.gateway.identity.credential import Credential, across_tenants
from services.gateway.identity.refusals import CredentialUnknown
from services.gateway.identity.user import normalised

_NOBODY = {"_id": "", "tenant_id": ""}


def sign_in(email: str, secret: str, tenant_key: str) -> tuple[str, Credential, datetime]:
    """Begin a session: its token, what it is, and when it ends without use. Refused with CredentialUnknown, TooMany."""
    account = f"{tenant_key}/{normalised(email)}"
    throttle.admit(account)
    user = _user(normalised(email), tenant_key)
    if not password.proves(user["tenant_id"], user["_id"], secret):
        raise CredentialUnknown
    throttle.forgive(account)
    return session.begin(user["tenant_id"], user["_id"])


def _user(email: str, tenant_key: str) -> dict[str, Any]:
    # Without a key an address that several tenants know belongs to nobody: whom it meant cannot be told.
    tenant = across_tenants("tenants").find_one({"key": tenant_key}, {"_id": 1})
    where = {"tenant_id": tenant["_id"] if tenant else ""} if tenant_key else {}
    active = {"email": email, "disabled": {"$ne": True}, "deleted_time": None, **where}
    users = list(across_tenants("users").find(active, {"tenant_id": 1}).limit(2))
    return users[0] if len(users) == 1 else _NOBODY
