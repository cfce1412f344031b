"""The order report: counts, amounts, pieces, first and last days; computed in MongoDB, under the caller's permissions."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from crm.sales.v1 import report_pb2

from chassis import Invalid
from services.sales.grouping import moneys, named, periods
from services.sales.order import CANCELLED, CREDIT, SALE, Order

Row = dict[str, Any]

MOST_ROWS = 10_000

_GROUPS: dict[str, Any] = {
    "kind": "$kind",
    "status": "$status",
    "owner": "$owner_id",
    "team": "$team_id",
    "product": "$product_id",
    "account": "$account_id",
    **periods("$order_date"),
}
_TOLD_BY = ("kind", "status", "order_date", "account_id", "owner_id", "team_id")
_KINDS = (SALE, CREDIT)


def report_orders(request: Any) -> report_pb2.OrderReport:
    """The report that `request` asks for. Refused with Invalid when the filter does not fit, or too many rows come of it."""
    by = list(dict.fromkeys(request.group_by))
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in _found(request, by):
        groups[tuple(row["_id"].get(each) or "" for each in by)].append(row)
        if len(groups) > MOST_ROWS:
            raise Invalid.field("group_by", f"makes more than {MOST_ROWS:,} rows; filter or group more coarsely")
    # An order of two products stands in two groups; over all rows it counts once.
    whole = _found(request, []) if "product" in by else [row for rows in groups.values() for row in rows]
    report = report_pb2.OrderReport(total=_figures(whole))
    for key, group in named(by, groups).items():
        report.rows.append(report_pb2.OrderReport.Row(group=group, **_figures(groups[key])))
    report.rows.sort(key=_greatest_first)
    return report


def _found(request: Any, by: list[str]) -> Iterable[Row]:
    match = {"$match": Order.matching(request)}
    each = _per_product() if "product" in by else [_per_order()]
    key = {name: _GROUPS[name] for name in by} | {"currency": "$currency"}
    stages = [match, *each, {"$group": {"_id": key} | _sums()}]
    return Order._get_collection().aggregate(stages, allowDiskUse=True, maxTimeMS=20_000)


def _per_order() -> Row:
    amount = {"currency": "$total.currency_code", "units": _long("$total.units"), "nanos": _long("$total.nanos")}
    return {"$project": dict.fromkeys(_TOLD_BY, 1) | amount | {"quantity": {"$sum": "$lines.quantity"}}}


def _per_product() -> list[Row]:
    # One row per order and product, for the same product may stand in several lines of an order.
    price, quantity = "$lines.unit_price", _long("$lines.quantity")
    told = {name: {"$first": f"${name}"} for name in _TOLD_BY} | {"currency": {"$first": f"{price}.currency_code"}}
    sums = {part: {"$sum": {"$multiply": [_long(f"{price}.{part}"), quantity]}} for part in ("units", "nanos")}
    key = {"order": "$_id", "product": "$lines.product_id"}
    return [
        {"$unwind": {"path": "$lines", "preserveNullAndEmptyArrays": True}},
        {"$group": {"_id": key} | told | sums | {"quantity": {"$sum": quantity}}},
        {"$set": {"product_id": "$_id.product"}},
    ]


def _sums() -> Row:
    """Counts, parts of amounts, pieces and days of each kind, cancelled orders apart."""
    sums: Row = {CANCELLED: {"$sum": {"$cond": [{"$eq": ["$status", CANCELLED]}, 1, 0]}}}
    for kind in _KINDS:
        counts = {"$and": [{"$ne": ["$status", CANCELLED]}, {"$eq": ["$kind", kind]}]}
        sums[kind] = {"$sum": {"$cond": [counts, 1, 0]}}
        for part in ("units", "nanos", "quantity"):
            sums[f"{kind}_{part}"] = {"$sum": {"$cond": [counts, f"${part}", 0]}}
        for name, pick in (("first", "$min"), ("last", "$max")):
            sums[f"{kind}_{name}"] = {pick: {"$cond": [counts, "$order_date", None]}}
    return sums


def _long(path: str) -> Row:
    return {"$toLong": {"$ifNull": [path, 0]}}


def _figures(rows: Iterable[Row]) -> Row:
    counts: dict[str, int] = defaultdict(int)
    amounts: dict[str, dict[str, int]] = {each: defaultdict(int) for each in ("", *_KINDS)}
    days: list[str] = []
    for row in rows:
        currency = row["_id"].get("currency") or ""
        counts[CANCELLED] += row[CANCELLED]
        for kind in _KINDS:
            counts[kind] += row[kind]
            counts["quantity"] += row[f"{kind}_quantity"]
            billionths = int(row[f"{kind}_units"]) * 1_000_000_000 + int(row[f"{kind}_nanos"])
            amounts[kind][currency] += billionths
            amounts[""][currency] += billionths
        days += [day for name in ("first", "last") if (day := row[f"{SALE}_{name}"])]
    return {
        "count": counts[SALE] + counts[CREDIT],
        "sale_count": counts[SALE],
        "credit_count": counts[CREDIT],
        "cancelled_count": counts[CANCELLED],
        "amount": moneys(amounts[""]),
        "sold_amount": moneys(amounts[SALE]),
        "credited_amount": moneys(amounts[CREDIT]),
        "quantity": counts["quantity"],
        "first_order_date": min(days, default=""),
        "last_order_date": max(days, default=""),
    }


def _greatest_first(row: Any) -> tuple[int, int, list[str]]:
    sold = max((amount.units for amount in row.sold_amount), default=0)
    return -sold, -row.count, [group.value for group in row.group]
