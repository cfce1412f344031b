"""Turns: transactions that must see each other go one after the other.

Under snapshot isolation two transactions can each keep a rule and break it together, or look for each other and pass each other
by. Both take the same turn; MongoDB lets one of them win, and the other begins again and sees the winner's work. A turn is a row
with the hash of its name, so it says nothing of whom it is about, and is gone an hour later.

Where many rest on what few change, a turn has lanes: who rests on it takes one, who changes it takes them all.
"""

import hashlib
import itertools
import secrets
import threading
from datetime import timedelta

from pymongo import UpdateOne
from pymongo.database import Database

from chassis import clock, transaction
from chassis.principal import principal

COLLECTION = "turns"
LANES = 16
_KEPT = timedelta(hours=1)  # far longer than any transaction

_lanes = itertools.count(secrets.randbelow(LANES))


class _Own(threading.local):
    """The lane of a thread: those of one process are not in each other's way, and other processes begin elsewhere."""

    def __init__(self) -> None:
        self.lane = next(_lanes) % LANES


_own = _Own()


def take_turns(*names: str) -> None:
    """Take the tenant's turns of these names, `<rule>` or `<rule>/<what it is about>`, for this thread's transaction.

    The rows are written at its end, all at once: whether two are in each other's way depends on what they write, not on when.
    """
    tenant_id = principal().tenant_id
    taken = transaction.remembered(COLLECTION, set[str])
    taken |= {hashlib.sha256(f"{tenant_id}/{name}".encode()).hexdigest() for name in names}
    transaction.at_end(COLLECTION, lambda: _write(taken))


def take_a_lane(name: str) -> None:
    """Rest on something that others may change: take one lane of the turn, which is seldom in the way of who rests on it, too."""
    take_turns(f"{name}/{_own.lane}")


def take_all_lanes(name: str) -> None:
    """Change something that others may rest on at this moment: take every lane of the turn."""
    take_turns(*(f"{name}/{lane}" for lane in range(LANES)))


def prepare(database: Database) -> None:
    """Let turns go when nobody can race for them any more."""
    database[COLLECTION].create_index("time", expireAfterSeconds=int(_KEPT.total_seconds()))


def _write(taken: set[str]) -> None:
    if taken:
        # A count, for a time alone may be the same, and what changes nothing conflicts with nobody.
        change = {"$inc": {"turns": 1}, "$set": {"time": clock.now()}}
        turns = [UpdateOne({"_id": id}, change, upsert=True) for id in sorted(taken)]
        transaction.database()[COLLECTION].bulk_write(turns, ordered=False)
