"""The service's own database, and the one transaction in which a request or a reaction writes.

MongoEngine knows no sessions, but `ClientSession.bind()` makes every operation of the thread join one (PyMongo ≥ 4.17),
so state, events, idempotency record and inbox record commit together. Write concern is majority and journalled: a single
acknowledged write survives kill -9 and power loss.

A transaction sees one snapshot. So what it has looked up once it may remember (`remembered`), and rows that nobody reads
before the end it may write at the end, all at once (`defer`): a batch of 200 costs a few look-ups and one insert of events.
"""

import itertools
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import mongoengine
from bson.timestamp import Timestamp
from mongoengine.errors import OperationError
from pymongo import MongoClient, UpdateOne, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

Answer = TypeVar("Answer")

BY_ID = "_id_"
"""The index of ids, as a hint: a query that names an id and more, such as its tenant, has mongod weigh each index that begins
with the tenant against it, which is half of what a change of one field takes."""

_WRITE = WriteConcern("majority", j=True)
_DUPLICATE_KEY = 11000
_MOST_RUNS = 20  # of work that meets a duplicate key


@dataclass
class _Work:
    """One run of a transaction's work: what it has looked up, and what it writes at its end."""

    memory: dict[Hashable, Any] = field(default_factory=dict)
    deferred: dict[str, tuple[Collection, list[dict[str, Any]]]] = field(default_factory=dict)
    changes: dict[str, tuple[Collection, list[UpdateOne]]] = field(default_factory=dict)
    last: dict[Hashable, Callable[[], None]] = field(default_factory=dict)
    gathers: bool = False
    afterwards: list[Callable[[], None]] = field(default_factory=list)


_current: ContextVar[_Work | None] = ContextVar("work", default=None)
committed: ContextVar[Timestamp | None] = ContextVar("committed", default=None)
"""When, on the clock of the database, this thread's last transaction was committed."""


def connect(url: str, threads: int = 8, **options: Any) -> Database:
    """Connect this process to the database that `url` names; the connection is made when it is first used."""
    client: MongoClient = mongoengine.connect(
        host=url, alias="default", tz_aware=True, uuidRepresentation="standard",
        readConcernLevel="majority", retryWrites=True, maxPoolSize=threads * 2 + 8, serverSelectionTimeoutMS=2000,
        connectTimeoutMS=2000, socketTimeoutMS=30000, **options,
    )  # fmt: skip
    return client.get_default_database()


def database() -> Database:
    """The database of this process."""
    return mongoengine.get_db()


def disconnect() -> None:
    """Close every connection of this process."""
    mongoengine.disconnect_all()
    # MongoEngine detaches its documents by class name, so of two services' User it forgets one; tests run several services.
    for document in _below(mongoengine.Document):
        document._disconnect()


def _below(document: Any) -> list[Any]:
    return [each for child in document.__subclasses__() for each in (child, *_below(child))]


def run(work: Callable[[], Answer]) -> Answer:
    """Do `work` in one transaction, again from its start after a transient conflict, and answer what it answered.

    Whatever `work` raises undoes everything. It may run several times, so it must have no effects outside the database.
    Two writers that race for one unique key count as a conflict: the loser's next run sees the winner's record.
    """
    runs = itertools.count(1)
    with mongoengine.get_connection().start_session() as session:
        answer, done = session.with_transaction(
            lambda _: _bound(session, work, last=next(runs) >= _MOST_RUNS), ReadConcern("snapshot"), _WRITE
        )
        committed.set(session.operation_time)
    for tell in done.afterwards:
        tell()
    return answer


def afterwards(tell: Callable[[], None]) -> None:
    """Call `tell` when the transaction was committed, never when it was undone; now outside of any. It must not raise."""
    work = _current.get()
    if work is None:
        tell()
    else:
        work.afterwards.append(tell)


def remembered(key: Hashable, load: Callable[[], Answer]) -> Answer:
    """What `load` answers, asked once per transaction and `key`; each time outside of any."""
    work = _current.get()
    if work is None:
        return load()
    if key not in work.memory:
        work.memory[key] = load()
    return work.memory[key]


