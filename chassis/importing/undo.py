"""The way back of an import: what it made goes, what it changed is as it was. What others changed since stays, and is listed."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

from chassis import merging, transaction
from chassis.document import Noun
from chassis.events import outbox
from chassis.importing import journal
from chassis.importing.links import Link
from chassis.jobs import Step
from chassis.refusals import Refusal


def steps(job: Any, reached: Mapping[str, Any]) -> Iterator[Step]:
    """A step per batch, the last one first."""
    if reached.get("told"):
        return
    for row in journal.backwards(job.id):
        yield Step(partial(_undo, row), {"row": row["last"]})


def _undo(row: dict[str, Any], job: Any) -> None:
    kept: list[list[Any]] = []
    own = job.kind.noun
    with nullcontext() if own.asks_others() else transaction.gathering():
        changed = {each["id"]: each for each in row["updated"]}
        revisions = {id: each["revision"] for id, each in changed.items()}
        _each(job, own, revisions, "write", lambda record, id: _restore(record, changed[id]["before"]), kept)
        _remove(job, own, row, {}, kept)
        ours = {*changed, *_made(own, row)} - {line[2] for line in kept}
        for link in job.kind.links:
            _remove(job, link.noun, row, _needed(job.kind.noun, link, row, ours), kept)
    journal.undone(row, kept)
    total = len(row["created"]) + len(row["updated"])
    job.count(done_count=total, skipped_count=len(kept), updated_count=total - len(kept))


def _made(noun: type[Noun], row: dict[str, Any]) -> dict[str, int]:
    return {id: revision for name, id, revision in row["created"] if name == noun.about().noun}


def _remove(job: Any, noun: type[Noun], row: dict[str, Any], needed: Mapping[str, str], kept: list[list[Any]]) -> None:
    made = _made(noun, row)
    kept += [["", "", id, f"is needed by {needed[id]}"] for id in made if id in needed]
    free = {id: revision for id, revision in made.items() if id not in needed}
    _each(job, noun, free, "delete", lambda record, _: record.remove(), kept)


def _needed(noun: type[Noun], link: Link, row: dict[str, Any], ours: set[str]) -> dict[str, str]:
    """Of what was made along the way, that to which a record belongs that stays as it is; each with one such record."""
    belongs = {link.field: {"$in": list(_made(link.noun, row))}, "deleted_time": None, "_id": {"$nin": list(ours)}}
    staying = noun._get_collection().find({**noun.all_records(), **belongs}, {link.field: 1})
    return {each[link.field]: each["_id"] for each in staying}


def _each(
    job: Any, noun: type[Noun], revisions: Mapping[str, int], action: str, undo: Any, kept: list[list[Any]]
) -> None:
    if not revisions:
        return
    query = {"_id": {"$in": list(revisions)}, "deleted_time": None, **noun.visible(action)}
    found = {row["_id"]: row for row in noun._get_collection().find(query, hint=transaction.BY_ID)}
    for id, revision in revisions.items():
        row = found.get(id)
        if row is None:
            kept.append(["", "", id, _gone(id)])
        elif row["revision"] != revision and not _ours_alone(job, row, revision):
            kept.append(["", "", id, "was changed since"])
        else:
            record = noun._loaded(row)
            try:
                undo(record, id)
                record.keep()
            except Refusal as refusal:  # what it had is somebody else's by now
                kept.append(["", "", id, refusal.detail])


def _gone(id: str) -> str:
    survivor = merging.survivor_of(id)
    return "is deleted, or not yours to change" if survivor == id else f"was merged into {survivor}"


def _restore(record: Noun, before: Mapping[str, Any]) -> None:
    for name, value in before.items():
        setattr(record, name, [] if value is None and record._fields[name].default is list else value)
    record.record_standard("Updated", changed_fields=sorted(before))


def _ours_alone(job: Any, row: Mapping[str, Any], revision: int) -> bool:
    """Whether every change since `revision` is of this import: a later row of the file, or its undoing."""
    since = {
        "tenant_id": row["tenant_id"],
        "record_id": row["_id"],
        "revision": {"$gt": revision},
        "request_id": job.id,
    }
    ours = transaction.database()[outbox.EVENTS].distinct("revision", since)
    return len(ours) == row["revision"] - revision
