"""Accounts, contacts and leads become one with their doubles, and are parted again.

A merged record leaves its collection: lists and look-ups need not know of merges, and its external ids are free for the survivor.
Its row stays with the merge, and its id leads to the survivor. Everything of this service happens in the transaction of the
request; the other services follow the event.
"""

from typing import Any, ClassVar, Self

from chassis import (
    Invalid,
    ListField,
    NotFound,
    Owned,
    StringField,
    Violation,
    hidden_fields,
    merging,
    mirror,
    now,
    principal,
)
from services.contacts import figures, survivorship
from services.contacts.channels import without_repeats
from services.contacts.list import MEMBER_OF
from services.contacts.matched import Matched
from services.contacts.merge import MERGED, Merge
from services.contacts.refusals import NothingMerged, RecordMerged
from services.contacts.room import demand_room

Row = dict[str, Any]

_STAMPS = frozenset({"id", "etag", "create_time", "update_time"})


class Mergeable(Matched):
    """A record that can become one with others."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True}
    children: ClassVar[tuple[merging.Reference, ...]] = ()  # what names it within this service
    naming: ClassVar[tuple[merging.Reference, ...]] = ()  # others that may be merged meanwhile
    bought_by: ClassVar[str] = ""  # the field by which purchases name it

    merged_ids = ListField(StringField())

    # ---------------------------------------------------------------- reading a merged id

    @classmethod
    def get(cls, request: Any) -> Any:
        """The message of the record that `request.id` names, or of the one that it was merged into. Refused with NotFound."""
        try:
            return super().get(request)
        except RecordMerged as merged:
            standing = type(request)(id=merged.keywords["survivor"], fields=request.fields)
            return super().get(standing)

    @classmethod
    def get_all(cls, request: Any) -> dict[str, Any]:
        """The messages of the records that `request.ids` names, by these ids, those of survivors for the merged."""
        found = super().get_all(request)
        survivors = {
            id: survivor for id in request.ids if id not in found and (survivor := merging.survivor_of(id)) != id
        }
        standing = super().get_all(type(request)(ids=survivors.values(), fields=request.fields)) if survivors else {}
        return found | {id: standing[survivor] for id, survivor in survivors.items() if survivor in standing}

    @classmethod
    def missing(cls, id: str) -> NotFound:
        """The refusal for a record that is not there; it names the survivor to whoever may see it."""
        survivor = merging.survivor_of(id)
        if survivor != id and cls._get_collection().find_one({"_id": survivor, **cls.visible()}, {"_id": 1}):
            return RecordMerged(noun=cls.about().noun, id=id, survivor=survivor)
        return super().missing(id)

    # ---------------------------------------------------------------- becoming one

    @classmethod
    def merge(cls, request: Any) -> Merge:
        """Make the records of a MergeRequest one. Refused with NotFound, Forbidden, Invalid, MergeTooBig, StaleRevision,
        AssociationLimitReached.
        """
        ids = without_repeats(request.merged_ids)
        if request.id in ids:
            raise Invalid(
                [Violation(f"merged_ids[{list(request.merged_ids).index(request.id)}]", "is the survivor itself")]
            )
        survivor, merged = cls._to_change(request.id), [cls._to_change(id) for id in ids]
        survivor.guard()
        survivor.demand_mergeable(merged)
        demand_room(survivor.id, ids)
        before, rows = mirror.copied(survivor._before), [each._before or {} for each in merged]
        values, won = survivor._joined(rows, request.winners)
        merge = Merge.fresh(
            noun=cls.about().noun, survivor_id=survivor.id, merged_ids=ids, state=MERGED, merged_by=principal().user_id,
            winners=[{"field": name, "record_id": id} for name, id in won.items()],
        )  # fmt: skip
        cls._get_collection().delete_many({"_id": {"$in": ids}, "tenant_id": survivor.tenant_id})
        moves = merging.join(merge.id, cls.children, survivor.id, ids)
        merge.moves = [{"plural": plural, "count": count} for plural, count in moves.items()]
        survivor.merged_ids = without_repeats([*survivor.merged_ids, *ids, *_merged_before(rows)])
        survivor.become(values)
        survivor._tell("Merged", merge, merged=[each.message() for each in merged])
        lists = without_repeats([id for row in (before, *rows) for id in row.get(MEMBER_OF, ())])
        survivor._stand_on(lists or before.get(MEMBER_OF))
        cls._count_purchases(merge, [survivor.id])
        merge.keep_images(before, {**mirror.copied(survivor._before), MEMBER_OF: lists}, rows)
        return merge.enter()

    @classmethod
    def unmerge(cls, request: Any) -> Merge:
        """Part the records of the survivor's last merge. Refused with NotFound, Forbidden, NothingMerged, StaleRevision."""
        survivor = cls._to_change(request.id)
        survivor.guard()
        merge = Merge.last_of(survivor.id)
        if merge is None:
            raise NothingMerged(noun=cls.about().noun, id=survivor.id)
        values, changed = survivor._parted(merge)
        conflicts = [_conflict(each.collection, each.record_id, each.field) for each in merging.part(merge.id)]
        rows = [merge.image(id)["before"] for id in merge.merged_ids]
        cls._bring_back(rows)  # so that the survivor may name them again
        survivor._stand_on(values.pop(MEMBER_OF))
        changed += survivor.become(values)
        Owned.keep(survivor)  # so that what only one may have is theirs again
        conflicts += survivor._told(changed)
        restored = [cls._have_again(row, conflicts) for row in rows]
        survivor._tell("Unmerged", merge, restored=restored)
        cls._count_purchases(merge, [survivor.id, *merge.merged_ids])
        merge.end(principal().user_id, now(), conflicts)
        merge.keep()
        return merge

    def _joined(self, rows: list[Row], winners: Any) -> tuple[Row, dict[str, str]]:
        """Its values when it becomes one with these rows, and whose they are as far as everybody may know."""
        mine, theirs = survivorship.opened(self._stored()), [survivorship.opened(row) for row in rows]
        fields = survivorship.paths(self.joined_fields(), [mine, *theirs], self._own("formula"))
        hidden = hidden_fields(self.about().noun)
        values, won = survivorship.join(self.contract, fields, mine, theirs, winners, hidden)
        restricted = self._own("read_roles")
        return survivorship.closed(values), {name: id for name, id in won.items() if name not in restricted}

    def _parted(self, merge: Merge) -> tuple[Row, list[str]]:
        """Its values when the merge ends, and the fields that stay as they were changed since."""
        image = merge.image(self.id)
        rows = [survivorship.opened(row) for row in (image["before"], image["after"], mirror.copied(self._before))]
        fields = {*self.joined_fields(), "merged_ids", MEMBER_OF}
        values, changed = survivorship.part(survivorship.paths(fields, rows, self._own("formula")), *rows)
        return survivorship.closed(values), changed

    def _own(self, trait: str) -> set[str]:
        """The paths of the tenant's own fields that have a trait."""
        return {field.path for field in self.caller_schema().fields.values() if getattr(field, trait)}

    def _told(self, changed: list[str]) -> list[Row]:
        """The conflicts of its fields; which one of those that not everybody may know of stays untold."""
        restricted = self._own("read_roles")
        names = {survivorship.CUSTOM if name in restricted else name for name in changed}
        return [_conflict(self.about().plural, self.id, name) for name in sorted(names)]

    def _stand_on(self, list_ids: list[str] | None) -> None:
        """Stand on these lists; nobody is told, for the merge says it."""
        change = {"$unset": {MEMBER_OF: ""}} if list_ids is None else {"$set": {MEMBER_OF: list_ids}}
        self._get_collection().update_one({"_id": self.id, "tenant_id": self.tenant_id}, change)

    @classmethod
    def _count_purchases(cls, merge: Merge, ids: list[str]) -> None:
        # Figures are no revision of the record, here as wherever they follow purchases.
        if not merging.moved(merge.id, "purchases"):
            return
        database, tenant = cls._get_db(), principal().tenant_id
        for id in ids:
            counted = figures.of(database["purchases"].find({"tenant_id": tenant, cls.bought_by: id}))
            change = {"$set": {"purchases": counted}} if counted else {"$unset": {"purchases": ""}}
            cls._get_collection().update_one({"_id": id, "tenant_id": tenant}, change)

    def _tell(self, participle: str, merge: Merge, **others: Any) -> None:
        about = self.about()
        event = about.message(f"{about.plural_name}{participle}")
        self.record(event(**{about.noun: self.message()}, merge_id=merge.id, **others))
        Owned.keep(self)  # what is merged is no newcomer that a rule could turn away

    @classmethod
    def _to_change(cls, id: str) -> Self:
        cls.find(id, "delete")
        return cls.find(id, "write")

    @classmethod
    def _bring_back(cls, rows: list[Row]) -> None:
        # One revision was told with the merge; what is told of them from now on is newer.
        for row in rows:
            row |= {"revision": row["revision"] + 2, "update_time": now()}
            told, notes = merging.arrived(cls.naming, row["_id"], row)
            own, more = merging.arrived_own(cls._meta["collection"], row["_id"], row.get(survivorship.CUSTOM) or {})
            merging.keep([*notes, *more])
            row |= told | ({survivorship.CUSTOM: own} if more else {})
        bare = [{name: value for name, value in row.items() if name not in cls.exclusive} for row in rows]
        cls._get_collection().insert_many(bare)

    @classmethod
    def _have_again(cls, row: Row, conflicts: list[Row]) -> Any:
        """The message of a record that is back and has what only one may have, but for what another has by now."""
        record = cls._from_son(mirror.copied(row))
        conflicts += record._told(record.give_way())
        kept = record._row() | {name: row[name] for name in (MEMBER_OF,) if name in row}
        cls._get_collection().replace_one({"_id": record.id, "tenant_id": record.tenant_id}, kept)
        return record.message()

    # ---------------------------------------------------------------- what a noun adds

    def demand_mergeable(self, merged: list[Self]) -> None:
        """Refuse what cannot become one with these, and make ready what can."""

    def joined_fields(self) -> frozenset[str]:
        """The fields of which values are joined."""
        return self.about().changeable

    def become(self, values: Row) -> list[str]:
        """Take these values, and say what changed; the paths of those that are another's by now."""
        before = self._before or {}
        for name, value in values.items():
            setattr(self, name, [] if value is None and self._fields[name].default is list else value)
        gone = self.give_way()
        self.settle()
        after = self._stored()
        changed = [name for name in self.about().fields if before.get(name) != after.get(name) and name not in _STAMPS]
        self.record_standard("Updated", changed_fields=sorted(changed))
        return gone


def _conflict(plural: str, record_id: str, field: str) -> Row:
    return {"plural": plural, "record_id": record_id, "field": field}


def _merged_before(rows: list[Row]) -> list[str]:
    return [id for row in rows for id in row.get("merged_ids", ())]