def remember(key: Hashable, answer: Any) -> None:
    """Let `remembered` answer this from now on, where a transaction knows better than its snapshot."""
    if (work := _current.get()) is not None:
        work.memory[key] = answer


def defer(collection: Collection, rows: list[dict[str, Any]]) -> None:
    """Insert `rows` when the transaction's work is done, together with all others of the collection; now outside of any."""
    work = _current.get()
    if work is None:
        collection.insert_many(rows)
    else:
        work.deferred.setdefault(collection.full_name, (collection, []))[1].extend(rows)


def at_end(key: Hashable, do: Callable[[], None]) -> None:
    """Do something when the transaction's work is done, once for a `key`; now outside of any."""
    work = _current.get()
    if work is None:
        do()
    else:
        work.last[key] = do


@contextmanager
def gathering() -> Iterator[None]:
    """Write what the block inserts and updates at the transaction's end, all at once. The block does not read it back."""
    work = _current.get()
    if work is None:
        raise RuntimeError("there is no transaction to gather in")
    work.gathers = True
    try:
        yield
    finally:
        work.gathers = False


def insert(collection: Collection, row: dict[str, Any]) -> None:
    """Insert a row, now or where the transaction gathers."""
    work = _current.get()
    if work is not None and work.gathers:
        defer(collection, [row])
    else:
        collection.insert_one(row)


def update(collection: Collection, held: dict[str, Any], change: dict[str, Any]) -> bool:
    """Change the row that `held` describes by its id and more, now or where the transaction gathers; False when there is none."""
    work = _current.get()
    if work is None or not work.gathers:
        return bool(collection.update_one(held, change, hint=BY_ID).matched_count)
    work.changes.setdefault(collection.full_name, (collection, []))[1].append(UpdateOne(held, change, hint=BY_ID))
    return True


def apart(work: Callable[[], Answer]) -> Answer:
    """Do `work` outside of this thread's transaction, so that it stays when that is undone: the count of a refused guess.

    `work` knows nothing of the request, neither its principal nor its deadline.
    """
    return Context().run(work)


def _bound(session: Any, work: Callable[[], Answer], last: bool) -> tuple[Answer, "_Work"]:
    unit = _Work()
    token = _current.set(unit)
    try:
        with session.bind(end_session=False):
            answer = work()
            for collection, rows in unit.deferred.values():
                _insert(collection, rows)
            for collection, changes in unit.changes.values():
                if collection.bulk_write(changes).matched_count != len(changes):
                    raise Conflict(PyMongoError("a row that was to be changed has changed"))
            for do in unit.last.values():
                do()
            return answer, unit
    except (PyMongoError, OperationError) as error:
        fault = _unwrapped(error)
        if _is_race(fault) and not last:  # no race lasts so long: the last run meets a record that it does not see
            raise Conflict(fault) from fault
        if fault is error:
            raise
        raise fault from error
    finally:
        _current.reset(token)


def _unwrapped(error: PyMongoError | OperationError) -> Exception:
    # MongoEngine puts errors of its own around the driver's, and loses the label that says that another run may succeed.
    return (
        error.__context__
        if isinstance(error, OperationError) and isinstance(error.__context__, PyMongoError)
        else error
    )


def _is_race(fault: Exception) -> bool:
    if isinstance(fault, BulkWriteError):
        return bool(fault.details["writeErrors"]) and fault.details["writeErrors"][0]["code"] == _DUPLICATE_KEY
    return isinstance(fault, DuplicateKeyError)


def _insert(collection: Collection, rows: list[dict[str, Any]]) -> None:
    if len(rows) == 1:  # the common case, and half the work for the driver
        collection.insert_one(rows[0])
    else:
        collection.insert_many(rows)


class Conflict(PyMongoError):
    """A unique key was taken by a writer that this transaction cannot see; a fresh one can."""

    def __init__(self, race: Exception) -> None:
        super().__init__(str(race), error_labels=["TransientTransactionError"])
