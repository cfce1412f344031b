"""What sales tells of a person who asks: the opportunities and orders that it has a part in."""

from typing import Any

from crm.common.v1 import disclosure_pb2


def known(subject: disclosure_pb2.Subject) -> dict[str, dict[str, Any]]:
    """What sales keeps about a person, by collection."""
    contacts = {"$in": list(subject.contact_ids)}
    return {"opportunities": {"contacts.contact_id": contacts}, "orders": {"contact_ids": contacts}}
