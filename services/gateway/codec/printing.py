"""Protobuf messages as JSON values.

Fields without presence are always printed, fields with presence only when set, INPUT_ONLY fields never. A projection
leaves of its nouns only the fields that were asked for, so that what was not read does not look empty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

from chassis.declared import INPUT_ONLY, behaviors
from services.gateway.codec.scalars import Unsupported, shower
from services.gateway.codec.wellknown import SHOWS
from services.gateway.problems import of_status

Print = Callable[[Any], Any]

_SHOWS: dict[str, Print] = {**SHOWS, "google.rpc.Status": of_status}


@dataclass(frozen=True)
class Projection:
    """The fields of `nouns` (full names of messages) to print."""

    nouns: frozenset[str]
    fields: frozenset[str]


def printer(descriptor: Any, projection: Projection | None = None) -> Print:
    """What turns a message of this type into a JSON value."""
    return _projected(descriptor, projection) if projection else _whole(descriptor)


@cache
def _whole(descriptor: Any) -> Print:
    return _SHOWS.get(descriptor.full_name) or _MessagePrint(descriptor, None)


@lru_cache(maxsize=256)  # clients choose projections, so they must not fill the memory
def _projected(descriptor: Any, projection: Projection) -> Print:
    return _SHOWS.get(descriptor.full_name) or _MessagePrint(descriptor, projection)


class _MessagePrint:
    """Prints messages of one type."""

    def __init__(self, descriptor: Any, projection: Projection | None) -> None:
        self._descriptor = descriptor
        self._projection = projection
        self._ready = False

    def __call__(self, message: Any) -> dict[str, Any]:
        if not self._ready:
            self._compile()
        printed = dict(zip(self._names, self._values(message), strict=True))
        for name, show in self._shown:
            printed[name] = show(printed[name])
        for name, show_set in self._present:
            if not message.HasField(name):
                del printed[name]
            elif show_set is not None:
                printed[name] = show_set(printed[name])
        return printed

    def _compile(self) -> None:
        # At first use, because messages may hold themselves. All values are fetched by one call in C.
        fields = [field for field in self._descriptor.fields if self._wanted(field)]
        self._names = [field.name for field in fields]
        self._values = _fetch(self._names)
        shows: dict[str, Print | None] = {field.name: self._show(field) for field in fields}
        self._shown = [(f.name, show) for f in fields if not f.has_presence and (show := shows[f.name]) is not None]
        self._present = [(field.name, shows[field.name]) for field in fields if field.has_presence]
        self._ready = True

    def _wanted(self, field: Any) -> bool:
        if INPUT_ONLY in behaviors(field):
            return False
        narrowed = self._projection and self._descriptor.full_name in self._projection.nouns
        return not narrowed or field.name in self._projection.fields or field.name in ("id", "etag")  # type: ignore[union-attr]

    def _show(self, field: Any) -> Print | None:
        if field.message_type and field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type:
                raise Unsupported(f"{field.full_name}: a map takes text as keys and single values")
            return dict
        show = printer(field.message_type, self._projection) if field.message_type else shower(field)
        return _list(show) if field.is_repeated else show


def _fetch(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda message: tuple(getattr(message, name) for name in names)


def _list(show: Print | None) -> Print:
    # Most lists are empty, and asking so is five times as fast as walking through none.
    if show is None:
        return lambda entries: list(entries) if entries else []
    return lambda entries: [show(each) for each in entries] if entries else []
