"""What lists offer, read from the contract and the indexes of a noun: each is a `ListRequest` that must be cheap."""

import random
from collections.abc import Iterable, Iterator
from typing import Any

from crm.common.v1 import listing_pb2
from google.protobuf import json_format

from chassis.listing import Field, Kind, catalogue
from tests.audit.rows import USERS, a_value

Asked = dict[str, Any]

QUERIES = ("a", "ann", "anna", "anna kow", "anna.kow", "anna@example.com", "0151 1234", "tanak oak")
CHASSIS = {"id", "tenant_id", "owner_id", "team_id"}


def lists(noun: Any) -> Iterator[tuple[str, Asked]]:
    """The lists of a noun that its indexes must serve without a sort, each with a name."""
    yield "newest first", {}
    for path in references(noun):
        yield f"of one {path}", {"filter": _equal(noun, path)}
    shown = {field.stored for field in catalogue(noun.contract.DESCRIPTOR).values()}
    for names in noun.indexed:
        if shown.issuperset(names):  # others are for what the service itself asks
            yield from _by(noun, names)


def searches(noun: Any) -> Iterator[tuple[str, Asked]]:
    """The searches of a noun."""
    for words in QUERIES if noun.searched else ():
        yield f"finds {words!r}", {"query": words, "with_total": True}
    if noun.searched:
        yield "finds what is like 'tankaa'", {"query": "tankaa", "with_alike": True}
        yield "finds and filters", {"query": "anna", "filter": _equal(noun, "create_time", "gte")}


def distinct(asked: Iterable[tuple[str, Asked]]) -> Iterator[tuple[str, Asked]]:
    """Each list once: several indexes offer the same."""
    seen = set[bytes]()
    for name, each in asked:
        if (told := request(each).SerializeToString(deterministic=True)) not in seen:
            seen.add(told)
            yield name, each


def references(noun: Any) -> list[str]:
    """The fields of a noun that name one other record: whoever shows that one lists these by it."""
    fields = catalogue(noun.contract.DESCRIPTOR).values()
    found = [each.path for each in fields if each.kind is Kind.ID and each.path not in CHASSIS and "." not in each.path]
    return [*found, *(["owner_id"] if noun.about().owned else [])]


def _by(noun: Any, names: tuple[str, ...]) -> Iterator[tuple[str, Asked]]:
    fields = catalogue(noun.contract.DESCRIPTOR)
    paths = [_wire(fields, name) for name in names]
    for count in range(len(paths) + 1):
        held, rest = paths[:count], paths[count:]
        filters = {"filter": {"all": [_equal(noun, path) for path in held]}} if held else {}
        if count:
            yield f"of {held}", filters
        if rest and all(fields[path].single for path in rest):
            for sign in ("", "-"):
                yield f"of {held} by {sign}{rest}", {**filters, "order_by": [sign + path for path in rest]}


def _wire(fields: Any, stored: str) -> str:
    return next(path for path, field in fields.items() if field.stored == stored)


def _equal(noun: Any, path: str, op: str = "eq") -> dict[str, Any]:
    field: Field = catalogue(noun.contract.DESCRIPTOR)[path]
    value = USERS[0] if path == "owner_id" else a_value(field, random.Random(path))
    value = value.isoformat().replace("+00:00", "Z") if field.kind is Kind.INSTANT else value
    return {"field": path, "op": op, "value": value}


def request(asked: Asked, **more: Any) -> listing_pb2.ListRequest:
    """The message that asks so."""
    return json_format.ParseDict({**asked, **more}, listing_pb2.ListRequest())
