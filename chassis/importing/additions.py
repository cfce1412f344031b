"""What a row adds to the lists of a record that is there: new entries, and more about those that it means."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import Message

from chassis import mirror
from chassis.declared import REQUIRED, behaviors
from chassis.document import Noun

_NUMBER, _TYPE = "number", "type"


def merged(noun: type[Noun], known: dict[str, Any], told: Message) -> Any:
    """What `told` says of a record that is there: entries of its lists are added to those that are there, or change the one
    they mean: the same address, number, system or type.
    """
    lists = [each for each, _ in told.ListFields() if each.is_repeated and not _is_map(each)]
    if not lists:
        return told
    held: Any = mirror.message(noun.contract, mirror.copied(known))
    for each in lists:
        entries = dict(_identified(each, getattr(held, each.name)))
        for identity, entry in _identified(each, getattr(told, each.name)):
            entries[identity] = _over(each, entries[identity], entry) if identity in entries else entry
        together = list(entries.values())
        told.ClearField(each.name)
        getattr(told, each.name).extend(together)
    return told


def _over(field: Any, held: Any, told: Any) -> Any:
    """An entry with what is told of it in the place of what it had; what it is known by stays as it was written."""
    if field.message_type is None:
        return held
    known_by = _known_by(field)
    more = [each.name for each, _ in told.ListFields() if each.name != known_by]
    for name in more:
        held.ClearField(name)
    held.MergeFrom(type(told)(**{name: getattr(told, name) for name in more}))
    return held


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _identified(field: Any, entries: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Each entry with what says which one it is; of several of one type the first means the first, the second the second."""
    if field.message_type is None:
        yield from ((entry, entry) for entry in entries)
        return
    known_by, met = _known_by(field), Counter[str]()
    for entry in entries:
        name = str(getattr(entry, known_by, "")).casefold()
        met[name] += known_by == _TYPE
        yield (name, met[name]), entry


def _known_by(field: Any) -> str:
    """The part of an entry that says which one it is: a number, an address, a system; a type where it has none of them."""
    fields = field.message_type.fields_by_name
    named = (name for name in fields if name == "system" or REQUIRED in behaviors(fields[name]))
    return next(named, _NUMBER if _NUMBER in fields else _TYPE)
