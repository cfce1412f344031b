"""The known answers that the data's README publishes, read from there: text with the digits shown, by name of the figure."""

import re
from pathlib import Path

from tests.journeys.imports import Published, groups

_NUMBER = r"(\d(?:[\d,]*\d)?(?:\.\d+)?)"


def published(readme: Path) -> Published:
    """Every figure of the README's paragraph about the wholesaler."""
    [text] = re.findall(r"\*\*online-retail\*\* \(.*?(?=\n\*\*)", readme.read_text(encoding="utf-8"), re.DOTALL)
    return _totals(text) | _customers(text) | _quartiles(text) | _pairs(text)


def _totals(text: str) -> Published:
    [net] = groups(rf"All rows: net {_NUMBER}", text)
    sales = groups(rf"Sales: {_NUMBER} rows, {_NUMBER} invoices, {_NUMBER}\.", text)
    known = groups(rf"With customer: {_NUMBER} rows, {_NUMBER} customers, {_NUMBER} invoices, {_NUMBER}\.", text)
    return {
        "everything: net": net,
        **dict(zip(("sales: rows", "sales: invoices", "sales: amount"), sales, strict=True)),
        **dict(zip((f"with customer: {each}" for each in ("rows", "customers", "invoices", "amount")), known, strict=True)),
    }  # fmt: skip


def _customers(text: str) -> Published:
    [listed] = groups(r"Top customers: (.*?)\n", text)
    figures = {
        f"customer {name}: amount": amount for name, amount in re.findall(rf"(\d{{5}}) {_NUMBER}(?=[;.])", listed)
    }
    rate, repeated = groups(r"Repeat rate \(two or more invoices\) ([\d.]+) \(([\d,]+)\)", text)
    mean, most, name = groups(r"Mean invoices per customer ([\d.]+); most (\d+) \(customer (\d+)\)", text)
    figures |= {
        "repeat rate": rate, "customers with two or more invoices": repeated, "mean invoices per customer": mean,
        f"customer {name}: invoices": most,
    }  # fmt: skip
    [months] = groups(r"Revenue with customer by month: (.*?)\n", text)
    return figures | {
        f"month {month}: amount": amount for month, amount in re.findall(rf"(\d{{4}}-\d\d) {_NUMBER}", months)
    }


def _quartiles(text: str) -> Published:
    figures: Published = {}
    for name in ("recency", "frequency", "monetary"):
        cuts = groups(rf"{name} {_NUMBER} / {_NUMBER} / {_NUMBER}", text[text.index("quartile cuts") :])
        figures |= {f"{name}: quartile {place}": cut for place, cut in enumerate(cuts, start=1)}
    [best] = groups(r"monetary > [\d,.]+: (\d+)", text)
    return figures | {"best by recency, frequency and monetary value": best}


def _pairs(text: str) -> Published:
    [count] = groups(r"at least 400 joint invoices \(N = [\d,]+\): (\d+) pairs", text)
    figures = {"pairs on 400 invoices": count}
    for name, joint, lift in re.findall(r"(\w+\+\w+):? (\d+) (?:joint, lift|/) (\d+\.\d+)", text):
        figures |= {f"pair {name}: joint": joint, f"pair {name}: lift": lift}
    return figures
