"""Pointing back what a merge moved."""

from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from chassis import clock, transaction
from chassis.fields import following
from chassis.merging.moves import MOVES, change
from chassis.merging.survivors import ALIASES
from chassis.principal import principal

Row = dict[str, Any]


@dataclass(frozen=True)
class Conflict:
    """A reference that was changed after the merge, and stays as it is."""

    collection: str
    record_id: str
    field: str


def part(merge_id: str) -> list[Conflict]:
    """Point back what a merge moved. What was changed since in another way stays, and is answered."""
    database, tenant = transaction.database(), principal().tenant_id
    database[MOVES].update_one(
        {"_id": merge_id}, {"$set": {"joined": False}, "$setOnInsert": {"tenant_id": tenant}}, upsert=True
    )
    database[ALIASES].delete_many({"tenant_id": tenant, "merge_id": merge_id})
    notes = database[MOVES].find({"tenant_id": tenant, "merge_id": merge_id})
    return [conflict for note in notes if (conflict := _part(database, note))]


def parted(before: Any, after: Any, now: Any) -> Any:
    """What a value becomes that was `before`, that a merge made `after`, and that is `now`: the later change stays.

    Raises ValueError where both changed it and it is no list.
    """
    if now in (after, before):
        return before
    if before == after:
        return now
    before, after, now = (each if each is not None else [] for each in (before, after, now))
    if not (isinstance(before, list) and isinstance(after, list) and isinstance(now, list)):
        raise ValueError("a later change stays")
    kept = [each for each in now if each in before or each not in after]
    return kept + [each for each in before if each not in after and each not in kept]


def _part(database: Database, note: Row) -> Conflict | None:
    if "kind" in note:
        return None if following.part(note) else Conflict(note["collection"], note["record_id"], note["field"])
    records, field = database[note["collection"]], note["field"]
    row = records.find_one({"_id": note["record_id"], "tenant_id": note["tenant_id"]})
    if row is None:  # purged meanwhile
        return None
    try:
        back = note["before"] | {
            name: parted(note["before"][name], note["after"][name], row.get(name))
            for name in (field, *note.get("beside", ()))
        }
    except ValueError:
        return Conflict(note["collection"], note["record_id"], field)
    records.update_one({"_id": row["_id"]}, change(back, note["revised"], clock.now()))
    return None
