"""Why a contact is in a segment, or is not: every clause of the filter, and what the contact has in its field."""

from collections.abc import Iterator
from typing import Any

from crm.campaigns.v1 import segment_pb2
from crm.common.v1 import listing_pb2
from google.protobuf import json_format

from chassis import listing
from services.campaigns.audience import FIELDS, Row

Clause = segment_pb2.ExplainSegmentResponse.Clause


def explain(stored: dict[str, Any], row: Row) -> Iterator[Clause]:
    """Each clause of a stored filter, an enclosing one before what it holds; the first speaks for the whole."""
    yield from _clauses(listing_pb2.Filter(**stored), "filter", row)


def _clauses(given: listing_pb2.Filter, path: str, row: Row) -> Iterator[Clause]:
    holds = listing.predicate(listing.condition(given, FIELDS, path))(row)
    if given.field:
        yield Clause(path=path, says=_said(given), holds=holds, found=_found(given.field, row))
        return
    inner = getattr(given, "not")
    below = [(f"{path}.all[{at}]", each) for at, each in enumerate(given.all)]
    below += [(f"{path}.any[{at}]", each) for at, each in enumerate(given.any)]
    below += [(f"{path}.not", inner)] if given.HasField("not") else []
    says = "all" if given.all else "any" if given.any else "not"
    yield Clause(path=path, says=says, holds=holds)
    for place, each in below:
        yield from _clauses(each, place, row)


def _said(given: listing_pb2.Filter) -> str:
    value = json_format.MessageToDict(given.value)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{given.field} {given.op} {shown}"[:500]


def _found(path: str, row: Row) -> list[str]:
    found = [each for each in listing.values(row, FIELDS[path]) if each is not None]
    return [str(each)[:200] for each in found[:50] if not isinstance(each, dict)]
