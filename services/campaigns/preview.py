"""Whom a filter would find, in the audience as it is now."""

import time

from crm.campaigns.v1 import segment_pb2

from chassis import listing
from services.campaigns.audience import FIELDS, AudienceMember, Row, message

SAMPLE, MOST_MS = 10, 5000


def preview(asked: segment_pb2.PreviewSegmentRequest) -> segment_pb2.PreviewSegmentResponse:
    """Count, sample and duration. Refused with Invalid for a filter that cannot be read."""
    began = time.perf_counter()
    rows = AudienceMember.rows()
    found: Row = {**AudienceMember.present(), "$and": [listing.query(listing.condition(asked.filter, FIELDS))]}
    reachable = {**found, "email": {"$nin": [None, ""]}, "suppressed": {"$ne": True}}
    sample = rows.find(found).sort("_id", -1).limit(asked.sample_size or SAMPLE).max_time_ms(MOST_MS)
    return segment_pb2.PreviewSegmentResponse(
        count=rows.count_documents(found, maxTimeMS=MOST_MS),
        reachable_count=rows.count_documents(reachable, maxTimeMS=MOST_MS),
        sample=[message(row) for row in sample],
        duration_ms=round((time.perf_counter() - began) * 1000),
    )
