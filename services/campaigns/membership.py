"""Who is in which segment: kept up contact by contact as facts come, and rebuilt for a whole segment.

The segments of a contact stand in its row. A segment may refer to another one; references form no circle, so evaluating
segments after those that they refer to takes one pass. Both ways announce who came and who left.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from crm.campaigns.v1 import events_pb2

from chassis import announce, listing, now, principal, transaction
from services.campaigns.audience import AudienceMember, Row
from services.campaigns.segment import DYNAMIC, PENDING, READY, Segment, condition_of, fields, references

Predicate = Callable[[Row], bool]

CHUNK, PER_EVENT = 5000, 1000  # contacts of a rebuild, per transaction and per event
_MOST_COMPILED = 1000
_compiled: OrderedDict[tuple[str, int], Predicate] = OrderedDict()


def follow(contact_ids: Iterable[str], changed: frozenset[str] = frozenset()) -> None:
    """Bring these contacts into the dynamic segments whose filters describe them now, and out of the others.

    Where only the fields `changed` did change, segments that ask for none of them are not asked.
    """
    segments = _asking_for(changed, _dynamic()) if changed else _dynamic()
    if not segments:
        return
    came: dict[str, list[str]] = {}
    left: dict[str, list[str]] = {}
    rows = AudienceMember.rows()
    for row in rows.find({"_id": {"$in": sorted(set(contact_ids))}, "tenant_id": principal().tenant_id}):
        before, after = set(row.get("segment_ids") or ()), _segments_of(row, segments)
        if before != after:
            rows.update_one({"_id": row["_id"]}, {"$set": {"segment_ids": sorted(after)}})
            for id in after - before:
                came.setdefault(id, []).append(row["_id"])
            for id in before - after:
                left.setdefault(id, []).append(row["_id"])
    _announce(segments, came, left)


def rebuild(segment: Row, go_on: Callable[[], bool]) -> bool:
    """Follow a dynamic segment's filter over the whole audience, some thousand contacts at a time.

    False when `go_on` said no, or the segment changed meanwhile; it then stays PENDING and is rebuilt again.
    """
    wanted = listing.query(condition_of(segment["filter"]))
    id, audience = segment["_id"], AudienceMember.present()
    coming = {**audience, "$and": [wanted, {"segment_ids": {"$ne": id}}]}
    leaving = {"tenant_id": audience["tenant_id"], "segment_ids": id, "$nor": [{**audience, "$and": [wanted]}]}
    changed = False
    for query, event, change in (
        (coming, events_pb2.SegmentEntered, {"$addToSet": {"segment_ids": id}}),
        (leaving, events_pb2.SegmentLeft, {"$pull": {"segment_ids": id}}),
    ):
        for chunk in _ids(query):
            if not go_on():
                return False
            transaction.run(partial(_move, segment, chunk, query, event, change))
            changed = True
    return _settle(segment, changed)


def leave_all(contact_id: str) -> None:
    """A contact that is gone leaves every segment, also those that are made by hand."""
    row = AudienceMember.rows().find_one({"_id": contact_id, "tenant_id": principal().tenant_id}) or {}
    left = {id: [contact_id] for id in row.get("segment_ids") or ()}
    if left:
        AudienceMember.rows().update_one({"_id": contact_id}, {"$set": {"segment_ids": []}})
        segments = {each["_id"]: each for each in Segment.objects(id__in=list(left)).as_pymongo()}
        _announce(segments, {}, left)


def put(segment: Segment, add: list[str], remove: list[str]) -> None:
    """Put contacts into a static segment and take contacts out; what changed is announced."""
    rows, tenant = AudienceMember.rows(), principal().tenant_id
    coming = {"_id": {"$in": add}, **AudienceMember.present(), "segment_ids": {"$ne": segment.id}}
    came = [row["_id"] for row in rows.find(coming, {"_id": 1})]
    leaving = {"_id": {"$in": sorted(set(remove) - set(add))}, "tenant_id": tenant, "segment_ids": segment.id}
    left = [row["_id"] for row in rows.find(leaving, {"_id": 1})]
    rows.update_many({"_id": {"$in": came}}, {"$addToSet": {"segment_ids": segment.id}})
    rows.update_many({"_id": {"$in": left}}, {"$pull": {"segment_ids": segment.id}})
    segment.member_count = count(segment.id)
    told = {"segment_id": segment.id, "segment_name": segment.name}
    if came:
        segment.record(events_pb2.SegmentEntered(**told, contact_ids=came))
    if left:
        segment.record(events_pb2.SegmentLeft(**told, contact_ids=left))
    follow(came + left)  # segments that refer to this one


def count(segment_id: str) -> int:
    """How many contacts are in a segment now."""
    return AudienceMember.rows().count_documents({**AudienceMember.present(), "segment_ids": segment_id})


def recount(segment: Row) -> None:
    """Let a segment say how many contacts are in it now: facts bring them in and take them out one by one, and leave its row."""
    members = count(segment["_id"])
    if members != segment["member_count"]:
        settled = {"_id": segment["_id"], "status": READY}
        Segment._get_collection().update_one(settled, {"$set": {"member_count": members}})


def _dynamic() -> dict[str, Row]:
    """The tenant's dynamic segments, those that others refer to first."""
    found = {
        row["_id"]: row
        for row in Segment.objects(kind=DYNAMIC, deleted_time=None).only("filter", "name", "revision").as_pymongo()
    }
    ordered: dict[str, Row] = {}

    def take(id: str) -> None:
        if id in found and id not in ordered:
            for other in references(found[id].get("filter")):
                take(other)
            ordered[id] = found[id]

    for id in found:
        take(id)
    return ordered


