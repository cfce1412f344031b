"""What becomes of the audience when contacts become one, and when they are parted again.

A merged contact leaves the audience as one that was deleted does, but what it was part of goes over to the survivor: segments
made by hand, consents, lines of ledgers, clicks, sales, needs and preferences. Of two lines of one campaign each stays with its
own contact, for each was a mail. Segments with a filter and figures are derived; what holds for an address holds for whoever has
it; only what was said about the post, which reaches a contact by its id, is heard anew.
"""

from operator import itemgetter

from crm.contacts.v1 import events_pb2 as contacts
from pymongo.database import Database

from chassis import merging, principal, transaction
from services.campaigns import standing
from services.campaigns.audience import AudienceMember, Finding, Row, Sale, count_sales, gather
from services.campaigns.membership import follow, leave_all, put
from services.campaigns.segment import STATIC, Segment

_JOINED = "joined_segments"  # which segments made by hand a merge changed, and whom it took out
OF_CONTACTS = (
    merging.Reference("consents", "contact_id"),
    merging.Reference("deliveries", "contact_id", once_per=itemgetter("campaign_id")),
    merging.Reference("engagements", "contact_id", revised=False),
    *Sale.following,
    *Finding.following,
)


def prepare(database: Database) -> None:
    """Make the index that the segments of one merge are found by."""
    database[_JOINED].create_index([("tenant_id", 1), ("merge_id", 1)])


def join(event: contacts.ContactsMerged) -> None:
    """Let the survivor be where the merged contacts were."""
    survivor_id, merged_ids = event.contact.id, [each.id for each in event.merged]
    standing.take_in(event.contact, int(event.contact.etag))
    _join_segments(event.merge_id, survivor_id, merged_ids)
    merging.join(event.merge_id, OF_CONTACTS, survivor_id, merged_ids)
    for contact in event.merged:
        if AudienceMember.forget(contact.id, int(contact.etag)):
            leave_all(contact.id)
    _count_anew(event.merge_id, [survivor_id, *merged_ids])


def part(event: contacts.ContactsUnmerged) -> None:
    """Let everybody be where they were."""
    merging.part(event.merge_id)
    people = [event.contact.id, *(each.id for each in event.restored)]
    for contact in event.restored:
        standing.take_in(contact, int(contact.etag))
    _part_segments(event.merge_id)
    _count_anew(event.merge_id, people)


def _join_segments(merge_id: str, survivor_id: str, merged_ids: list[str]) -> None:
    rows = {row["_id"]: set(row.get("segment_ids") or ()) for row in _rows([survivor_id, *merged_ids])}
    concerned = sorted(set().union(*(rows.get(id, set()) for id in merged_ids)))
    for segment in Segment.objects(id__in=concerned, kind=STATIC, deleted_time=None).scalar("id"):
        leaving = [id for id in merged_ids if segment in rows.get(id, ())]
        coming = [] if segment in rows.get(survivor_id, ()) else [survivor_id]
        note = {
            "_id": f"{merge_id}/{segment}",
            "tenant_id": principal().tenant_id,
            "merge_id": merge_id,
            "segment_id": segment,
        }
        transaction.database()[_JOINED].insert_one(note | {"left": leaving, "came": coming})
        _put(segment, coming, leaving)


def _part_segments(merge_id: str) -> None:
    notes = transaction.database()[_JOINED]
    for note in list(notes.find({"tenant_id": principal().tenant_id, "merge_id": merge_id})):
        if Segment.objects(id=note["segment_id"], kind=STATIC, deleted_time=None).first():
            _put(note["segment_id"], note["left"], note["came"])
        notes.delete_one({"_id": note["_id"]})


def _put(segment_id: str, coming: list[str], leaving: list[str]) -> None:
    segment = Segment.find(segment_id, "write")
    put(segment, coming, leaving)
    segment.keep()


def _count_anew(merge_id: str, people: list[str]) -> None:
    if merging.moved(merge_id, "known_sales"):
        count_sales(people)
    if merging.moved(merge_id, "known_findings"):
        for id in people:
            gather(id)
    if merging.moved(merge_id, "consents"):
        for id in people:
            standing.hold_anew(id)
    follow(people)


def _rows(ids: list[str]) -> list[Row]:
    found = AudienceMember.rows().find({"_id": {"$in": ids}, "tenant_id": principal().tenant_id}, {"segment_ids": 1})
    return list(found)
