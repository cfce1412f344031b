"""A condition as a Python function over stored records, for what is decided outside of MongoDB: webhooks, streams, …"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bson.decimal128 import Decimal128

from chassis.listing.catalogue import Field, Step
from chassis.listing.condition import All, AnyOf, Condition, Not
from chassis.listing.reading import absent, acceptance

Predicate = Callable[[Mapping[str, Any]], bool]


def predicate(condition: Condition) -> Predicate:
    """The function that says whether `condition` is true of a record in its stored shape."""
    match condition:
        case All(parts):
            every = [predicate(each) for each in parts]
            return lambda record: all(holds(record) for holds in every)
        case AnyOf(parts):
            some = [predicate(each) for each in parts]
            return lambda record: any(holds(record) for holds in some)
        case Not(part):
            holds = predicate(part)
            return lambda record: not holds(record)
    field, accepts = condition.field, acceptance(condition)
    return lambda record: any(accepts(found) for found in values(record, field))


def values(record: Mapping[str, Any], field: Field) -> Iterator[Any]:
    """The values of `field` in a stored record, as the wire would show them: None where it shows none."""
    return _values(record, field.steps, field)


def _values(within: Mapping[str, Any], steps: tuple[Step, ...], field: Field) -> Iterator[Any]:
    step, rest = steps[0], steps[1:]
    value = within.get(step.key)
    if step.is_list:
        for entry in value or ():
            if not rest:
                yield _read(entry, field)
            elif entry is not None:
                yield from _values(entry, rest, field)
    elif not rest:
        yield field.default if value is None else _read(value, field)
    elif value is not None:
        yield from _values(value, rest, field)
    elif not any(each.is_list for each in rest):
        yield None


def _read(value: Any, field: Field) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)  # PyMongo's own reading of an instant is naive and in UTC
    if isinstance(value, Decimal128):
        return value.to_decimal()
    if isinstance(value, dict):
        return value
    return None if value in absent(field) else value
