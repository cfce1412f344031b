"""Sessions of browsers: an opaque token whose hash is kept, for 12 hours without use and for 7 days at most.

A session is no record that clients read, so it is no noun: it begins, is recognised, and ends.
"""

from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING
from pymongo.collection import Collection

from chassis import new_id, now, transaction
from services.gateway.identity.credential import SESSION, Credential, across_tenants
from services.gateway.identity.refusals import CredentialUnknown
from services.gateway.identity.secret import csrf_token, digest, token

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
_NOTED_EVERY = timedelta(minutes=1)


def begin(tenant_id: str, user_id: str) -> tuple[str, Credential, datetime]:
    """A new session of a user: its token, which is not kept, what it is, and when it ends without use."""
    secret, at = token(), now()
    session: dict[str, Any] = {
        "_id": new_id("ses"), "tenant_id": tenant_id, "user_id": user_id, "hash": digest(secret),
        "create_time": at, "use_time": at, "expire_time": at + IDLE,
    }  # fmt: skip
    _sessions().insert_one(session)
    return secret, _credential(session, secret), session["expire_time"]


def recognise(secret: str) -> Credential:
    """The session that this token proves. Refused with CredentialUnknown, also once it has ended."""
    session = across_tenants("sessions").find_one({"hash": digest(secret), "expire_time": {"$gt": now()}})
    if session is None:
        raise CredentialUnknown
    _note_use(session)
    return _credential(session, secret)


def end(secret: str) -> None:
    """End the session of this token; fine when there is none."""
    across_tenants("sessions").delete_one({"hash": digest(secret)})


def end_all(tenant_id: str, user_id: str) -> None:
    """End every session of a user."""
    _sessions().delete_many({"tenant_id": tenant_id, "user_id": user_id})


def prepare() -> None:
    """Make the indexes; MongoDB removes what has ended."""
    _sessions().create_index("hash", unique=True)
    _sessions().create_index([("tenant_id", ASCENDING), ("user_id", ASCENDING)])
    _sessions().create_index("expire_time", expireAfterSeconds=0)


def _note_use(session: dict[str, Any]) -> None:
    at, seen = now(), session["use_time"]
    if at - seen >= _NOTED_EVERY:
        ends = min(at + IDLE, session["create_time"] + LONGEST)
        held = {"_id": session["_id"], "tenant_id": session["tenant_id"], "use_time": seen}
        _sessions().update_one(held, {"$set": {"use_time": at, "expire_time": ends}})


def _credential(session: dict[str, Any], secret: str) -> Credential:
    return Credential(session["_id"], session["tenant_id"], session["user_id"], SESSION, csrf_token(secret))


def _sessions() -> Collection[dict[str, Any]]:
    return transaction.database()["sessions"]
