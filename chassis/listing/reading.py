"""What a comparison says of one value of a record, as the wire would show that value; None where it shows none."""

import operator
import re
from collections.abc import Callable
from typing import Any

from chassis.listing.catalogue import TEXTUAL, Field
from chassis.listing.condition import Comparison
from chassis.listing.folding import pattern, start_pattern

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip


def absent(field: Field) -> list[str | None]:
    """The stored values of `field` that mean that there is none; a missing one reads as null."""
    return [None, "", *field.names[:1]] if field.kind in TEXTUAL else [None]


def acceptance(comparison: Comparison) -> Callable[[Any], bool]:
    """The test of one value. Texts order by code point, as MongoDB's binary comparison does."""
    value: Any = comparison.value
    match comparison.op:
        case "exists":
            return lambda found: found is not None
        case "eq":
            return lambda found: found == value
        case "in":
            return lambda found: found in value
        case "between":
            least, greatest = value
            return lambda found: found is not None and least <= found <= greatest
        case "contains" | "starts_with":
            expression = re.compile(pattern(value) if comparison.op == "contains" else start_pattern(value))
            return lambda found: found is not None and bool(expression.search(found))
    holds = _ORDER[comparison.op]
    return lambda found: found is not None and holds(found, value)
