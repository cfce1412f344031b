"""Who visits, and whom a campaign reaches that the tests of visits send out."""

from crm.common.v1 import listing_pb2

BROWSER = {"ip_address": "203.0.113.77", "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "method": "GET"}


def everybody() -> listing_pb2.Filter:
    """All who have an address."""
    return listing_pb2.Filter(field="email", op="exists", value={"bool_value": True})
