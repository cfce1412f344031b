"""Sums of money: exact, one per currency."""

from collections.abc import Iterable
from typing import Any

Amount = dict[str, Any]  # the stored shape of Money

_BILLION = 1_000_000_000


def sums(amounts: Iterable[Amount]) -> list[Amount]:
    """One sum per currency, in the order of their codes; currencies whose sum is nothing are left out."""
    totals: dict[str, int] = {}
    for amount in amounts:
        code = amount["currency_code"]
        billionths = amount.get("units", 0) * _BILLION + amount.get("nanos", 0)
        totals[code] = totals.get(code, 0) + billionths
    return [_amount(code, total) for code, total in sorted(totals.items()) if total]


def _amount(code: str, billionths: int) -> Amount:
    units, nanos = divmod(abs(billionths), _BILLION)
    sign = -1 if billionths < 0 else 1
    return {"currency_code": code, "units": sign * units, "nanos": sign * nanos}
