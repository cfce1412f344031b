"""What is kept beside the fields of records is made anew, for records from before it was kept.

Searches, filters over fields of a tenant's own and the look for duplicates find records by what is kept beside their fields, and
that is written with their changes. A version that keeps more, or another form of it, finds older records only once this has run.
It goes through a noun in the order of the ids, some hundred records at a time, beside the running service. What changed meanwhile
is left alone, for it is up to date; fields, revisions and events stay as they are. It may be killed: the next run goes on where
it was, and one more run changes nothing.
"""

import importlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from types import SimpleNamespace
from typing import Any

from pymongo import UpdateOne

from chassis import mirror, transaction
from chassis.document import Noun
from chassis.listing import INDEX, TOKENS
from chassis.principal import acting_as, of_service
from chassis.refusals import NotFound

DERIVED = (TOKENS, INDEX, mirror.DUPLICATE_KEYS)

_PROGRESS = "derivations"
_BATCH = 500  # records

Row = dict[str, Any]


def nouns_of(package: str) -> list[type[Noun]]:
    """The nouns that a service keeps, by the names of their collections. Raises ModuleNotFoundError."""
    importlib.import_module(f"{package}.service")
    mine = {each for each in _below(Noun) if each.__module__.startswith(f"{package}.")}
    found = [each for each in mine if not each._meta.get("abstract")]
    return sorted(found, key=lambda noun: str(noun._meta["collection"]))


def make_anew(noun: type[Noun]) -> Iterator[int]:
    """Make the derived fields of all records of a noun anew, from where a run before broke off: how many, batch by batch."""
    progress, name = transaction.database()[_PROGRESS], noun._meta["collection"]
    reached: Row = progress.find_one({"_id": name}) or {"after": ""}
    while rows := list(noun._get_collection().find({"_id": {"$gt": reached["after"]}}).sort("_id", 1).limit(_BATCH)):
        yield _make_anew(noun, rows)
        reached = {"_id": name, "after": rows[-1]["_id"]}
        progress.replace_one({"_id": name}, reached, upsert=True)
    progress.delete_one({"_id": name})


def _make_anew(noun: type[Noun], rows: list[Row]) -> int:
    changes: list[UpdateOne] = []
    for (tenant_id, kind), some in groupby(
        sorted(rows, key=lambda row: _whose(noun, row)), lambda row: _whose(noun, row)
    ):
        with ExitStack() as stack:
            stack.enter_context(acting_as(of_service(noun.about().service, tenant_id)))
            try:
                stack.enter_context(noun.of_kind(kind))
            except NotFound:  # an object that is no more has no records that anybody finds
                continue
            changes += [change for row in some if (change := _change(noun, row))]
    if not changes:
        return 0
    return noun._get_collection().bulk_write(changes, ordered=False).modified_count


def _whose(noun: type[Noun], row: Row) -> tuple[str, str]:
    return row["tenant_id"], noun.kind_of(SimpleNamespace(**row))


def _change(noun: type[Noun], row: Row) -> UpdateOne | None:
    record = noun._from_son(mirror.copied(row))
    wanted = record._row()
    news = {name: wanted.get(name) for name in DERIVED if wanted.get(name) != row.get(name)}
    if not news:
        return None
    if TOKENS in news:
        noun._learn(row)
    held = {"_id": row["_id"], "revision": row["revision"], **{name: row.get(name) for name in news}}
    change = {
        "$set": {name: value for name, value in news.items() if value is not None},
        "$unset": {name: "" for name, value in news.items() if value is None},
    }
    return UpdateOne(held, {operator: fields for operator, fields in change.items() if fields})


def _below(kind: Any) -> Iterable[Any]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
