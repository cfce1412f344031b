"""Segments: parts of the audience."""

from collections.abc import Iterator
from typing import Any

from crm.campaigns.v1 import segment_pb2
from crm.common.v1 import listing_pb2

from chassis import DateTimeField, IntField, Invalid, Owned, Part, StringField, listing
from services.campaigns.audience import FIELDS
from services.campaigns.refusals import SegmentCircular, SegmentDynamic, SegmentInUse, SegmentStatic

DYNAMIC, STATIC, PENDING, READY = "DYNAMIC", "STATIC", "PENDING", "READY"


class Segment(Owned):
    """A part of the audience."""

    contract = segment_pb2.Segment
    meta = {"collection": "segments"}
    searched = ("name", "description")
    indexed = (("status",),)

    name = StringField()
    description = StringField()
    kind = StringField()
    filter = Part(listing_pb2.Filter)
    status = StringField()
    member_count = IntField(default=0)
    rebuild_time = DateTimeField()

    @property
    def dynamic(self) -> bool:
        """Membership follows a filter."""
        return not self.static

    @property
    def static(self) -> bool:
        """Membership is made by hand."""
        return self.kind == STATIC

    def demand_dynamic(self) -> None:
        """Refused with SegmentStatic for one that is made by hand."""
        if self.static:
            raise SegmentStatic(segment=self.id)

    def demand_static(self) -> None:
        """Refused with SegmentDynamic for one that follows its filter."""
        if self.dynamic:
            raise SegmentDynamic(segment=self.id)

    def rebuild(self) -> None:
        """Follow the filter anew, over the whole audience."""
        self.demand_dynamic()
        self.status = PENDING

    def arrive(self) -> None:
        """Dynamic, unless it is said."""
        super().arrive()
        self.kind = self.kind or DYNAMIC
        self.status = PENDING if self.dynamic else READY

    def settle(self) -> None:
        """A filter that can be read, that refers to segments that are there, and in no circle."""
        if self.static and self.filter:
            raise Invalid.field("segment.filter", "is only for dynamic segments")
        if self.static:
            return
        if not self.filter:
            raise Invalid.field("segment.filter", "is required for dynamic segments")
        if self._before and self._before.get("filter") == self.filter:
            return
        condition_of(self.filter, "segment.filter")
        self._refer()
        self.status = PENDING

    def remove(self) -> None:
        """Refused with SegmentInUse while another segment refers to it."""
        for other in Segment.objects(deleted_time=None, kind=DYNAMIC):
            if self.id in references(other.filter):
                raise SegmentInUse(segment=self.id, user=other.id)
        super().remove()

    def _refer(self) -> None:
        known = {row["_id"]: row.get("filter") for row in Segment.objects(deleted_time=None).as_pymongo()}
        wanted = set(references(self.filter))
        if unknown := sorted(wanted - known.keys() - {self.id}):
            raise Invalid.field("segment.filter", f"refers to {unknown[0]}, which is no segment")
        reached, ahead = set[str](), wanted
        while ahead:
            if self.id in ahead:
                raise SegmentCircular(segment=self.id, through=", ".join(sorted(reached or wanted)))
            reached |= ahead
            ahead = {each for id in ahead for each in references(known.get(id))} - reached


def condition_of(stored: dict[str, Any], path: str = "filter") -> listing.Condition:
    """The condition of a stored filter. Refused with Invalid."""
    return listing.condition(listing_pb2.Filter(**stored), FIELDS, path)


def references(stored: dict[str, Any] | None) -> list[str]:
    """The segments that a stored filter refers to."""
    return [
        id for leaf in _leaves(stored or {}) if leaf.get("field") == "segment_ids" for id in _texts(leaf.get("value"))
    ]


def fields(stored: dict[str, Any]) -> set[str]:
    """The fields of a contact that a stored filter asks for: `spent` for `spent.units`."""
    return {str(leaf.get("field", "")).partition(".")[0] for leaf in _leaves(stored)}


def _leaves(stored: dict[str, Any]) -> Iterator[dict[str, Any]]:
    below = [*stored.get("all", ()), *stored.get("any", ()), *([stored["not"]] if "not" in stored else [])]
    for each in below:
        yield from _leaves(each)
    if not below:
        yield stored


def _texts(value: dict[str, Any] | None) -> list[str]:
    value = value or {}
    entries = [value, *value.get("list_value", {}).get("values", ())]
    return [entry["string_value"] for entry in entries if "string_value" in entry]
