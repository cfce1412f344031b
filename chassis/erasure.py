"""Forgets a person in the whole database of a service, and says so.

A service takes the task up with the event that asks for it, and works on it beside its door until it is done: first its own
rule says which records go and what is blanked in others; then every collection of the tenant is gone through for what still
names the person, whoever wrote it. Facts stay, with their amounts and days: only the words that name the person go. Each step
can be repeated; what breaks is tried again, and logged, until it succeeds.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pymongo
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from pymongo.collection import Collection

from chassis import transaction
from chassis.events import outbox
from chassis.events.dead_letters import DEAD_LETTERS
from chassis.events.fact import service_of
from chassis.files import File
from chassis.idempotency import COLLECTION as ANSWERS
from chassis.listing import PAIR, TOKENS, tokens, vocabulary
from chassis.principal import acting_as, of_service, principal
from chassis.sweeper import Sweeper

ERASED = "[erased]"
_TASKS = "erasure_tasks"
_SHORTEST = 5  # characters: a shorter word is part of too many others
_SECONDS = 600.0  # for one person in one service
_NOT_WALKED = (_TASKS, vocabulary.COLLECTION)  # what is done last, and what holds single words

Row = dict[str, Any]
Gone = Mapping[str, Iterable[str]]  # ids of the records that went or were blanked, by collection


@dataclass(frozen=True)
class Person:
    """Whom to forget: the contacts that it was, the words that name it, and the files that were found to name it."""

    contact_ids: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    names: tuple[str, ...]
    file_ids: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What names the person wherever it stands, the longest first. Single short names are no such word."""
        words = {word for word in (*self.emails, *self.phones, *self.names) if len(word) >= _SHORTEST}
        return tuple(sorted(words, key=len, reverse=True))


_ASKED = ("contact_ids", "emails", "phones", "names")


def _nothing_more(person: Person) -> Person:
    return person


def take_up(requested: Any) -> None:
    """Have a person forgotten, in the transaction of this thread; once, however often it is asked for.

    `requested` is the event that asks: it has an `erasure_id`, and what a Person has.
    """
    known = {name: list(getattr(requested, name)) for name in _ASKED}
    task = {"tenant_id": principal().tenant_id, "ids": [], "counts": {}, **known}
    transaction.database()[_TASKS].update_one({"_id": requested.erasure_id}, {"$setOnInsert": task}, upsert=True)


def erasing(
    forget: Callable[[Person], Gone], completed: type[Message], look: Callable[[Person], Person] = _nothing_more
) -> Callable[[Any], Sweeper]:
    """The companion that forgets: `forget` is the service's own rule, `completed` the event by which it tells of the end.

    `look` reads before that what takes too long for a transaction, and answers the person with what it found.
    """

    def companion(settings: Any) -> Sweeper:  # noqa: ARG001  companions are made with the settings
        return Sweeper("erasures", due, partial(erase, forget, completed, look=look), seconds=2.0)

    return companion


def due() -> list[Row]:
    """The tasks of every tenant."""
    return list(transaction.database()[_TASKS].find())


def erase(
    forget: Callable[[Person], Gone],
    completed: type[Message],
    task: Row,
    look: Callable[[Person], Person] = _nothing_more,
) -> None:
    """Do one task from wherever it stands, and announce its end."""
    person = Person(*(tuple(task[name]) for name in _ASKED))
    with acting_as(of_service(service_of(completed), task["tenant_id"])), pymongo.timeout(_SECONDS):
        transaction.run(partial(_by_rule, forget, look(person), task["_id"]))
        File.sweep()
        tasks = transaction.database()[_TASKS]
        noted: Row = tasks.find_one({"_id": task["_id"]}) or task
        blanked = _Scrub(task["tenant_id"], person, set(noted["ids"])).run()
        vocabulary.unlearn(transaction.database(), task["tenant_id"])
        transaction.run(partial(_end, completed, task["_id"], noted["counts"], blanked))


def _by_rule(forget: Callable[[Person], Gone], person: Person, id: str) -> None:
    # Noted with what was done: a second run finds no trace of the records whose journal is still to be blanked.
    gone = {name: list(ids) for name, ids in forget(person).items()}
    note: Row = {"$addToSet": {"ids": {"$each": sorted({each for ids in gone.values() for each in ids})}}}
    if counts := {f"counts.{name}": len(ids) for name, ids in gone.items() if ids}:
        note["$inc"] = counts
    transaction.database()[_TASKS].update_one({"_id": id}, note)


