"""What proves that somebody may come by a share link: its token, and its password where it has one.

The token is 192 random bits and answered once. Its SHA-256 is kept apart from the link's record, so that no read, list or event
can show it. Passwords are kept as argon2id hashes (OWASP's first choice of parameters); after five wrong ones in a row each
further guess waits, twice as long every time. A guess counts before it is looked at, outside of the request's transaction, so
it stays.
"""

import hashlib
import math
import secrets
import threading
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import argon2

from chassis import TooMany, now, principal, transaction
from services.contacts.refusals import SharePasswordWrong, ShareUnknown

FREE_GUESSES, LONGEST_WAIT = 5, timedelta(hours=1)

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_public_url = ""
_hashing = threading.BoundedSemaphore(2)  # 38 MiB at most


def hand_out(tenant_id: str, share_link_id: str, until: datetime, password: str) -> str:
    """A new address for a share link, good until then; its token is kept with the password, as hashes."""
    token = secrets.token_urlsafe(24)
    proof: dict[str, Any] = {
        "_id": _digest(token),
        "tenant_id": tenant_id,
        "share_link_id": share_link_id,
        "expire_time": until,
    }
    if password:
        with _hashing:
            proof["password_hash"] = _HASHER.hash(_normal(password))
    _proofs().insert_one(proof)
    return f"{_public_url}/s/{token}"


def of_token(token: str) -> dict[str, Any]:
    """What is kept of a token, of whatever tenant. Refused with ShareUnknown."""
    proof: dict[str, Any] | None = _proofs().find_one({"_id": _digest(token)})
    if proof is None:
        raise ShareUnknown
    return proof


def demand_password(proof: dict[str, Any], password: str) -> None:
    """Refused with SharePasswordWrong, and with TooMany after wrong guesses; nothing is asked where there is no password."""
    kept = proof.get("password_hash")
    if kept is None:
        return
    transaction.apart(lambda: _count(proof["_id"]))
    with _hashing:
        try:
            _HASHER.verify(kept, _normal(password))
        except argon2.exceptions.VerifyMismatchError:
            raise SharePasswordWrong from None
    transaction.apart(
        lambda: _proofs().update_one({"_id": proof["_id"]}, {"$unset": {"guesses": "", "retry_time": ""}})
    )


def wait(guesses: int) -> timedelta:
    """How long to wait after so many wrong guesses in a row: 1, 2, 4 … seconds after the free ones."""
    if guesses <= FREE_GUESSES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(guesses - FREE_GUESSES - 1, 20)), LONGEST_WAIT)


def hold(tenant_id: str, share_link_id: str, until: datetime) -> None:
    """Keep what proves a share link until then, and no longer."""
    known = {"tenant_id": tenant_id, "share_link_id": share_link_id}
    _proofs().update_one(known, {"$set": {"expire_time": until}})


def drop(share_link_ids: Sequence[str]) -> None:
    """Let nobody in by these share links any more."""
    _proofs().delete_many({"tenant_id": principal().tenant_id, "share_link_id": {"$in": list(share_link_ids)}})


def prepare(public_url: str) -> None:
    """Take where visitors reach the gateway, and make the indexes that find proofs and let them go when their time is up."""
    global _public_url
    _public_url = public_url.rstrip("/")
    _proofs().create_index([("tenant_id", 1), ("share_link_id", 1)])
    _proofs().create_index("expire_time", expireAfterSeconds=0)


def _count(id: str) -> None:
    at = now()
    guessed = {"guesses": {"$add": [{"$ifNull": ["$guesses", 0]}, 1]}}
    due = {"_id": id, "$or": [{"retry_time": None}, {"retry_time": {"$lte": at}}]}
    counted = _proofs().find_one_and_update(due, [{"$set": guessed}], return_document=True)
    if counted is None:
        held = _proofs().find_one({"_id": id}, {"retry_time": 1}) or {}
        raise TooMany(seconds=math.ceil((held.get("retry_time", at) - at).total_seconds()) or 1)
    if pause := wait(counted["guesses"]):
        _proofs().update_one({"_id": id}, {"$max": {"retry_time": at + pause}})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _proofs() -> Any:
    return transaction.database()["share_proofs"]
