"""Recency, frequency and value of a customer's purchases, kept up with each of them.

A purchase that is new, changed or cancelled moves the figures by its difference, so that a customer with many orders costs no
more than one with few. Counts and sums do not mind the order in which orders are heard of; the first and the last day are
asked for anew only when a day may have gone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

Row = dict[str, Any]
Days = Callable[[], tuple[str, str]]

SALE, CREDIT = "SALE", "CREDIT"

_BILLION = 1_000_000_000


def follow(figures: Row, before: Row | None, after: Row | None, days: Days) -> Row:
    """The stored PurchaseFigures of a customer one of whose purchases was `before` and is `after`; None where it was not, or
    is no longer, the customer's. `days` answers the first and the last day of the sales that stand, empty where none does.
    """
    moved = {
        "order_count": figures.get("order_count", 0) + _counts(after, SALE) - _counts(before, SALE),
        "credit_count": figures.get("credit_count", 0) + _counts(after, CREDIT) - _counts(before, CREDIT),
        "values": _less(figures.get("values", []), before, after),
    }
    gone, came = _day(before), _day(after)
    if gone and gone != came:
        first, last = days()
    else:
        known = [day for day in (figures.get("first_order_date"), figures.get("last_order_date"), came) if day]
        first, last = min(known, default=""), max(known, default="")
    moved |= {"first_order_date": first, "last_order_date": last}
    return {name: value for name, value in moved.items() if value not in ("", [])}


def of(purchases: Iterable[Row]) -> Row:
    """The stored PurchaseFigures of a customer with all these purchases."""
    figures: Row = {}
    for purchase in purchases:
        figures = follow(figures, None, purchase, _no_days)
    return figures


def _no_days() -> tuple[str, str]:
    return "", ""  # where nothing was before, no day goes


def _counts(purchase: Row | None, kind: str) -> int:
    return int(purchase is not None and not purchase.get("cancelled") and purchase["kind"] == kind)


def _day(purchase: Row | None) -> str:
    day: str = purchase.get("order_date", "") if purchase is not None and _counts(purchase, SALE) else ""
    return day


def _less(values: list[Row], before: Row | None, after: Row | None) -> list[Row]:
    sums: dict[str, int] = defaultdict(int)
    told = [(money, 1) for money in values]
    for purchase, sign in ((before, -1), (after, 1)):
        if purchase is not None and not purchase.get("cancelled") and purchase.get("total"):
            told.append((purchase["total"], sign))
    for money, sign in told:
        sums[money["currency_code"]] += sign * (money.get("units", 0) * _BILLION + money.get("nanos", 0))
    return [_money(currency, billionths) for currency, billionths in sorted(sums.items()) if billionths]


def _money(currency_code: str, billionths: int) -> Row:
    sign = -1 if billionths < 0 else 1
    units, nanos = divmod(abs(billionths), _BILLION)
    return {"currency_code": currency_code, "units": sign * units, "nanos": sign * nanos}
