"""A document of plain values: what MongoEngine's own does at a tenth of its price, for an import makes many.

MongoEngine asks every field four times when a document is made, and notes every change. Here values have their stored shape
already, and whoever keeps a record finds out what changed by comparing.
"""

from functools import cache
from typing import Any, ClassVar

from mongoengine import Document
from mongoengine.errors import FieldDoesNotExist

# Which lists a record is on. Whoever keeps a list writes it; the record itself neither shows nor changes it.
LISTS = "list_ids"


class Plain(Document):
    """A document whose fields are its stored values."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False, "strict": False}

    def __init__(self, *_: Any, **values: Any) -> None:
        """A record with these stored values."""
        values.pop("__auto_convert", None)
        self._initialised, self._created = False, values.pop("_created", True)
        if unknown := values.keys() - self._fields.keys():
            if self._created:
                raise FieldDoesNotExist(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
            # What is kept beside the fields, for indexes, is made anew from them.
            values = {name: value for name, value in values.items() if name not in unknown}
        self._data = {name: each() if callable(each) else each for name, each in self._defaults()} | values
        self._dynamic_fields: dict[str, Any] = {}
        self._cls, self._initialised = self._class_name, True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._fields:
            self._data[name] = value
        else:
            object.__setattr__(self, name, value)

    @classmethod
    @cache
    def _defaults(cls) -> tuple[tuple[str, Any], ...]:
        return tuple((name, field.default) for name, field in cls._fields.items())


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The stored fields that differ, with the value after; None for one that is gone. Revision and time do not count."""
    names = (before.keys() | after.keys()) - {"revision", "update_time", LISTS}
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}
