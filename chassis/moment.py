"""Reads that are not older than a write, whichever member of the replica set answers them.

A write answers the moment of its commit (MongoDB's operation time), and a read that names it waits until the database that
it reaches has seen it, or is refused: it is never silently stale. Records, their lists and the index of their words are
one write in one database, so the moment of a write is the moment from which it is found. A read without one sees every
acknowledged write as long as reads go to the primary and that stays the same; the moment is for secondaries and fail-overs.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import mongoengine
import pymongo
from bson.timestamp import Timestamp
from grpc import StatusCode
from pymongo.errors import PyMongoError

from chassis import transaction
from chassis.refusals import Invalid, Refusal

LONGEST_WAIT = 1.0  # seconds

_FORM = re.compile(r"([0-9]{1,10})-([0-9]{1,10})\Z")
_LARGEST = 2**32 - 1
_AHEAD_OF_CLUSTER = 72  # MongoDB's error code for a moment that no member has heard of


class Behind(Refusal):
    """The database has not seen yet what the Consistency-Token stands for; try again."""

    code = StatusCode.UNAVAILABLE


def written() -> str:
    """The moment of the last commit of this thread, `1763800000-3`; empty when there was none."""
    at = transaction.committed.get()
    return f"{at.time}-{at.inc}" if at else ""


@contextmanager
def reached(moment: str) -> Iterator[None]:
    """Read nothing older than `moment` within the block. Refused with Behind after a second, with Invalid for no moment."""
    parts = _FORM.match(moment)
    if not parts or max(map(int, parts.groups())) > _LARGEST:
        raise Invalid.field("consistency_token", "is no token that a write has answered")
    with mongoengine.get_connection().start_session(causal_consistency=True) as session:
        session.advance_operation_time(Timestamp(int(parts[1]), int(parts[2])))
        with session.bind(end_session=False):
            _wait()
            yield


def _wait() -> None:
    try:
        with pymongo.timeout(LONGEST_WAIT):
            transaction.database()["events"].find_one({"_id": ""}, {"_id": 1})
    except PyMongoError as fault:
        if fault.timeout or getattr(fault, "code", None) == _AHEAD_OF_CLUSTER:
            raise Behind from fault
        raise
