"""The pipeline report: counts, amounts, win rate, days to close; computed in MongoDB, under the caller's permissions."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from crm.sales.v1 import report_pb2

from services.sales.grouping import moneys, named, periods
from services.sales.opportunity import Opportunity
from services.sales.pipeline import LOST, OPEN, WON

Row = dict[str, Any]

_GROUPS: dict[str, Any] = {
    "stage": "$stage",
    "status": "$status",
    "forecast_category": "$forecast_category",
    "pipeline": "$pipeline_id",
    "owner": "$owner_id",
    "team": "$team_id",
    "product": "$lines.product_id",
    "account": "$account_id",
    **periods("$close_date"),
}


def report_pipeline(request: Any) -> report_pb2.PipelineReport:
    """The report that `request` asks for. Refused with Invalid when the filter does not fit."""
    by = list(dict.fromkeys(request.group_by))
    found = list(Opportunity._get_collection().aggregate(_stages(request, by), allowDiskUse=True, maxTimeMS=20_000))
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in found:
        groups[tuple(row["_id"].get(each) or "" for each in by)].append(row)
    report = report_pb2.PipelineReport(total=_figures(_total(request, found, by)))
    for key, group in named(by, groups).items():
        report.rows.append(report_pb2.PipelineReport.Row(group=group, **_figures(groups[key])))
    report.rows.sort(key=_greatest_first)
    return report


def _total(request: Any, found: list[Row], by: list[str]) -> Iterable[Row]:
    # An opportunity of two products stands in two groups; over all rows it counts once.
    if "product" not in by:
        return found
    return Opportunity._get_collection().aggregate(_stages(request, []), allowDiskUse=True, maxTimeMS=20_000)


def _stages(request: Any, by: list[str]) -> list[dict[str, Any]]:
    match = {"$match": Opportunity.matching(request)}
    per_product = "product" in by
    amount = (
        _line_amount() if per_product else {part: f"$amount.{part}" for part in ("currency_code", "units", "nanos")}
    )
    unwind = [{"$unwind": {"path": "$lines", "preserveNullAndEmptyArrays": True}}] if per_product else []
    key = {each: _GROUPS[each] for each in by} | {"currency": amount["currency_code"]}
    # Amounts first by day count, so that the median needs a histogram and not every opportunity's days.
    first = {"_id": {**key, "days": {"$cond": [{"$eq": ["$status", WON]}, "$days_to_close", None]}}} | _sums(amount)
    again = {name: {"$sum": f"${name}"} for name in first if name != "_id"}
    days = {"days": {"$push": {"days": "$_id.days", "count": f"${WON}"}}}
    second = {"_id": {name: f"$_id.{name}" for name in key}} | again | days
    return [match, *unwind, {"$group": first}, {"$group": second}]


def _line_amount() -> dict[str, Any]:
    price, quantity = "$lines.unit_price", {"$ifNull": ["$lines.quantity", 1]}
    return {
        "currency_code": {"$ifNull": [f"{price}.currency_code", "$amount.currency_code"]},
        "units": {"$multiply": [{"$toLong": f"{price}.units"}, quantity]},
        "nanos": {"$multiply": [{"$toLong": f"{price}.nanos"}, quantity]},
    }


def _sums(amount: dict[str, Any]) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for status in (OPEN, WON, LOST):
        is_status = {"$eq": ["$status", status]}
        sums[status] = {"$sum": {"$cond": [is_status, 1, 0]}}
        for part in ("units", "nanos"):
            sums[f"{status}_{part}"] = {"$sum": {"$cond": [is_status, {"$toLong": amount[part]}, 0]}}
    return sums


def _figures(rows: Iterable[Row]) -> dict[str, Any]:
    counts: dict[str, int] = defaultdict(int)
    amounts: dict[str, dict[str, int]] = {status: defaultdict(int) for status in ("", OPEN, WON, LOST)}
    histogram: dict[int, int] = defaultdict(int)
    for row in rows:
        currency = row["_id"].get("currency") or ""
        for status in (OPEN, WON, LOST):
            billionths = int(row[f"{status}_units"]) * 1_000_000_000 + int(row[f"{status}_nanos"])
            counts[status] += row[status]
            amounts[status][currency] += billionths
            amounts[""][currency] += billionths
        for each in row["days"]:
            if each.get("days") is not None:
                histogram[each["days"]] += each["count"]
    decided = counts[WON] + counts[LOST]
    won_days = sorted(histogram.items())
    return {
        "count": counts[OPEN] + decided,
        "open_count": counts[OPEN],
        "won_count": counts[WON],
        "lost_count": counts[LOST],
        "amount": moneys(amounts[""]),
        "open_amount": moneys(amounts[OPEN]),
        "won_amount": moneys(amounts[WON]),
        "win_rate": counts[WON] / decided if decided else None,
        "average_days_to_close": sum(days * n for days, n in won_days) / sum(histogram.values()) if won_days else None,
        "median_days_to_close": median(won_days),
    }


def median(histogram: list[tuple[int, int]]) -> float | None:
    """The median of a histogram, (value, count) by value; None of an empty one."""
    total = sum(count for _, count in histogram)
    if not total:
        return None
    return (_at(histogram, (total - 1) // 2) + _at(histogram, total // 2)) / 2


def _at(histogram: list[tuple[int, int]], place: int) -> int:
    for value, count in histogram:
        if place < count:
            return value
        place -= count
    raise IndexError(place)


def _greatest_first(row: Any) -> tuple[int, int, list[str]]:
    won = max((amount.units for amount in row.won_amount), default=0)
    return -won, -row.count, [group.value for group in row.group]
