"""A document of plain values: what MongoEngine's own does at a tenth of its price, for an import makes many.

MongoEngine asks every field four times when a document is made, and notes every change. Here values have their stored shape
already, and whoever keeps a record finds out what changed by comparing.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import mongoengine
from mongoengine import Document
from mongoengine.base import BaseField
from mongoengine.errors import FieldDoesNotExist

# Which lists a record is on. Whoever keeps a list writes it; the record itself neither shows nor changes it.
LISTS = "list_ids"

_UNCOUNTED = frozenset({"revision", "update_time", LISTS})  # by which no two states of a record differ


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
        constants, made = self._defaults()
        self._data = constants | {name: make() for name, make in made} | values
        self._dynamic_fields: dict[str, Any] = {}
        self._cls, self._initialised = self._class_name, True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._fields:
            self._data[name] = value
        else:
            object.__setattr__(self, name, value)

    @classmethod
    @cache
    def _defaults(cls) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
        """The values of fields that nobody gives: those that all records share, and what makes each record its own."""
        defaults = {name: field.default for name, field in cls._fields.items()}
        made = [(name, default) for name, default in defaults.items() if callable(default)]
        return {name: default for name, default in defaults.items() if not callable(default)}, made


class ListField(mongoengine.ListField):
    """A list as it is stored: MongoEngine's own copies it into one that notes changes whenever it is read."""

    if TYPE_CHECKING:  # on a document it is the value

        def __get__(self, instance: Any, owner: Any) -> Any: ...

    else:
        __get__ = BaseField.__get__


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The stored fields that differ, with the value after; None for one that is gone. Revision and time do not count."""
    gone = {name: None for name in before if name not in after and name not in _UNCOUNTED}
    return gone | {name: value for name, value in after.items() if before.get(name) != value and name not in _UNCOUNTED}