def _asking_for(changed: frozenset[str], segments: dict[str, Row]) -> dict[str, Row]:
    asking: dict[str, Row] = {}
    for id, segment in segments.items():  # those that others refer to come first
        if changed & fields(segment["filter"]) or asking.keys() & set(references(segment["filter"])):
            asking[id] = segment
    return asking


def _segments_of(row: Row, segments: dict[str, Row]) -> set[str]:
    row = dict(row)
    # Static segments stay as they are; so do those of a dynamic one that was deleted, which nobody asks for.
    kept = [id for id in row.get("segment_ids") or () if id not in segments]
    row["segment_ids"] = kept
    if row.get("present"):
        for id, segment in segments.items():
            if _predicate(segment)(row):
                row["segment_ids"] = [*row["segment_ids"], id]
    return set(row["segment_ids"])


def _predicate(segment: Row) -> Predicate:
    key = segment["_id"], segment["revision"]
    known = _compiled.get(key)
    if known is None:
        known = _compiled[key] = listing.predicate(condition_of(segment["filter"]))
        if len(_compiled) > _MOST_COMPILED:
            _compiled.popitem(last=False)
    return known


def _announce(segments: dict[str, Row], came: dict[str, list[str]], left: dict[str, list[str]]) -> None:
    for event, moved in ((events_pb2.SegmentEntered, came), (events_pb2.SegmentLeft, left)):
        for id, contact_ids in moved.items():
            name = segments.get(id, {}).get("name", "")
            told = event(segment_id=id, segment_name=name, contact_ids=contact_ids)
            announce(id, told, revision=segments.get(id, {}).get("revision", 0))


def _ids(query: Row) -> Iterator[list[str]]:
    found = AudienceMember.rows().find(query, {"_id": 1}, batch_size=5 * CHUNK)
    ids = iter([row["_id"] for row in found])  # read at once: what is moved must not be met again
    while chunk := list(islice(ids, CHUNK)):
        yield chunk


def _move(segment: Row, ids: list[str], query: Row, event: Any, change: Row) -> None:
    rows = AudienceMember.rows()
    # Asked again inside of the transaction: what a fact has changed meanwhile is not undone.
    moved = [row["_id"] for row in rows.find({**query, "_id": {"$in": ids}}, {"_id": 1})]
    if moved:
        rows.update_many({"_id": {"$in": moved}}, change)
        parts = [moved[at : at + PER_EVENT] for at in range(0, len(moved), PER_EVENT)]
        told = [event(segment_id=segment["_id"], segment_name=segment["name"], contact_ids=part) for part in parts]
        announce(segment["_id"], *told, revision=segment["revision"])


def _settle(segment: Row, changed: bool) -> bool:
    # No revision of the segment: clients that are about to change its filter are not turned away.
    segments = Segment._get_collection()
    done = {"status": READY, "member_count": count(segment["_id"]), "rebuild_time": now()}
    unchanged = {"_id": segment["_id"], "revision": segment["revision"]}
    settled = segments.update_one(unchanged, {"$set": done}).matched_count == 1
    if settled and changed:
        for other in Segment.objects(kind=DYNAMIC, deleted_time=None).as_pymongo():
            if segment["_id"] in references(other.get("filter")):
                segments.update_one({"_id": other["_id"]}, {"$set": {"status": PENDING}})
    return settled
