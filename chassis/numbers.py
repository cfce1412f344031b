"""Human numbers without gaps, counted per tenant, kind and year: `ORD-2026-000123`."""

from typing import Any

from pymongo import ReturnDocument

from chassis import clock, transaction
from chassis.principal import principal


def next_number(kind: str) -> str:
    """The next number of `kind` in this year. Inside a transaction a number that is not kept is not used up."""
    year = clock.today()[:4]
    counter: Any = transaction.database()["counters"].find_one_and_update(
        {"_id": f"{principal().tenant_id}/{kind}/{year}", "tenant_id": principal().tenant_id},
        {"$inc": {"last": 1}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return f"{kind}-{year}-{counter['last']:06d}"
