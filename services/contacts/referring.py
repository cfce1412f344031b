"""The tenant's own fields that refer to contacts: by which records a person is known beside those that we know of."""

from collections.abc import Iterator
from typing import Any

from chassis import principal, transaction
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.lead import Lead
from services.contacts.record import Record

Query = dict[str, Any]

_NOUNS = {noun.about().noun: noun.about().plural for noun in (Account, Contact, Lead)}
_OBJECTS = "objects."


def known(contacts: list[str]) -> dict[str, Query]:
    """The queries for the records that refer to these contacts, by collection."""
    found: dict[str, list[Query]] = {}
    for collection, within, key in _fields():
        found.setdefault(collection, []).append({**within, **_naming(key, contacts)})
    return {collection: {"$or": queries} for collection, queries in found.items()}


def drop(contacts: list[str]) -> None:
    """Let the records refer to nobody instead of these contacts."""
    mine = {"tenant_id": principal().tenant_id}
    for collection, within, key in _fields():
        change = {
            "$unset": {f"custom_fields.{key}": ""}, "$inc": {"revision": 1},
            "$pull": {"custom_index": {"k": key}, "custom_unique": {"$in": [f"{key}={id}" for id in contacts]}},
        }  # fmt: skip
        transaction.database()[collection].update_many({**mine, **within, **_naming(key, contacts)}, change)


def _naming(key: str, contacts: list[str]) -> Query:
    return {"custom_index": {"$elemMatch": {"k": key, "v": {"$in": contacts}}}}


def _fields() -> Iterator[tuple[str, Query, str]]:
    """Collection, object and key of each such field."""
    asked = {"tenant_id": principal().tenant_id, "type": "REFERENCE", "refers_to": Contact.about().noun}
    for row in transaction.database()["field_definitions"].find(asked, {"noun": 1, "key": 1}):
        if row["noun"].startswith(_OBJECTS):
            yield Record.about().plural, {"object": row["noun"].removeprefix(_OBJECTS)}, row["key"]
        else:
            yield _NOUNS[row["noun"]], {}, row["key"]
