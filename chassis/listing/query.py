"""A condition as MongoDB reads it.

Every leaf is exact, also on missing values, nulls and lists, so that `$nor` is a true negation; the law that it agrees
with `chassis.listing.predicate` on every record is tested on a real server.
"""

from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from chassis.listing.catalogue import INDEX, TEXTUAL, Field, Step
from chassis.listing.condition import All, AnyOf, Comparison, Condition, Not
from chassis.listing.folding import pattern, start_pattern
from chassis.listing.reading import absent, acceptance

Query = dict[str, Any]

_NEVER: Query = {"_id": {"$in": []}}


def query(condition: Condition) -> Query:
    """The MongoDB query that finds the records for which `condition` is true."""
    match condition:
        case All(parts):
            return {"$and": [query(each) for each in parts]} if parts else {}
        case AnyOf(parts):
            return {"$or": [query(each) for each in parts]} if parts else _NEVER
        case Not(part):
            return {"$nor": [query(part)]}
        case Comparison() if condition.field.entry and _seeks(condition):
            return {INDEX: {"$elemMatch": {"k": condition.field.entry, **_entry(condition)}}}
        case Comparison():
            return _below(condition, condition.field.steps)


def facts(condition: Condition) -> tuple[Query, bool]:
    """The values that some stored paths have in every record for which `condition` is true; whether it says nothing else."""
    if isinstance(condition, All):
        each = [facts(part) for part in condition.parts]
        found = {path: value for some, _ in each for path, value in some.items()}
        return found, all(whole for _, whole in each) and len(found) == sum(len(some) for some, _ in each)
    if not isinstance(condition, Comparison) or condition.op not in ("eq", "in") or condition.field.entry:
        return {}, False
    if not _seeks(condition) or condition.field.default is not None:
        return {}, False
    [(operator, value)] = _present(condition).items()
    return {condition.field.stored: value if operator == "$eq" else {operator: value}}, True


def _seeks(comparison: Comparison) -> bool:
    # Whoever seeks no value at all finds it in no entry.
    value = comparison.value
    return value is not None and not (isinstance(value, tuple) and None in value)


def _entry(comparison: Comparison) -> Query:
    return {} if comparison.op == "exists" else {"v": _present(comparison)}


def _below(comparison: Comparison, steps: tuple[Step, ...]) -> Query:
    # The steps up to the first list are one dotted path; each list is searched for one entry that satisfies the rest.
    reach = next((place for place, step in enumerate(steps) if step.is_list), len(steps) - 1) + 1
    path, rest = ".".join(step.key for step in steps[:reach]), steps[reach:]
    if rest:
        return {path: {"$elemMatch": _below(comparison, rest)}}
    if steps[reach - 1].is_list:
        return {path: {"$elemMatch": _present(comparison)}}
    return _single(comparison, path)


def _single(comparison: Comparison, path: str) -> Query:
    # A missing number or boolean reads as its default where its structure is there.
    present = {path: _present(comparison)}
    if comparison.field.default is None or not acceptance(comparison)(comparison.field.default):
        return present
    above = path.rpartition(".")[0]
    missing: Query = {path: None, above: {"$ne": None}} if above else {path: None}
    return {"$or": [present, missing]}


def _present(comparison: Comparison) -> Query:
    """The operators that a value in place satisfies; for texts also a missing one, when that is sought."""
    field, value = comparison.field, comparison.value
    many = tuple(map(_kept, value if isinstance(value, tuple) else (value,)))
    match comparison.op:
        case "exists":
            return {"$nin": absent(field)}
        case "eq" | "in":
            return _one_of(field, many)
        case "between":
            return {"$gte": many[0], "$lte": many[1]}
        case "contains":
            return {"$regex": pattern(str(value))}
        case "starts_with":
            return {"$regex": start_pattern(str(value))}
        case "lt" | "lte" if field.kind in TEXTUAL:
            return {f"${comparison.op}": value, "$gt": ""}
    return {f"${comparison.op}": many[0]}


def _kept(value: Any) -> Any:
    return Decimal128(value) if isinstance(value, Decimal) else value


def _one_of(field: Field, values: tuple[Any, ...]) -> Query:
    if len(values) == 1 and values[0] is not None:
        return {"$eq": values[0]}
    given = [each for each in values if each is not None]
    return {"$in": given + absent(field) if None in values else given}
