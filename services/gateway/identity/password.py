"""Passwords: argon2id hashes in a collection of their own, so that no read of a user can show one.

Parameters are OWASP's first choice for argon2id (19 MiB, 2 passes, 1 lane). Hashing costs memory and time on purpose, so
only a few run at a time. A password is taken as Unicode NFKC (NIST SP 800-63B, 5.1.1.2): it does not depend on the keyboard.
"""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import argon2
from pymongo.collection import Collection

from chassis import TooMany, now, transaction

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_A_TIME = 4  # 76 MiB at most
_PATIENCE_SECONDS = 0.5  # of a thread that others need
_hashing = threading.BoundedSemaphore(_AT_A_TIME)


def keep(tenant_id: str, user_id: str, password: str) -> None:
    """Make `password` the user's."""
    kept = {"tenant_id": tenant_id, "hash": _hash(password), "set_time": now()}
    _credentials().replace_one({"_id": user_id, "tenant_id": tenant_id}, kept, upsert=True)


def proves(tenant_id: str, user_id: str, password: str) -> bool:
    """Whether `password` is the user's; a user that is not there takes as long as any.

    A hash that was made with other parameters than today's is made anew, since the password is at hand.
    """
    kept = _credentials().find_one({"_id": user_id, "tenant_id": tenant_id})
    fits = _verify(kept["hash"] if kept else _decoy(), password)
    if not fits or kept is None:
        return False
    if _HASHER.check_needs_rehash(kept["hash"]):
        keep(tenant_id, user_id, password)
    return True


def forget(tenant_id: str, user_id: str) -> None:
    """Forget the user's password."""
    _credentials().delete_one({"_id": user_id, "tenant_id": tenant_id})


def prepare() -> None:
    """Make the decoy ahead of the first sign-in, so that the first one takes as long as the others."""
    _decoy()


@cache
def _decoy() -> str:
    return _hash("nobody's password")


def _hash(password: str) -> str:
    with _turn():
        return _HASHER.hash(_normal(password))


def _verify(kept: str, password: str) -> bool:
    with _turn():
        try:
            return _HASHER.verify(kept, _normal(password))
        except argon2.exceptions.VerifyMismatchError:
            return False


@contextmanager
def _turn() -> Iterator[None]:
    if not _hashing.acquire(timeout=_PATIENCE_SECONDS):
        raise TooMany(seconds=1)
    try:
        yield
    finally:
        _hashing.release()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _credentials() -> Collection[dict[str, Any]]:
    return transaction.database()["credentials"]
