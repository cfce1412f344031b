"""A condition on records: the grammar of `crm.common.v1.Filter`, checked against a noun's catalogue.

A comparison reads a record as the wire shows it: a missing or null value, the text "" and an enum's first name are no
value; a number or a boolean without presence is 0 or false where its structure is there. On a list it holds when one
entry satisfies it. `ne` and `nin` are the opposites of `eq` and `in`; `exists` holds when there is a value, `empty` is
its opposite.
"""

from dataclasses import dataclass
from typing import Any

from crm.common.v1 import listing_pb2

from chassis.listing.catalogue import Catalogue, Field, Kind
from chassis.listing.operand import Operand, Unfit, operand, operands, ordered, sought
from chassis.refusals import Invalid, Violation

DEEPEST, MOST_NODES = 5, 100

_EQUALITY = {"eq", "ne", "in", "nin"}
_ORDER = {"gt", "gte", "lt", "lte", "between"}
_TEXT = {"contains", "starts_with"}
_PRESENCE = {"empty", "exists"}
OPS: dict[Kind, set[str]] = {
    Kind.STRING: _EQUALITY | _ORDER | _TEXT | _PRESENCE,
    Kind.ID: _EQUALITY | _PRESENCE,
    Kind.DATE: _EQUALITY | _ORDER | _PRESENCE,
    Kind.ENUM: _EQUALITY | _PRESENCE,
    Kind.INTEGER: _EQUALITY | _ORDER | _PRESENCE,
    Kind.NUMBER: _EQUALITY | _ORDER | _PRESENCE,
    Kind.DECIMAL: _EQUALITY | _ORDER | _PRESENCE,
    Kind.BOOLEAN: {"eq", "ne"} | _PRESENCE,
    Kind.INSTANT: _EQUALITY | _ORDER | _PRESENCE,
    Kind.MESSAGE: _PRESENCE,
    Kind.OPAQUE: _PRESENCE,
    Kind.CUSTOM: set(),  # their presence would tell of fields that the caller may not see
}


@dataclass(frozen=True)
class Comparison:
    """One field held against a value; `op` is never a negation: those are `Not`."""

    field: Field
    op: str
    value: Operand


@dataclass(frozen=True)
class All:
    """True when every part is."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class AnyOf:
    """True when at least one part is."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """True when the part is not."""

    part: "Condition"


Condition = Comparison | All | AnyOf | Not


def condition(given: listing_pb2.Filter, catalogue: Catalogue, path: str = "filter") -> Condition:
    """The condition that a client wrote; `path` is where it stands in the request.

    Refused with Invalid, which names each place that does not fit, when a node has not exactly one form, a field is not
    known, an operator or a value does not fit its field, or there are more than 5 levels or 100 nodes.
    """
    reader = _Reader(catalogue)
    found = reader.read(given, path, 1)
    if reader.violations:
        raise Invalid(reader.violations)
    return found


class _Reader:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._nodes = 0
        self.violations: list[Violation] = []

    def read(self, given: listing_pb2.Filter, path: str, depth: int) -> Condition:
        self._nodes += 1
        if depth > DEEPEST:
            return self._refuse(path, f"must be nested at most {DEEPEST} deep")
        if self._nodes > MOST_NODES:
            # Said once: the walk goes on over the siblings, but no deeper.
            wide = self._nodes == MOST_NODES + 1
            return self._refuse(path, f"must hold at most {MOST_NODES} conditions") if wide else All(())
        forms = [name for name, is_given in _forms(given) if is_given]
        if len(forms) != 1:
            return self._refuse(path, "must be exactly one of all, any, not, or field with op and value")
        return getattr(self, f"_{forms[0]}")(given, path, depth)

    def _refuse(self, path: str, text: str) -> All:
        self.violations.append(Violation(path, text))
        return All(())

    def _all(self, given: Any, path: str, depth: int) -> Condition:
        return All(tuple(self.read(each, f"{path}.all[{at}]", depth + 1) for at, each in enumerate(given.all)))

    def _any(self, given: Any, path: str, depth: int) -> Condition:
        return AnyOf(tuple(self.read(each, f"{path}.any[{at}]", depth + 1) for at, each in enumerate(given.any)))

    def _not(self, given: Any, path: str, depth: int) -> Condition:
        return Not(self.read(getattr(given, "not"), f"{path}.not", depth + 1))

    def _comparison(self, given: Any, path: str, _depth: int) -> Condition:
        field = self._catalogue.get(given.field)
        if field is None or not OPS[field.kind]:
            return self._refuse(f"{path}.field", f"{given.field[:80]!r} is no field to filter by")
        if given.op not in OPS[field.kind]:
            return self._refuse(f"{path}.op", f"must be one of {', '.join(sorted(OPS[field.kind]))} for {field.path}")
        if not given.HasField("value"):
            return self._refuse(f"{path}.value", "must be given")
        try:
            return _comparison(field, given.op, given.value)
        except Unfit as unfit:
            return self._refuse(f"{path}.value{unfit.path}", str(unfit))


def _forms(given: Any) -> list[tuple[str, bool]]:
    is_comparison = bool(given.field or given.op or given.HasField("value"))
    given_not = given.HasField("not")
    return [("all", bool(given.all)), ("any", bool(given.any)), ("not", given_not), ("comparison", is_comparison)]


def _comparison(field: Field, op: str, given: Any) -> Condition:
    match op:
        case "eq":
            return Comparison(field, "eq", operand(field, given))
        case "ne":
            return Not(Comparison(field, "eq", operand(field, given)))
        case "in":
            return Comparison(field, "in", operands(field, given))
        case "nin":
            return Not(Comparison(field, "in", operands(field, given)))
        case "between":
            return Comparison(field, "between", operands(field, given, exactly=2))
        case "contains" | "starts_with":
            return Comparison(field, op, sought(field, given))
        case "exists" | "empty":
            if given.WhichOneof("kind") != "bool_value":
                raise Unfit("must be true or false")
            exists = Comparison(field, "exists", True)
            return exists if given.bool_value == (op == "exists") else Not(exists)
    return Comparison(field, op, ordered(field, given))
