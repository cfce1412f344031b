"""What an import did, a row in `import_changes` per batch: what undoing takes, and what was said no to.

Written in the transaction of the batch. From it come the list of faults that users download, and the way back.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from pymongo import ASCENDING
from pymongo.database import Database

from chassis import transaction
from chassis.importing.rows import Verdict
from chassis.jobs import REVERT, VALIDATE, Step
from chassis.principal import principal
from chassis.tables.sinks import harmless

_CHANGES = "import_changes"
_HEADERS = ("row", "column", "value", "reason")


def keep(job: Any, last: int, verdict: Verdict) -> None:
    """Keep what became of the batch that ends with row `last`; of a dry run only the faults."""
    row: dict[str, Any] = {
        "_id": f"{job.id}/{last:012d}", "tenant_id": job.tenant_id, "job_id": job.id, "last": last, "faults": verdict.faults,
    }  # fmt: skip
    if job.task != VALIDATE:
        row |= {"created": verdict.created, "updated": verdict.updated}
    if verdict.faults or job.task != VALIDATE:
        _rows().insert_one(row)


def clear(job_id: str) -> None:
    """Forget what an earlier run, or a dry one, said."""
    _rows().delete_many({"job_id": job_id})


def backwards(job_id: str) -> Iterator[dict[str, Any]]:
    """What is left to undo, the last batch first; each is looked for when the one before it is undone."""
    left: dict[str, Any] = {"job_id": job_id, "undone": None}
    while row := _rows().find_one(left, sort=[("last", -1)]):
        yield row
        left["last"] = {"$lt": row["last"]}  # the index leads past those that are undone


def undone(row: dict[str, Any], kept: list[list[Any]]) -> None:
    """Note that a batch was undone, but for the records that `kept` tells of with the reason."""
    _rows().update_one({"_id": row["_id"]}, {"$set": {"undone": kept}})


def forget(job_ids: Iterable[str], record_ids: Iterable[str]) -> None:
    """Drop what these jobs noted of their files' rows, and of these records the way back that any job of the tenant noted."""
    mine, records = {"tenant_id": principal().tenant_id}, {"$in": list(record_ids)}
    _rows().update_many({**mine, "job_id": {"$in": list(job_ids)}}, {"$set": {"faults": []}})
    _rows().update_many({**mine, "updated.id": records}, {"$pull": {"updated": {"id": records}}})


def tell(job: Any) -> Iterator[Step]:
    """Keep the list of what went wrong as a file of the job, where there is any."""
    field = "undone" if job.task == REVERT else "faults"
    found = _rows().find({"job_id": job.id, f"{field}.0": {"$exists": True}}).sort("last", ASCENDING)
    lines = (line for row in found for line in row[field])
    first = next(lines, None)
    if first is None:
        yield Step(lambda job: setattr(job, "result_file_id", None), {"told": True})
        return
    name = f"{job.id}-{'not-reverted' if job.task == REVERT else 'faults'}.csv"
    taken = job.files.take_in(_pieces(first, lines), name)

    def keep_file(job: Any) -> None:
        job.result_file_id = job.files.made(taken, name, owner_id=job.owner_id, team_id=job.team_id).id

    yield Step(keep_file, {"told": True})


def prepare(database: Database) -> None:
    """Make the index that changes are found by."""
    database[_CHANGES].create_index([("job_id", ASCENDING), ("last", ASCENDING)])


def _pieces(first: list[Any], rest: Iterable[list[Any]]) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADERS)
    for count, line in enumerate(chain([first], rest)):
        writer.writerow([harmless(cell) for cell in line])
        if count % 1000 == 0:
            yield text.getvalue().encode("utf-8", "replace")
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode("utf-8", "replace")


def _rows() -> Any:
    return transaction.database()[_CHANGES]
