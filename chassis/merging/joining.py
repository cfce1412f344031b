"""Pointing what refers to records to the one that they became, at once or when it is told of late."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from pymongo import InsertOne, UpdateOne

from chassis import clock, transaction
from chassis.fields import following
from chassis.merging.moves import MOVES, change, note
from chassis.merging.reference import Reference, pointed
from chassis.merging.survivors import ALIASES, DEEPEST, aliases_in
from chassis.principal import principal

Row = dict[str, Any]


def join(
    merge_id: str, references: Sequence[Reference], survivor_id: str, merged_ids: Sequence[str], **along: Any
) -> dict[str, int]:
    """Point everything from the merged records to the survivor; how much moved, by collection. Once per merge.

    `along` are the values of the fields that move along. The survivor itself is left to whoever merges.
    """
    database, tenant = transaction.database(), principal().tenant_id
    mark = {"_id": merge_id, "tenant_id": tenant, "joined": True}
    if database[MOVES].find_one({"_id": merge_id}) is not None:  # followed, or parted already
        return {}
    database[MOVES].insert_one(mark)
    aliases = [{"_id": id, "tenant_id": tenant, "survivor_id": survivor_id, "merge_id": merge_id} for id in merged_ids]
    database[ALIASES].bulk_write([UpdateOne({"_id": row["_id"]}, {"$set": row}, upsert=True) for row in aliases])
    moved: dict[str, int] = {}
    for reference in references:
        count = _join(merge_id, reference, survivor_id, list(merged_ids), along)
        moved[reference.collection] = moved.get(reference.collection, 0) + count
    for collection, notes in following.join(merge_id, survivor_id, list(merged_ids)):
        database[MOVES].insert_many(notes)
        moved[collection] = moved.get(collection, 0) + len(notes)
    return {collection: count for collection, count in moved.items() if count}


def arrived_own(collection: str, record_id: str, values: Row) -> tuple[Row, list[Row]]:
    """As `arrived`, of the values of the tenant's own fields."""
    notes: list[Row] = []
    for reference in following.own_references(collection) if values else ():
        for _ in range(DEEPEST):
            aliases = aliases_in(values.get(reference.key), "")
            if not aliases or reference.taken(aliases[0]["survivor_id"], but=record_id):
                break
            [alias] = aliases
            notes.append(reference.note(alias["merge_id"], record_id, alias["_id"], alias["survivor_id"]))
            values = values | {reference.key: alias["survivor_id"]}
    return values, notes


def arrived(
    references: Iterable[Reference], record_id: str, told: Row, along: Callable[[str], Row] = lambda _: {}
) -> tuple[Row, list[Row]]:
    """What is told of a record after merges, as they leave it, and what each of them would have noted of it in time.

    `along` answers by id what moves along with a record referred to. The notes are for `keep`, together with the record.
    """
    notes: list[Row] = []
    for reference in references:
        for _ in range(DEEPEST):
            aliases = aliases_in(told.get(reference.field), reference.key)
            if not aliases:
                break
            # Ids of merges grow with time, and of merges that follow each other the earlier came first.
            merge_id, survivor_id = min((each["merge_id"], each["survivor_id"]) for each in aliases)
            merged = [each["_id"] for each in aliases if each["merge_id"] == merge_id]
            after = {name: pointed(told.get(name), reference.key, merged, survivor_id) for name in reference.pointing}
            after |= {name: along(survivor_id).get(name) for name in reference.along}
            notes.append(note(merge_id, reference, {"_id": record_id, **told}, after))
            told = told | after
    return told, notes


def keep(notes: Sequence[Row]) -> None:
    """Note what `arrived` says; what a merge noted of a record before stays."""
    if notes:
        first = [UpdateOne({"_id": each["_id"]}, {"$setOnInsert": each}, upsert=True) for each in notes]
        # Who parts at the same moment would see neither note nor record: of two that write the mark, one runs again.
        heard = [
            UpdateOne({"_id": id}, {"$inc": {"heard_late": 1}}) for id in sorted({each["merge_id"] for each in notes})
        ]
        transaction.database()[MOVES].bulk_write([*heard, *first], ordered=False)


def _join(merge_id: str, reference: Reference, survivor_id: str, merged_ids: list[str], along: Row) -> int:
    database = transaction.database()
    records, at = database[reference.collection], clock.now()
    wanted = None if reference.once_per else dict.fromkeys((*reference.pointing, *reference.along), 1)
    taken = _taken(records, reference, survivor_id)
    notes, changes = [], []
    for row in records.find(reference.naming(merged_ids), wanted):
        if row["_id"] == survivor_id:
            continue
        after = {name: pointed(row.get(name), reference.key, merged_ids, survivor_id) for name in reference.pointing}
        after |= {name: along.get(name) for name in reference.along}
        if reference.once_per:
            place = reference.once_per(row | after)
            if place in taken:
                continue
            taken.add(place)
        notes.append(InsertOne(note(merge_id, reference, row, after)))
        changes.append(UpdateOne({"_id": row["_id"]}, change(after, reference.revised, at)))
    if notes:
        database[MOVES].bulk_write(notes, ordered=False)
        records.bulk_write(changes, ordered=False)
    return len(notes)


def _taken(records: Any, reference: Reference, survivor_id: str) -> set[Hashable]:
    if not reference.once_per:
        return set()
    return {None, *map(reference.once_per, records.find(reference.naming([survivor_id])))}
