"""The schemas that a process remembers, so that a request costs no look-up for definitions that hardly ever change.

A schema is asked for its revision once a second at most, and read again when that has changed; the definition's own process
forgets it at once. So a change holds everywhere within a second, as a revoked credential does, and a key that is not known is
looked for once more before it is refused.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from mongoengine.connection import ConnectionFailure
from pymongo import ReturnDocument

from chassis import transaction
from chassis.fields.custom import FIELDS, CustomField
from chassis.fields.schema import NOTHING, Schema
from chassis.principal import principal

DEFINITIONS = "field_definitions"
SECONDS = 1.0

_REVISIONS = "schema_revisions"
_MOST = 20_000

_known: OrderedDict[tuple[str, str], tuple[Schema, float]] = OrderedDict()
_lock = threading.Lock()


def schema_of(tenant_id: str, noun: str, knowing: Iterable[str] = ()) -> Schema:
    """The tenant's fields of a noun; looked for afresh where the keys in `knowing` are not all known."""
    key = tenant_id, noun
    known = _known.get(key)
    if known and time.monotonic() < known[1] and _knows(known[0], knowing):
        return known[0]
    # Outside of the request's transaction: its snapshot may be older than the definition, or hold one that it undoes.
    found = transaction.apart(lambda: _fresh(*key, known[0] if known else NOTHING))
    with _lock:
        _known[key] = found, time.monotonic() + SECONDS
        if len(_known) > _MOST:
            _known.popitem(last=False)
    return found


def hidden_fields(noun: str) -> list[str]:
    """The paths of the noun's fields that the caller may not see: `custom_fields.margin`."""
    whom = principal()
    return [f"{FIELDS}.{key}" for key in schema_of(whom.tenant_id, noun).hidden(whom)]


def _knows(schema: Schema, keys: Iterable[str]) -> bool:
    return all(key in schema.fields for key in keys)


def _fresh(tenant_id: str, noun: str, known: Schema) -> Schema:
    try:
        database = transaction.database()
    except ConnectionFailure:
        return NOTHING  # nouns of tests that never met a database
    counted = database[_REVISIONS].find_one({"_id": f"{tenant_id}/{noun}"})
    if counted is None or counted["revision"] == known.revision:
        return known if counted else NOTHING
    live = {"tenant_id": tenant_id, "noun": noun, "deleted_time": None}
    return Schema(counted["revision"], [CustomField(row) for row in database[DEFINITIONS].find(live).sort("_id", 1)])


def change(noun: str) -> int:
    """Note in this transaction that the tenant's fields of a noun change; the new revision.

    Whoever changes them meanwhile starts again, so quotas that were looked at hold.
    """
    tenant_id = principal().tenant_id
    counted: Any = transaction.database()[_REVISIONS].find_one_and_update(
        {"_id": f"{tenant_id}/{noun}"}, {"$inc": {"revision": 1}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    with _lock:
        _known.pop((tenant_id, noun), None)
    return int(counted["revision"])
