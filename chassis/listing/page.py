"""One page of a list: everything that `ListRequest` asks, in as few reads as can be."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, TypeVar

from crm.common.v1 import listing_pb2
from google.protobuf.message import Message
from pymongo.collection import Collection

from chassis.listing import ranking, token, words
from chassis.listing.catalogue import Catalogue, catalogue
from chassis.listing.condition import All, condition
from chassis.listing.order import order
from chassis.listing.projection import projection, surplus, without
from chassis.listing.query import facts, query
from chassis.listing.reads import Reads
from chassis.refusals import Invalid

Response = TypeVar("Response", bound=Message)
Row = dict[str, Any]

PAGE_SIZE, LARGEST_PAGE = 50, 200
LARGEST_TOTAL, LARGEST_FOUND = 10_000, 1_000  # a total counts so far, without a query and with one


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
    keys, size, ranks = order(request.order_by, fields), _size(request), _ranks(request)
    asked = condition(request.filter, fields) if request.HasField("filter") else All(())
    sorted_by = [key.field.stored for key in keys]
    wanted = projection(request.fields, fields, also=sorted_by)
    reads = Reads(collection, narrow, query(asked), facts(asked), keys, wanted, max_time_ms)
    bound_to = partial(token.fingerprint, narrow["tenant_id"], contract.DESCRIPTOR.full_name, request)
    at = token.position(request.page_token, ranking.ranked(keys), bound_to()) if request.page_token else []
    found, end = ranking.walk(ranks, keys, at, reads, size + 1)
    rows, answer = found[:size], dict[str, Any]()
    if len(found) > size:
        end = rows[-1]
    if end:
        answer["next_page_token"] = token.token(end, ranking.ranked(keys), bound_to())
    elif request.with_alike and not at:
        rows += ranking.alike(request.query, [row["_id"] for row in rows], reads, size - len(rows))
    if request.with_total:
        is_all = not request.page_token and not end  # then nobody has to count
        answer["total"] = {"value": len(found), "relation": "eq"} if is_all else _total(request, reads, len(rows))
    records = _records_of(response_type.DESCRIPTOR, contract.DESCRIPTOR)
    answer[records] = _shown(rows, request, fields, sorted_by, as_wire)
    return response_type(**answer)


def _total(request: listing_pb2.ListRequest, reads: Reads, seen: int) -> Row:
    ways = words.begun(request.query)
    value, is_all = reads.total(ways, LARGEST_FOUND if ways else LARGEST_TOTAL) or (seen, False)
    return {"value": value, "relation": "eq" if is_all else "gte"}


def _ranks(request: listing_pb2.ListRequest) -> list[ranking.Rank]:
    if not request.order_by:
        return ranking.ranks(request.query)
    if request.with_alike:
        raise Invalid.field("with_alike", "is for searches that come the best first: leave out order_by")
    return [ranking.Rank(words.begun(request.query))]


def _size(request: listing_pb2.ListRequest) -> int:
    if not 0 <= request.page_size <= LARGEST_PAGE:
        raise Invalid.field("page_size", f"must be from 1 to {LARGEST_PAGE}, or 0 for {PAGE_SIZE}")
    return request.page_size or PAGE_SIZE


def _shown(
    rows: list[Row], request: listing_pb2.ListRequest, fields: Catalogue, sorted_by: Sequence[str],
    as_wire: Callable[[Row], Row],
) -> list[Row]:  # fmt: skip
    for row in rows:
        row.pop(ranking.RANK, None)
    for path in surplus(request.fields, fields, sorted_by):
        rows = [without(row, path) for row in rows]
    return [as_wire(row) for row in rows]


@cache
def _records_of(response: Any, record: Any) -> str:
    return next(each.name for each in response.fields if each.is_repeated and each.message_type is record)
