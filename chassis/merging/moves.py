"""What a merge noted of each record that it moved: what stood there before, and after."""

from collections.abc import Sequence
from typing import Any

from pymongo import ASCENDING
from pymongo.database import Database

from chassis import transaction
from chassis.merging.reference import Reference
from chassis.principal import principal

MOVES = "merge_moves"

Row = dict[str, Any]


def prepare(database: Database) -> None:
    """Make the index that the notes of one merge are found by."""
    database[MOVES].create_index([("tenant_id", ASCENDING), ("merge_id", ASCENDING)])


def note(merge_id: str, reference: Reference, row: Row, after: Row) -> Row:
    """What parting goes by."""
    return {
        "_id": f"{merge_id}/{reference.collection}/{row['_id']}/{reference.field}", "tenant_id": principal().tenant_id,
        "merge_id": merge_id, "collection": reference.collection, "record_id": row["_id"],
        "field": reference.field, "beside": list(reference.beside), "revised": reference.revised,
        "before": {name: row.get(name) for name in after}, "after": after,
    }  # fmt: skip


def change(fields: Row, revised: bool, at: Any) -> Row:
    """The update that gives a stored row these values of fields."""
    held = {name: value for name, value in fields.items() if value not in (None, [])}
    gone = dict.fromkeys(fields.keys() - held.keys(), "")
    change: Row = {"$set": held | ({"update_time": at} if revised else {})}
    change |= {"$unset": gone} if gone else {}
    return change | ({"$inc": {"revision": 1}} if revised else {})


def forget(merge_ids: Sequence[str]) -> None:
    """Drop the notes of merges that nobody may part any more. That they were followed is still known."""
    mine = {"tenant_id": principal().tenant_id, "merge_id": {"$in": list(merge_ids)}}
    transaction.database()[MOVES].delete_many(mine)


def moved(merge_id: str, collection: str) -> list[str]:
    """The ids of the records of a collection that a merge moved."""
    narrow = {"tenant_id": principal().tenant_id, "merge_id": merge_id, "collection": collection}
    return sorted(set(transaction.database()[MOVES].distinct("record_id", narrow)))
