"""Nouns that belong to another record: they are there for whoever may see it, and change for whoever may change it."""

from collections.abc import Iterator
from typing import Any, Self

from chassis import BooleanField, NotFound, Noun, now, principal
from services.contacts.refusals import RecordFull


class Following(Noun):
    """A noun whose permission follows another record's; its own permission only says whether the caller has such at all.

    It is never listed by itself: a list begins at the record, which is looked up once.
    """

    meta = {"abstract": True}

    deleted_with_record = BooleanField()

    def followed(self, action: str) -> Noun:
        """The record that it belongs to. Refused with NotFound, or with Forbidden when it may only be read."""
        raise NotImplementedError

    @classmethod
    def find(cls, id: str, action: str = "read") -> Self:
        """As for every noun, and as far as the caller reaches the record that it belongs to."""
        return super().find(id, action)._reached("read" if action == "read" else "write")

    @classmethod
    def get(cls, request: Any) -> Any:
        """As for every noun, and as far as the caller reaches the record that it belongs to."""
        row = cls._get_collection().find_one({"_id": request.id, **cls.visible()})
        if row is None:
            raise cls.missing(request.id)
        cls._loaded(row)._reached("read")
        return super().get(request)

    @classmethod
    def restore(cls, id: str) -> Self:
        """As for every noun, and as far as the caller reaches the record that it belongs to."""
        return super().restore(id)._reached("write")

    @classmethod
    def go_with(cls, field: str, id: str) -> None:
        """Delete those that name `id` in `field` together with that record, whose own event tells of it."""
        there = {"tenant_id": principal().tenant_id, field: id, "deleted_time": None}
        gone = {"deleted_time": now(), "deleted_with_record": True}
        cls._get_collection().update_many(there, {"$set": gone, "$inc": {"revision": 1}})

    @classmethod
    def return_with(cls, field: str, id: str) -> None:
        """Bring back those that were deleted together with the record that `field` names."""
        gone = {"tenant_id": principal().tenant_id, field: id, "deleted_with_record": True}
        there = {"deleted_time": "", "deleted_with_record": ""}
        cls._get_collection().update_many(gone, {"$unset": there, "$inc": {"revision": 1}})

    @classmethod
    def belonging(cls, **fields: Any) -> Iterator[Self]:
        """Those with these stored values, oldest first, for the service's own work; deleted ones are among them."""
        query = {"tenant_id": principal().tenant_id, **fields}
        yield from [cls._loaded(row) for row in cls._get_collection().find(query).sort("_id", 1)]

    def demand_room(self, field: str, most: int) -> None:
        """Refuse with RecordFull to be more than the `most` that name the same record in `field`."""
        id = getattr(self, field)
        if type(self).objects(**{field: id}, deleted_time=None).count() >= most:
            raise RecordFull(record=id, most=most, what=self.about().plural.replace("_", " "))

    def _reached(self, action: str) -> Self:
        try:
            self.followed(action)
        except NotFound:
            raise self.missing(self.id) from None
        return self