def _end(completed: Any, id: str, counts: dict[str, int], blanked: int) -> None:
    if transaction.database()[_TASKS].delete_one({"_id": id}).deleted_count:  # else another process was faster
        told = {**counts, "other_records": blanked}
        erased = [{"collection": name, "count": count} for name, count in sorted(told.items()) if count]
        outbox.announce(id, completed(erasure_id=id, erased=erased))


class _Scrub:
    """One walk through all collections of a tenant."""

    def __init__(self, tenant_id: str, person: Person, ids: set[str]) -> None:
        self._tenant_id, self._ids = tenant_id, ids
        self._pattern = re.compile("|".join(re.escape(word) for word in person.words) or r"(?!)", re.IGNORECASE)
        self._bytes = re.compile(self._pattern.pattern.encode(), re.IGNORECASE)
        self._tokens = set(tokens(person.words))
        self._marks = [id.encode() for id in (*ids, *person.contact_ids)]

    def run(self) -> int:
        """Blank what names the person; how many rows that changed."""
        database, changed = transaction.database(), 0
        for name in sorted(database.list_collection_names()):
            if name.startswith("system.") or name in _NOT_WALKED:
                continue
            for row in database[name].find({"tenant_id": self._tenant_id}, batch_size=500):
                changed += self._blank(database[name], row)
        return changed

    def _blank(self, collection: Collection[Row], row: Row | None) -> bool:
        while row is not None:
            if collection.name == ANSWERS and self._speaks_of_it(row["answer"]):
                return bool(collection.delete_one({"_id": row["_id"]}).deleted_count)
            changes = self._changes(collection.name, row)
            if not changes:
                return False
            # Held to what was read: somebody may have changed the record since.
            held = {"_id": row["_id"], **{name: row.get(name) for name in changes}}
            if collection.update_one(held, {"$set": changes}).matched_count:
                return True
            row = collection.find_one({"_id": row["_id"]})
        return False

    def _changes(self, collection: str, row: Row) -> Row:
        after = self._value(row)
        if collection in (outbox.EVENTS, DEAD_LETTERS):
            after["body"] = self._body(row)
        changes = {name: value for name, value in after.items() if value != row[name]}
        if "body" in changes:
            changes["erased"] = True
        if changes and row.get(TOKENS):
            changes[TOKENS] = [
                token for token in row[TOKENS] if not token.startswith(PAIR) and token not in self._tokens
            ]
        return changes

    def _body(self, row: Row) -> bytes:
        # What a record that is gone was, nobody needs to know; an event on its way must stay what it is.
        if row["record_id"] in self._ids and row.get("published", True):
            return b""
        known = descriptor_pool.Default()
        message = message_factory.GetMessageClass(known.FindMessageTypeByName(row["type"])).FromString(row["body"])
        return message.SerializeToString() if self._scrubbed(message) else row["body"]

    def _speaks_of_it(self, answer: bytes) -> bool:
        return bool(self._bytes.search(answer)) or any(mark in answer for mark in self._marks)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._pattern.sub(ERASED, value)
        if isinstance(value, dict):
            return {name: self._value(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._value(each) for each in value]
        if isinstance(value, bytes) and self._bytes.search(value):
            return b""
        return value

    def _scrubbed(self, message: Message) -> bool:
        """Whether the message named the person; it no longer does."""
        changed = False
        for field, value in message.ListFields():
            if field.message_type and field.message_type.GetOptions().map_entry:
                changed |= self._scrubbed_map(value)
            elif field.message_type:
                changed |= sum(map(self._scrubbed, value if field.is_repeated else [value])) > 0  # each of them
            elif field.cpp_type == field.CPPTYPE_STRING and field.type != field.TYPE_BYTES:
                clean = [self._pattern.sub(ERASED, each) for each in (value if field.is_repeated else [value])]
                if clean == (list(value) if field.is_repeated else [value]):
                    continue
                changed = True
                if field.is_repeated:
                    value[:] = clean
                else:
                    setattr(message, field.name, clean[0])
        return changed

    def _scrubbed_map(self, entries: Any) -> bool:
        changed = False
        for key in list(entries):
            if isinstance(entries[key], Message):
                changed |= self._scrubbed(entries[key])
            elif isinstance(entries[key], str) and self._pattern.search(entries[key]):
                entries[key], changed = self._pattern.sub(ERASED, entries[key]), True
        return changed
