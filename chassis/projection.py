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
from chassis.turns import take_a_lane, take_all_lanes, take_turns


class Projection(Document):
    """One record of another service, as far as this one needs it."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False, "strict": False}
    indexed: ClassVar[tuple[tuple[str, ...], ...]] = ()
    following: ClassVar[tuple[merging.Reference, ...]] = ()  # what it names that may be merged
    followed: ClassVar[tuple[str, ...]] = ()  # fields whose copies follow when they change
    awaited: ClassVar[tuple[str, ...]] = ()  # by what stands in these fields, or by its `_id`, records wait for it

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
        before, after = before or {}, {**(before or key), **told}
        transaction.remember(lookup_key(cls, id), after)
        cls._tell_who_waits(before, after)
        news = {name for name, value in fields.items() if before.get(name) != value}
        if news.intersection(cls.followed) and "revision" in before:  # else nobody had anything to copy
            take_all_lanes(cls._turn(id))
        return news

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
    def copied(cls, id: str | None) -> dict[str, Any]:
        """What is known of one record, for a copy of it that follows; empty while it is unknown.

        A fact that changes it looks for the copies, and would not see one that is made at the same moment. So both take turns.
        """
        found = lookup(cls, [id]).get(id, {}) if id else {}
        if id and not found:
            cls.await_(id)
        elif id and cls.followed:
            take_a_lane(cls._turn(id))
        return found

    @classmethod
    def await_(cls, value: str) -> None:
        """Be seen by the fact that first tells of `value`, which stands in an `awaited` field, or see it.

        That fact looks for the records that wait for it, and one that comes at the same moment would neither see what this
        transaction writes nor be seen by it. So both take the same turn.
        """
        take_turns(cls._turn(value))

    @classmethod
    def _turn(cls, value: str) -> str:
        return f"{cls._meta['collection']}/{value}"

    @classmethod
    def _tell_who_waits(cls, before: dict[str, Any], told: dict[str, Any]) -> None:
        for name in cls.awaited:
            for value in _entries(told.get(name)) - _entries(before.get(name)):
                cls.await_(value)


def _entries(value: Any) -> set[str]:
    return set(value) if isinstance(value, list) else {value} if value else set()
