"""Removes records of the caller's tenant for good and unannounced, as erasures do."""

from typing import Any

from chassis import Noun, principal

Query = dict[str, Any]


def mine(query: Query) -> Query:
    """The query within the caller's tenant."""
    return {"tenant_id": principal().tenant_id, **query}


def matching(noun: type[Noun], query: Query) -> list[str]:
    """The ids of the tenant's records that match, deleted ones among them."""
    return [row["_id"] for row in noun._get_collection().find(mine(query), {"_id": 1})]


def remove(noun: type[Noun], query: Query) -> list[str]:
    """Remove the tenant's records that match; their ids."""
    ids = matching(noun, query)
    noun._get_collection().delete_many({"_id": {"$in": ids}})
    return ids
