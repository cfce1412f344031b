"""Page tokens: where a page ended, as the sort values of its last row.

A page begins after those values, wherever the row is by then, so that a walk meets every record that stays in place
exactly once, whatever else comes and goes. The token is bound to the list it came from. It is no secret and grants
nothing: its values are read back by the kinds of their fields, and the tenant and scope of the caller narrow the list.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from bson.decimal128 import Decimal128
from crm.common.v1 import listing_pb2

from chassis.listing.catalogue import Field, Kind
from chassis.listing.order import Order
from chassis.refusals import Invalid

_DIGEST = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES: dict[Kind, tuple[type, ...]] = {
    Kind.INTEGER: (int,), Kind.NUMBER: (int, float), Kind.BOOLEAN: (bool,), Kind.INSTANT: (int,),
}  # fmt: skip


def fingerprint(tenant_id: str, noun: str, request: listing_pb2.ListRequest) -> bytes:
    """What binds a token to its list: tenant, noun, and all of the request that says which records in which order."""
    which = listing_pb2.ListRequest(query=request.query, order_by=request.order_by, with_deleted=request.with_deleted)
    if request.HasField("filter"):
        which.filter.CopyFrom(request.filter)
    names = json.dumps([tenant_id, noun]).encode()
    return hashlib.blake2b(names + b"\n" + which.SerializeToString(deterministic=True)).digest()


def token(row: Mapping[str, Any], order: Order, bound_to: bytes) -> str:
    """The token of the page that ends with the stored `row`."""
    written = [_written(value_at(row, key.field), key.field) for key in order]
    payload = json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(payload, bound_to) + payload).decode().rstrip("=")


def position(text: str, order: Order, bound_to: bytes) -> list[Any]:
    """The sort values that the token holds. Refused with Invalid when it is altered or from another list."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        digest, payload = data[:_DIGEST], data[_DIGEST:]
        if digest != _digest(payload, bound_to):
            raise ValueError
        written = json.loads(payload)
        if not isinstance(written, list) or len(written) != len(order):
            raise ValueError
        values = [_read(value, key.field) for value, key in zip(written, order, strict=True)]
        if values[-1] is None:  # every order ends with the id, and every record has one
            raise ValueError
        return values
    except (ValueError, OverflowError, RecursionError, InvalidOperation, binascii.Error):
        raise Invalid.field("page_token", "is not from this list: take it from the page before") from None


def after(order: Order, values: Sequence[Any]) -> dict[str, Any]:
    """The MongoDB query for the rows that come after one with these sort values."""
    ways = []
    for place, (key, value) in enumerate(zip(order, values, strict=True)):
        beyond = _beyond(key.field.stored, value, key.descending)
        if beyond is not None:
            equal = [{each.field.stored: same} for each, same in zip(order[:place], values[:place], strict=True)]
            ways.append({"$and": [*equal, beyond]})
    return {"$or": ways}


def _beyond(path: str, value: Any, descending: bool) -> dict[str, Any] | None:
    # MongoDB sorts a null and a missing value alike, before every other; `$gt` and `$lt` see neither.
    if value is None:
        return None if descending else {path: {"$ne": None}}
    if path == "_id":  # no record is without
        return {path: {"$lt" if descending else "$gt": value}}
    # The negation takes them in, and is one range of an index; two ranges would be read from their beginning.
    return {path: {"$not": {"$gte": value}}} if descending else {path: {"$gt": value}}


def value_at(row: Mapping[str, Any], field: Field) -> Any:
    """The stored value of a field that has at most one; None where it is missing."""
    found: Any = row
    for step in field.steps:
        found = found.get(step.key) if found is not None else None
    return found


def _digest(payload: bytes, bound_to: bytes) -> bytes:
    return hashlib.blake2b(payload, key=bound_to, digest_size=_DIGEST).digest()


def _written(value: Any, field: Field) -> Any:
    if value is not None and field.kind is Kind.DECIMAL:
        return str(value)
    if value is None or field.kind is not Kind.INSTANT:
        return value
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _read(written: Any, field: Field) -> Any:
    if written is None:
        return None
    if type(written) not in _TYPES.get(field.kind, (str,)):
        raise ValueError
    if isinstance(written, int) and not -(2**63) <= written < 2**63:
        raise OverflowError
    if isinstance(written, str):
        written.encode()  # JSON can write halves of characters, which MongoDB cannot keep
    if field.kind is Kind.DECIMAL:
        return Decimal128(Decimal(written))
    return _EPOCH + timedelta(milliseconds=written) if field.kind is Kind.INSTANT else written
