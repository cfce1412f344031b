"""What reassignments did, a row in `handovers` per batch: whose each record was, and whose it became.

Written in the transaction of the batch. From it comes the way back.
"""

from collections.abc import Iterator
from typing import Any

from pymongo import ASCENDING

from chassis import transaction

WHOSE = ("owner_id", "team_id", "territory_id")

_HANDOVERS = "handovers"


def prepare() -> None:
    """Make the index that batches are found by."""
    _rows().create_index([("job_id", ASCENDING), ("last", ASCENDING)])


def whose(row: Any) -> dict[str, str | None]:
    """Whose a stored record is."""
    return {name: row.get(name) for name in WHOSE}


def keep(job: Any, last: str, changed: list[dict[str, Any]]) -> None:
    """Keep what a job did in the batch that ends with the record `last`: of each changed one `id`, `before` and `after`."""
    if changed:
        row = {
            "_id": f"{job.id}/{last}",
            "tenant_id": job.tenant_id,
            "job_id": job.id,
            "last": last,
            "changed": changed,
        }
        _rows().insert_one(row)


def count(job_id: str) -> int:
    """How many records a job gave away and has not given back."""
    numbers = {"$group": {"_id": None, "count": {"$sum": {"$size": "$changed"}}}}
    found = _rows().aggregate([{"$match": {"job_id": job_id, "undone": None}}, numbers])
    return next((row["count"] for row in found), 0)


def backwards(job_id: str) -> Iterator[dict[str, Any]]:
    """What is left to undo, the last batch first."""
    while row := _rows().find_one({"job_id": job_id, "undone": None}, sort=[("last", -1)]):
        yield row


def undone(row: dict[str, Any]) -> None:
    """Note that a batch was undone."""
    _rows().update_one({"_id": row["_id"]}, {"$set": {"undone": True}})


def _rows() -> Any:
    return transaction.database()[_HANDOVERS]
