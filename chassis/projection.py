"""Local read models: what a service remembers of another service's nouns, told by events.

A projection keeps only the fields it needs. Events may come twice or late; the revision of the record they tell of
decides, so that an older fact never overwrites a newer one. A fact that names a record which was merged meanwhile is kept
with the survivor's id, and goes back when they are parted.
"""

from typing import Any, ClassVar

from mongoengine import Document, IntField, StringField, queryset_manager

from chassis import merging, transaction
from chassis.lookup import lookup, lookup_key
from chassis.principal import principal


class Projection(Document):
    """One record of another service, as far as this one needs it."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False, "strict": False}
    indexed: ClassVar[tuple[tuple[str, ...], ...]] = ()
    following: ClassVar[tuple[merging.Reference, ...]] = ()  # what it names that may be merged

    id = StringField(primary_key=True)
    tenant_id = StringField(required=True)
    revision = IntField(required=True)

    @queryset_manager
    def objects(doc_cls: Any, queryset: Any) -> Any:  # noqa: N805  MongoEngine's signature
        """What the service remembers of the tenant's records."""
        return queryset.filter(tenant_id=principal().tenant_id)

    @classmethod
    def remember(cls, id: str, revision: int, **fields: Any) -> set[str]:
        """Keep `fields` of the record as of `revision`, unless something newer is known.

        Answers the names of those that are news, so that what was copied from them can follow.
        """
        fields, notes = merging.arrived(cls.following, id, fields, cls.along)
        key, told = {"_id": id, "tenant_id": principal().tenant_id}, {"revision": revision, **fields}
        # One command, for a projection hears a lot: the newer of the two stays, and what was there before comes back.
        newer = {"$gte": ["$revision", revision]}
        kept = {"$cond": [newer, "$$ROOT", {"$mergeObjects": ["$$ROOT", {"$literal": told}]}]}
        before = cls._get_collection().find_one_and_update(key, [{"$replaceWith": kept}], upsert=True)
        if before is not None and before["revision"] >= revision:
            return set()
        merging.keep(notes)
        transaction.remember(lookup_key(cls, id), {**(before or key), **told})
        return {name for name, value in fields.items() if (before or {}).get(name) != value}

    @classmethod
    def along(cls, id: str) -> dict[str, Any]:  # noqa: ARG003  for those that say something
        """What it says of a record that it names, by field."""
        return {}

    @classmethod
    def named(cls, ids: list[str]) -> dict[str, str]:
        """The `name` of each of these records that is known."""
        return {id: row.get("name", "") for id, row in lookup(cls, ids).items()}

    @classmethod
    def name_of(cls, id: str) -> str:
        """The `name` of one record, empty while unknown."""
        return cls.named([id]).get(id) or "" if id else ""

    @classmethod
    def copied_name_of(cls, id: str) -> str:
        """The `name` of one record for a copy of it that follows; empty while unknown.

        The fact that tells the name looks for copies. One that comes at the same moment would see neither this transaction nor be
        seen by it; so while the name is unknown both write the same row, and the later of them begins again and sees the other.
        """
        name, rows, tenant_id = cls.name_of(id), cls._get_collection(), principal().tenant_id
        if (
            id and not name and not rows.find_one({"_id": id, "tenant_id": {"$ne": tenant_id}}, {"_id": 1})
        ):  # or never heard here
            key, heard_nothing = {"_id": id, "tenant_id": tenant_id}, {"revision": _UNHEARD}
            rows.update_one(key, {"$inc": {"copies": 1}, "$setOnInsert": heard_nothing}, upsert=True)
        return name


_UNHEARD = -1  # comes before every revision
