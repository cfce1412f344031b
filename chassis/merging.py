"""What refers to records follows them when they become one, and goes back when they are parted.

A merge is one fact; each service that hears of it points what it keeps from the merged records to the survivor, and notes in
`merge_moves` what stood there before and after. Parting goes by these notes: what is still as the merge left it gets back what
was there, in a list what was added since stays, and any other later change wins and is answered as a conflict. Notes and
changes commit together, and a merge is followed once, so a process may die at any point and a fact may come twice or late. A
record that is told of after a merge, and names who was merged, is pointed and noted as if it had been there.

Records that move get a new revision and no event of their own: that of the merge says it for all.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, InsertOne, UpdateOne
from pymongo.database import Database

from chassis import clock, transaction
from chassis.fields import following
from chassis.principal import principal

_MOVES, _ALIASES = "merge_moves", "merge_aliases"
_DEEPEST = 100  # merges of survivors that were merged themselves

Row = dict[str, Any]


@dataclass(frozen=True)
class Reference:
    """A stored field that holds ids: alone, in a list, or under `key` of a dictionary or of the dictionaries of a list.

    Fields `beside` hold the same ids, one each; those of `along` tell of the record referred to and move with it. A projection is
    not `revised`: its revision is that of what it tells of. Of several records that would have one place with the survivor, which
    `once_per` reads of a stored row, the first has it; the others stay, and so does one without a place (None).
    """

    collection: str
    field: str
    key: str = ""
    beside: tuple[str, ...] = ()
    along: tuple[str, ...] = ()
    revised: bool = True
    once_per: Callable[[Row], Hashable] | None = None

    @property
    def path(self) -> str:
        """Where a query finds the ids."""
        return f"{self.field}.{self.key}" if self.key else self.field

    def naming(self, ids: Iterable[str]) -> Row:
        """The query of the records that name one of these."""
        return {"tenant_id": principal().tenant_id, self.path: {"$in": list(ids)}}

    @property
    def pointing(self) -> tuple[str, ...]:
        """The stored fields that hold ids."""
        return (self.field, *self.beside)


@dataclass(frozen=True)
class Conflict:
    """A reference that was changed after the merge, and stays as it is."""

    collection: str
    record_id: str
    field: str


def prepare(database: Database) -> None:
    """Make the index that the notes of one merge are found by."""
    database[_MOVES].create_index([("tenant_id", ASCENDING), ("merge_id", ASCENDING)])


def join(
    merge_id: str, references: Sequence[Reference], survivor_id: str, merged_ids: Sequence[str], **along: Any
) -> dict[str, int]:
    """Point everything from the merged records to the survivor; how much moved, by collection. Once per merge.

    `along` are the values of the fields that move along. The survivor itself is left to whoever merges.
    """
    database, tenant = transaction.database(), principal().tenant_id
    mark = {"_id": merge_id, "tenant_id": tenant, "joined": True}
    if database[_MOVES].find_one({"_id": merge_id}) is not None:  # followed, or parted already
        return {}
    database[_MOVES].insert_one(mark)
    aliases = [{"_id": id, "tenant_id": tenant, "survivor_id": survivor_id, "merge_id": merge_id} for id in merged_ids]
    database[_ALIASES].bulk_write([UpdateOne({"_id": row["_id"]}, {"$set": row}, upsert=True) for row in aliases])
    moved: dict[str, int] = {}
    for reference in references:
        count = _join(merge_id, reference, survivor_id, list(merged_ids), along)
        moved[reference.collection] = moved.get(reference.collection, 0) + count
    for collection, notes in following.join(merge_id, survivor_id, list(merged_ids)):
        database[_MOVES].insert_many(notes)
        moved[collection] = moved.get(collection, 0) + len(notes)
    return {collection: count for collection, count in moved.items() if count}


def arrived_own(collection: str, record_id: str, values: Row) -> tuple[Row, list[Row]]:
    """As `arrived`, of the values of the tenant's own fields."""
    notes: list[Row] = []
    for reference in following.own_references(collection) if values else ():
        for _ in range(_DEEPEST):
            aliases = _aliases_in(values.get(reference.key), "")
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
        for _ in range(_DEEPEST):
            aliases = _aliases_in(told.get(reference.field), reference.key)
            if not aliases:
                break
            # Ids of merges grow with time, and of merges that follow each other the earlier came first.
            merge_id, survivor_id = min((each["merge_id"], each["survivor_id"]) for each in aliases)
            merged = [each["_id"] for each in aliases if each["merge_id"] == merge_id]
            after = {name: pointed(told.get(name), reference.key, merged, survivor_id) for name in reference.pointing}
            after |= {name: along(survivor_id).get(name) for name in reference.along}
            notes.append(_note(merge_id, reference, {"_id": record_id, **told}, after))
            told = told | after
    return told, notes


def keep(notes: Sequence[Row]) -> None:
    """Note what `arrived` says; what a merge noted of a record before stays."""
    if notes:
        first = [UpdateOne({"_id": note["_id"]}, {"$setOnInsert": note}, upsert=True) for note in notes]
        # Who parts at the same moment would see neither note nor record: of two that write the mark, one runs again.
        heard = [
            UpdateOne({"_id": id}, {"$inc": {"heard_late": 1}}) for id in sorted({each["merge_id"] for each in notes})
        ]
        transaction.database()[_MOVES].bulk_write([*heard, *first], ordered=False)


