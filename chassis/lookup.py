"""Looks records up by id, each once per transaction: names, prices and stages that a batch asks for again and again."""

from collections.abc import Hashable, Iterable
from typing import Any

from chassis import transaction
from chassis.principal import principal

_ABSENT = object()


def lookup_key(model: Any, id: str) -> Hashable:
    """What `transaction.remember` knows a record by, for whoever changes it within the transaction."""
    return model, principal().tenant_id, id


def lookup(model: Any, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The stored rows of the tenant's live records of `model` with these ids, by id; ids of no record are left out."""
    keys = {id: lookup_key(model, id) for id in ids}
    known: dict[str, Any] = {id: transaction.remembered(key, lambda: _ABSENT) for id, key in keys.items()}
    if asked := [id for id, row in known.items() if row is _ABSENT]:
        query = {"_id": {"$in": asked}, "tenant_id": principal().tenant_id, "deleted_time": None}
        found = {row["_id"]: row for row in model._get_collection().find(query)}
        for id in asked:
            known[id] = found.get(id)
            transaction.remember(keys[id], known[id])
    return {id: row for id, row in known.items() if row is not None}
