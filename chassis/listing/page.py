"""One page of a list: everything that `ListRequest` asks, in one read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, TypeVar

from crm.common.v1 import listing_pb2
from google.protobuf.message import Message
from pymongo.collection import Collection

from chassis.listing import token, words
from chassis.listing.catalogue import Catalogue, catalogue
from chassis.listing.condition import condition
from chassis.listing.order import order, sorting
from chassis.listing.projection import projection, surplus, without
from chassis.listing.query import query
from chassis.refusals import Invalid

Response = TypeVar("Response", bound=Message)
Row = dict[str, Any]

PAGE_SIZE, LARGEST_PAGE, LARGEST_TOTAL = 50, 200, 10_000


def page(
    collection: Collection[Row],
    contract: type[Message],
    request: listing_pb2.ListRequest,
    narrow: Mapping[str, Any],
    response_type: type[Response],
    *,
    as_wire: Callable[[Row], Row],
    max_time_ms: int,
    fields: Catalogue | None = None,
) -> Response:
    """The page of records of the noun `contract` that `request` asks for, as a `List…Response`.

    `narrow` is the query that the caller's tenant and scope give, with `tenant_id`; `as_wire` makes a wire dict of a
    stored row; `fields` are those that the caller may see, all of the contract when not given. Refused with Invalid, naming
    the field, when filter, order, fields, size or token do not fit.
    """
    fields = fields or catalogue(contract.DESCRIPTOR)
    keys, size = order(request.order_by, fields), _size(request)
    bound_to = partial(token.fingerprint, narrow["tenant_id"], contract.DESCRIPTOR.full_name, request)
    matching = _narrowed(narrow, _asked(request, fields))
    here = [token.after(keys, token.position(request.page_token, keys, bound_to()))] if request.page_token else []
    sorted_by = [key.field.stored for key in keys]
    shown = projection(request.fields, fields, also=sorted_by)
    cursor = collection.find(_narrowed(matching, here), shown, sort=sorting(keys), limit=size + 1)
    found = list(cursor.max_time_ms(max_time_ms))
    rows = found[:size]
    answer: dict[str, Any] = {}
    if len(found) > size:
        answer["next_page_token"] = token.token(
            rows[-1], keys, bound_to()
        )  # before `as_wire`, which may change the rows
    records = _records_of(response_type.DESCRIPTOR, contract.DESCRIPTOR)
    answer[records] = _shown(rows, request, fields, sorted_by, as_wire)
    if request.with_total:
        whole = not request.page_token and len(found) <= size  # then nobody has to count
        answer["total"] = _told(len(found)) if whole else _total(collection, matching, max_time_ms)
    return response_type(**answer)


def _size(request: listing_pb2.ListRequest) -> int:
    if not 0 <= request.page_size <= LARGEST_PAGE:
        raise Invalid.field("page_size", f"must be from 1 to {LARGEST_PAGE}, or 0 for {PAGE_SIZE}")
    return request.page_size or PAGE_SIZE


def _asked(request: listing_pb2.ListRequest, fields: Catalogue) -> list[Row]:
    filtered = query(condition(request.filter, fields)) if request.HasField("filter") else {}
    return [each for each in (words.found_by(request.query), filtered) if each]


def _narrowed(narrow: Mapping[str, Any], conditions: Sequence[Row]) -> Row:
    # The tenant stays at the top, where indexes begin and where tests look for it.
    return {**narrow, "$and": [*narrow.get("$and", ()), *conditions]} if conditions else dict(narrow)


def _shown(
    rows: Iterable[Row], request: listing_pb2.ListRequest, fields: Catalogue, sorted_by: Sequence[str],
    as_wire: Callable[[Row], Row],
) -> list[Row]:  # fmt: skip
    for path in surplus(request.fields, fields, sorted_by):
        rows = [without(row, path) for row in rows]
    return [as_wire(row) for row in rows]


def _total(collection: Collection[Row], matching: Row, max_time_ms: int) -> Row:
    return _told(collection.count_documents(matching, limit=LARGEST_TOTAL + 1, maxTimeMS=max_time_ms))


def _told(count: int) -> Row:
    return {"value": min(count, LARGEST_TOTAL), "relation": "eq" if count <= LARGEST_TOTAL else "gte"}


@cache
def _records_of(response: Any, record: Any) -> str:
    return next(each.name for each in response.fields if each.is_repeated and each.message_type is record)