def part(merge_id: str) -> list[Conflict]:
    """Point back what a merge moved. What was changed since in another way stays, and is answered."""
    database, tenant = transaction.database(), principal().tenant_id
    database[_MOVES].update_one(
        {"_id": merge_id}, {"$set": {"joined": False}, "$setOnInsert": {"tenant_id": tenant}}, upsert=True
    )
    database[_ALIASES].delete_many({"tenant_id": tenant, "merge_id": merge_id})
    notes = database[_MOVES].find({"tenant_id": tenant, "merge_id": merge_id})
    return [conflict for note in notes if (conflict := _part(database, note))]


def forget(merge_ids: Sequence[str]) -> None:
    """Drop the notes of merges that nobody may part any more. That they were followed is still known."""
    mine = {"tenant_id": principal().tenant_id, "merge_id": {"$in": list(merge_ids)}}
    transaction.database()[_MOVES].delete_many(mine)


def moved(merge_id: str, collection: str) -> list[str]:
    """The ids of the records of a collection that a merge moved."""
    narrow = {"tenant_id": principal().tenant_id, "merge_id": merge_id, "collection": collection}
    return sorted(set(transaction.database()[_MOVES].distinct("record_id", narrow)))


def survivor_of(id: str) -> str:
    """The id of the record that stands for this one now: its own where it was not merged."""
    if not id:
        return id
    aliases, tenant = transaction.database()[_ALIASES], principal().tenant_id
    for _ in range(_DEEPEST):
        row = aliases.find_one({"_id": id, "tenant_id": tenant})
        if row is None:
            return id
        id = row["survivor_id"]
    return id


def standing(ids: Iterable[str]) -> dict[str, str]:
    """Those of the ids that were merged, each with the id of the record that stands for it now."""
    aliases, tenant = transaction.database()[_ALIASES], principal().tenant_id
    found: dict[str, str] = {}
    wanted = set(ids)
    for _ in range(_DEEPEST):
        rows = aliases.find({"_id": {"$in": sorted(wanted)}, "tenant_id": tenant}) if wanted else ()
        found |= (step := {row["_id"]: row["survivor_id"] for row in rows})
        if not step:
            break
        wanted = set(step.values())
    for id in found:
        while found[id] in found:
            found[id] = found[found[id]]
    return found


def survivors_of(ids: Iterable[str]) -> list[str]:
    """The ids of the records that stand for these now, each once."""
    return list(dict.fromkeys(survivor_of(id) for id in ids))


def pointed(value: Any, key: str, merged_ids: Sequence[str], survivor_id: str) -> Any:
    """A stored value with the survivor's id in place of those of the merged; in a list nobody stands twice."""
    if isinstance(value, list):
        return _once([pointed(each, key, merged_ids, survivor_id) for each in value], key)
    if isinstance(value, dict):
        return {**value, key: survivor_id} if value.get(key) in merged_ids else value
    return survivor_id if value in merged_ids else value


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


def _once(entries: list[Any], key: str) -> list[Any]:
    # The first stays: the survivor's own entry stands where it stood, or where the first of the merged stood.
    seen: set[Any] = set()
    kept = []
    for entry in entries:
        name = entry.get(key) if isinstance(entry, dict) else entry
        if name is None or name not in seen:
            kept.append(entry)
        seen.add(name)
    return kept


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
        notes.append(InsertOne(_note(merge_id, reference, row, after)))
        changes.append(UpdateOne({"_id": row["_id"]}, _change(after, reference.revised, at)))
    if notes:
        database[_MOVES].bulk_write(notes, ordered=False)
        records.bulk_write(changes, ordered=False)
    return len(notes)


def _note(merge_id: str, reference: Reference, row: Row, after: Row) -> Row:
    return {
        "_id": f"{merge_id}/{reference.collection}/{row['_id']}/{reference.field}", "tenant_id": principal().tenant_id,
        "merge_id": merge_id, "collection": reference.collection, "record_id": row["_id"],
        "field": reference.field, "beside": list(reference.beside), "revised": reference.revised,
        "before": {name: row.get(name) for name in after}, "after": after,
    }  # fmt: skip


def _aliases_in(value: Any, key: str) -> list[Row]:
    entries = value if isinstance(value, list) else [value]
    ids: set[str] = {id for each in entries if (id := each.get(key) if isinstance(each, dict) else each)}
    wanted = {"_id": {"$in": sorted(ids)}, "tenant_id": principal().tenant_id}
    return list(transaction.database()[_ALIASES].find(wanted)) if ids else []


def _taken(records: Any, reference: Reference, survivor_id: str) -> set[Hashable]:
    if not reference.once_per:
        return set()
    return {None, *map(reference.once_per, records.find(reference.naming([survivor_id])))}


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
    records.update_one({"_id": row["_id"]}, _change(back, note["revised"], clock.now()))
    return None


def _change(fields: Row, revised: bool, at: Any) -> Row:
    held = {name: value for name, value in fields.items() if value not in (None, [])}
    gone = dict.fromkeys(fields.keys() - held.keys(), "")
    change: Row = {"$set": held | ({"update_time": at} if revised else {})}
    change |= {"$unset": gone} if gone else {}
    return change | ({"$inc": {"revision": 1}} if revised else {})
