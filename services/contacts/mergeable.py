"""Accounts, contacts and leads become one with their doubles, and are parted again.

A merged record leaves its collection: lists and look-ups need not know of merges, and its external ids are free for the survivor.
Its row stays with the merge, and its id leads to the survivor. Everything of this service happens in the transaction of the
request; the other services follow the event.
"""

from typing import Any, ClassVar, Self

from chassis import Invalid, ListField, NotFound, Owned, StringField, Violation, merging, mirror, now, principal
from services.contacts import survivorship
from services.contacts.channels import without_repeats
from services.contacts.matched import Matched
from services.contacts.merge import MERGED, Merge
from services.contacts.refusals import NothingMerged, RecordMerged

Row = dict[str, Any]

_STAMPS = frozenset({"id", "etag", "create_time", "update_time"})


class Mergeable(Matched):
    """A record that can become one with others."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True}
    children: ClassVar[tuple[merging.Reference, ...]] = ()  # what names it within this service
    naming: ClassVar[tuple[str, ...]] = ()  # its fields with ids of others that may be merged meanwhile

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
        """Make the records of a MergeRequest one. Refused with NotFound, Forbidden, Invalid, MergeTooBig, StaleRevision."""
        ids = without_repeats(request.merged_ids)
        if request.id in ids:
            raise Invalid(
                [Violation(f"merged_ids[{list(request.merged_ids).index(request.id)}]", "is the survivor itself")]
            )
        survivor, merged = cls._to_change(request.id), [cls._to_change(id) for id in ids]
        survivor.guard()
        survivor.demand_mergeable(merged)
        before, rows = mirror.copied(survivor._before), [each._before or {} for each in merged]
        values, won = survivorship.join(
            cls.contract, survivor.joined_fields(), survivor._stored(), rows, request.winners
        )
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
        merge.keep_images(before, mirror.copied(survivor._before), rows)
        return merge.enter()

    @classmethod
    def unmerge(cls, request: Any) -> Merge:
        """Part the records of the survivor's last merge. Refused with NotFound, Forbidden, NothingMerged, StaleRevision."""
        survivor = cls._to_change(request.id)
        survivor.guard()
        merge = Merge.last_of(survivor.id)
        if merge is None:
            raise NothingMerged(noun=cls.about().noun, id=survivor.id)
        image = merge.image(survivor.id)
        fields = {*survivor.joined_fields(), "merged_ids"}
        values, changed = survivorship.part(fields, image["before"], image["after"], mirror.copied(survivor._before))
        conflicts = [_conflict(cls.about().plural, survivor.id, name) for name in changed]
        conflicts += [_conflict(each.collection, each.record_id, each.field) for each in merging.part(merge.id)]
        rows = [merge.image(id)["before"] for id in merge.merged_ids]
        cls._bring_back(rows)  # so that the survivor may name them again
        survivor.become(values)
        Owned.keep(survivor)  # so that its external ids are theirs again
        conflicts += cls._name_again(rows)
        restored = [mirror.message(cls.contract, mirror.copied(row)) for row in rows]
        survivor._tell("Unmerged", merge, restored=restored)
        merge.end(principal().user_id, now(), conflicts)
        merge.keep()
        return merge

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
            row |= {field: merging.survivor_of(row[field]) for field in cls.naming if field in row}
        bare = [{name: value for name, value in row.items() if name != "external_ids"} for row in rows]
        cls._get_collection().insert_many(bare)

    @classmethod
    def _name_again(cls, rows: list[Row]) -> list[Row]:
        conflicts = []
        for row in rows:
            pairs = row.pop("external_ids", [])
            free = [pair for pair in pairs if cls.row_of_external_id(**pair) is None]
            if free:
                row["external_ids"] = free
                cls._get_collection().update_one({"_id": row["_id"]}, {"$set": {"external_ids": free}})
            if len(free) < len(pairs):
                conflicts.append(_conflict(cls.about().plural, row["_id"], "external_ids"))
        return conflicts

    # ---------------------------------------------------------------- what a noun adds

    def demand_mergeable(self, merged: list[Self]) -> None:
        """Refuse what cannot become one with these, and make ready what can."""

    def joined_fields(self) -> frozenset[str]:
        """The fields of which values are joined."""
        return self.about().changeable

    def become(self, values: Row) -> None:
        """Take these values, and say what changed."""
        before = self._before or {}
        for name, value in values.items():
            setattr(self, name, [] if value is None and self._fields[name].default is list else value)
        self.settle()
        after = self._stored()
        changed = [name for name in self.about().fields if before.get(name) != after.get(name) and name not in _STAMPS]
        self.record_standard("Updated", changed_fields=sorted(changed))


def _conflict(plural: str, record_id: str, field: str) -> Row:
    return {"plural": plural, "record_id": record_id, "field": field}


def _merged_before(rows: list[Row]) -> list[str]:
    return [id for row in rows for id in row.get("merged_ids", ())]
