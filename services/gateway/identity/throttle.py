"""Slows guessing down: after five failures on one account each further guess has to wait, twice as long every time.

A guess is counted before it is looked at, so guesses side by side do not escape, and outside of the request's
transaction, so the count stays when the request is refused. An account is what was typed, known to us or not: the
answer does not tell.
"""

import math
from datetime import timedelta
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from chassis import TooMany, now, transaction
from services.gateway.identity.secret import digest

FREE_FAILURES = 5
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)


def admit(account: str) -> None:
    """Count a guess on `account`. Refused with TooMany while the account has to wait."""
    transaction.apart(lambda: _count(digest(account)))


def forgive(account: str) -> None:
    """Forget the failures of `account`: the last guess was right."""
    # Also apart: the transaction may have begun before the count, and must not meet what it cannot see.
    transaction.apart(lambda: _guesses().delete_one({"_id": digest(account)}))


def prepare() -> None:
    """Make the index that lets old failures go."""
    _guesses().create_index("expire_time", expireAfterSeconds=0)


def wait(failures: int) -> timedelta:
    """How long an account has to wait after so many failures in a row: 1, 2, 4 … seconds after the free ones."""
    if failures <= FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES - 1, 20)), LONGEST_WAIT)


def _count(account: bytes) -> None:
    at = now()
    for _ in range(10):  # a guess beside this one may have moved the count on
        known = _guesses().find_one({"_id": account}) or {"failures": 0, "retry_time": at}
        if known["retry_time"] > at:
            raise TooMany(seconds=math.ceil((known["retry_time"] - at).total_seconds()))
        failures = known["failures"] + 1
        counted = {"failures": failures, "retry_time": at + wait(failures), "expire_time": at + FORGOTTEN_AFTER}
        held = {"_id": account, "failures": known["failures"]}
        try:
            _guesses().update_one(held, {"$set": counted}, upsert=True)
        except DuplicateKeyError:
            continue
        return
    raise TooMany(seconds=1)


def _guesses() -> Collection[dict[str, Any]]:
    return transaction.database()["guesses"]
