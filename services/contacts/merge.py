"""Merges: records that became one, with what it takes to part them again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from crm.contacts.v1 import merge_pb2
from pymongo.collection import Collection

from chassis import DateTimeField, ListField, Noun, Parts, StringField, merging, principal, transaction

MERGED, UNMERGED, FORGOTTEN = "MERGED", "UNMERGED", "FORGOTTEN"

Row = dict[str, Any]


class Merge(Noun):
    """Records that became one."""

    contract = merge_pb2.Merge
    meta = {"collection": "merges"}
    indexed = (("survivor_id",), ("merged_ids",))

    noun = StringField()
    survivor_id = StringField()
    merged_ids = ListField(StringField())
    winners = Parts(merge_pb2.Merge.Winner)
    moves = Parts(merge_pb2.Merge.Move)
    state = StringField()
    merged_by = StringField()
    unmerged_by = StringField()
    unmerge_time = DateTimeField()
    conflicts = Parts(merge_pb2.Merge.Conflict)

    @classmethod
    def last_of(cls, survivor_id: str) -> "Merge | None":
        """The merge by which the record last became one with others and that still holds."""
        row = cls.objects(survivor_id=survivor_id, state=MERGED).order_by("-id").as_pymongo().first()
        return cls._loaded(row) if row else None

    @classmethod
    def of_records(cls, ids: Sequence[str]) -> Row:
        """The query for the merges in which any of these records had a part."""
        return {"$or": [{"survivor_id": {"$in": list(ids)}}, {"merged_ids": {"$in": list(ids)}}]}

    @classmethod
    def earlier(cls, rows: Sequence[Row]) -> list[Row]:
        """What merges that still hold keep of these stored records, and of those that became one with them."""
        ids = [id for row in rows for id in (row["_id"], *row.get("merged_ids", ()))]
        merges = cls._get_collection().find(
            {"tenant_id": principal().tenant_id, "state": MERGED, **cls.of_records(ids)}
        )
        return [image["before"] for image in _images().find({"_id": {"$in": _names(merges)}})]

    @classmethod
    def standing_for(cls, prefix: str, queries: Sequence[Row]) -> list[str]:
        """The ids of the records that stand for merged ones with this prefix, which were as one of the queries asks."""
        merged: Row = {"tenant_id": principal().tenant_id, "after": None, "before._id": {"$regex": f"^{prefix}_"}}
        merged["$or"] = [{f"before.{path}": asked for path, asked in query.items()} for query in queries]
        return sorted({merging.survivor_of(row["before"]["_id"]) for row in _images().find(merged, {"before._id": 1})})

    @classmethod
    def forget(cls, ids: Sequence[str]) -> list[str]:
        """Drop for good what it takes to part these records, and what was noted of what they moved; the merges' ids."""
        mine = {"tenant_id": principal().tenant_id}
        merges = list(cls._get_collection().find({**mine, **cls.of_records(ids)}))
        gone = [merge["_id"] for merge in merges]
        _images().delete_many({"_id": {"$in": _names(merges)}})
        merging.forget(gone)
        held = {**mine, "_id": {"$in": gone}, "state": MERGED}
        cls._get_collection().update_many(held, {"$set": {"state": FORGOTTEN}, "$inc": {"revision": 1}})
        return gone

    def keep_images(self, before: Row, after: Row, merged: list[Row]) -> None:
        """Keep the survivor as it was and became, and the others as they were."""
        common = {"tenant_id": self.tenant_id, "merge_id": self.id}
        rows = [{**common, "_id": f"{self.id}/{row['_id']}", "before": row} for row in merged]
        rows.append({**common, "_id": f"{self.id}/{before['_id']}", "before": before, "after": after})
        _images().insert_many(rows)

    def image(self, record_id: str) -> Row:
        """What was kept of a record: `before`, and for the survivor `after`."""
        found: Row | None = _images().find_one({"_id": f"{self.id}/{record_id}"})
        if found is None:
            raise LookupError(f"{self.id} has no image of {record_id}")
        return found

    def end(self, by: str, at: datetime, conflicts: list[Row]) -> None:
        """Hold no more."""
        self.state, self.unmerged_by, self.unmerge_time, self.conflicts = UNMERGED, by, at, conflicts


def _names(merges: Iterable[Row]) -> list[str]:
    """Under which ids the images of merges are kept."""
    return [f"{merge['_id']}/{id}" for merge in merges for id in (merge["survivor_id"], *merge["merged_ids"])]


def _images() -> Collection[Row]:
    return transaction.database()["merge_images"]
