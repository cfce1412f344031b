"""Fields of a tenant's own that refer to records follow them when they become one, as fields of contracts do (`chassis.merging`).

Of a field that no two records may share a value of, one record has the survivor; the others keep the id that leads to it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from chassis import clock, transaction
from chassis.fields.custom import FIELDS
from chassis.fields.memory import DEFINITIONS, schema_of
from chassis.fields.schema import UNIQUE
from chassis.kinds import noun_called, within
from chassis.listing import INDEX
from chassis.principal import principal

Row = dict[str, Any]


@dataclass(frozen=True)
class OwnReference:
    """A field of the tenant's own that holds the id of a record."""

    kind: str
    collection: str
    key: str
    unique: bool

    @property
    def path(self) -> str:
        """Where the id stands."""
        return f"{FIELDS}.{self.key}"

    def naming(self, ids: Iterable[str]) -> Row:
        """The query of the records that name one of these."""
        entry = {"$elemMatch": {"k": self.key, "v": {"$in": list(ids)}}}
        return {"tenant_id": principal().tenant_id, **within(self.kind), INDEX: entry}

    def taken(self, id: str, but: str = "") -> bool:
        """Whether a record other than `but` has the id, where no two may."""
        held = {"tenant_id": principal().tenant_id, UNIQUE: f"{self.key}={id}", "_id": {"$ne": but}}
        return self.unique and transaction.database()[self.collection].find_one(held, {"_id": 1}) is not None

    def pointed(self, row: Row, id: str) -> UpdateOne:
        """The change of a stored row that lets it name `id`, with what is kept beside for indexes."""
        values = {**row[FIELDS], self.key: id}
        entries = schema_of(row["tenant_id"], self.kind).entries(values)
        gone = {name: "" for name in (INDEX, UNIQUE) if name in row and name not in entries}
        held = {self.path: id, "update_time": clock.now(), **entries}
        change: Row = {"$set": held, "$inc": {"revision": 1}} | ({"$unset": gone} if gone else {})
        return UpdateOne({"_id": row["_id"]}, change)

    def note(self, merge_id: str, record_id: str, before: str, after: str) -> Row:
        """What parting goes by."""
        return {
            "_id": f"{merge_id}/{self.collection}/{record_id}/{self.path}", "tenant_id": principal().tenant_id,
            "merge_id": merge_id, "collection": self.collection, "record_id": record_id, "kind": self.kind,
            "field": self.path, "before": before, "after": after,
        }  # fmt: skip


def join(merge_id: str, survivor_id: str, merged_ids: list[str]) -> Iterator[tuple[str, list[Row]]]:
    """Point every such field from the merged records to the survivor: the notes that were made of it, by collection."""
    for reference in own_references():
        notes, changes, taken = [], [], reference.taken(survivor_id)
        for row in transaction.database()[reference.collection].find(reference.naming(merged_ids)):
            if row["_id"] == survivor_id or taken:  # the survivor is left to whoever merges
                continue
            taken = reference.unique
            notes.append(reference.note(merge_id, row["_id"], row[FIELDS][reference.key], survivor_id))
            changes.append(reference.pointed(row, survivor_id))
        if changes:
            transaction.database()[reference.collection].bulk_write(changes, ordered=False)
            yield reference.collection, notes


def part(note: Row) -> bool:
    """Point a field back as noted; False where it was changed since, or another record has what no two may."""
    reference = _of_path(note["kind"], note["field"])
    row = transaction.database()[note["collection"]].find_one(
        {"_id": note["record_id"], "tenant_id": note["tenant_id"]}
    )
    if reference is None or row is None:
        return True
    held = (row.get(FIELDS) or {}).get(reference.key)
    if held == note["before"]:
        return True
    if held != note["after"] or reference.taken(note["before"], but=row["_id"]):
        return False
    transaction.database()[note["collection"]].bulk_write([reference.pointed(row, note["before"])])
    return True


def own_references(collection: str = "") -> list[OwnReference]:
    """The tenant's fields that refer to records, on the nouns of this service; on those of one collection where it is named."""
    tenant = principal().tenant_id
    asked = {"tenant_id": tenant, "type": "REFERENCE"}
    kinds = sorted(transaction.database()[DEFINITIONS].distinct("noun", asked))
    return [each for kind in kinds for each in _of_kind(tenant, kind) if collection in ("", each.collection)]


def _of_path(kind: str, path: str) -> OwnReference | None:
    return next((each for each in _of_kind(principal().tenant_id, kind) if each.path == path), None)


def _of_kind(tenant_id: str, kind: str) -> list[OwnReference]:
    noun = noun_called(kind)
    if noun is None:  # a version of the service that knew it wrote the definition
        return []
    refer = [field for field in schema_of(tenant_id, kind).fields.values() if field.type_name == "REFERENCE"]
    collection = noun._meta["collection"]
    return [OwnReference(kind, collection, field.key, field.unique) for field in refer]
