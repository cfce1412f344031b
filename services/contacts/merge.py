"""Merges: records that became one, with what it takes to part them again."""

from datetime import datetime
from typing import Any

from crm.contacts.v1 import merge_pb2
from pymongo.collection import Collection

from chassis import DateTimeField, ListField, Noun, Parts, StringField, transaction

MERGED, UNMERGED = "MERGED", "UNMERGED"

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


def _images() -> Collection[Row]:
    return transaction.database()["merge_images"]
