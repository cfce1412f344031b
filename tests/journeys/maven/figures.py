"""The figures of the sales pipeline, twice: as counted from the files row by row, and as the suite's report says."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from statistics import mean, median
from typing import Any

from tests.journeys.imports import Figures, Loaded, amount_of
from tests.journeys.maven.files import Files
from tests.journeys.maven.records import CURRENCY, STAGES, SYSTEM
from tests.rest import Client

WHOLE = "all"


def reported(client: Client, loaded: Loaded) -> Figures:
    """What GET /v1/reports/pipeline says of the company's opportunities, over all and by everything that it groups by."""
    names = {
        "owner": loaded.named("users"), "team": loaded.named("teams"), "product": loaded.named("products"),
        "account": loaded.named("accounts"), "stage": {key: name for name, key in STAGES.items()},
    }  # fmt: skip
    figures: Figures = {}
    for by in ("stage", "quarter", "owner", "team", "product", "account"):
        report = _report(client, by)
        for row in report["rows"]:
            value = row["group"][0].get("value", "")
            # Without an account or a close date an opportunity stands in the group of the empty name.
            if value:
                figures |= _figures(f"{by} {names.get(by, {}).get(value, value)}", row)
        figures |= _figures(WHOLE, report["total"])
    return figures


def counted(files: Files) -> Figures:
    """The same, from the rows of the files."""
    offices = {row["sales_agent"]: row["regional_office"] for row in files.agents}
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in files.deals:
        groups[WHOLE].append(row)
        groups[f"stage {row['deal_stage']}"].append(row)
        groups[f"owner {row['sales_agent']}"].append(row)
        groups[f"team {offices[row['sales_agent']]}"].append(row)
        groups[f"product {row['product']}"].append(row)
        if row["account"]:
            groups[f"account {row['account']}"].append(row)
        if row["close_date"]:
            closed = date.fromisoformat(row["close_date"])
            groups[f"quarter {closed.year}-Q{(closed.month + 2) // 3}"].append(row)
    figures: Figures = {}
    for name, rows in groups.items():
        figures |= _counted(name, rows)
    return figures


def same(one: Decimal | None, other: Decimal | None) -> bool:
    """Whether two figures are equal; quotients may differ where a double ends."""
    return one is not None and other is not None and abs(one - other) <= Decimal("1e-9") * max(1, abs(one))


def _report(client: Client, by: str) -> Any:
    mine = {"field": "external_ids.system", "op": "eq", "value": SYSTEM}
    return client.get("/v1/reports/pipeline", group_by=by, filter=mine).body


def _figures(name: str, row: dict[str, Any]) -> Figures:
    won = amount_of(row.get("won_amount", []), CURRENCY)
    figures = {
        "count": Decimal(row.get("count", 0)),
        "won count": Decimal(row.get("won_count", 0)),
        "lost count": Decimal(row.get("lost_count", 0)),
        "closed count": Decimal(row.get("won_count", 0) + row.get("lost_count", 0)),
        "won amount": won,
    }
    if row.get("won_count"):
        figures["mean won deal"] = won / row["won_count"]
        figures["mean days to close"] = Decimal(row["average_days_to_close"])
        figures["median days to close"] = Decimal(row["median_days_to_close"])
    if figures["closed count"]:
        figures["win rate"] = Decimal(row["win_rate"])
    return {f"{name}: {what}": figure for what, figure in figures.items()}


def _counted(name: str, rows: list[dict[str, str]]) -> Figures:
    won = [row for row in rows if row["deal_stage"] == "Won"]
    closed = [row for row in rows if row["close_date"]]
    amount = sum((Decimal(row["close_value"]) for row in won), Decimal(0))
    figures = {
        "count": Decimal(len(rows)),
        "won count": Decimal(len(won)),
        "lost count": Decimal(len(closed) - len(won)),
        "closed count": Decimal(len(closed)),
        "won amount": amount,
    }
    if won:
        days = [(date.fromisoformat(row["close_date"]) - date.fromisoformat(row["engage_date"])).days for row in won]
        figures["mean won deal"] = amount / len(won)
        figures["mean days to close"] = mean(map(Decimal, days))
        figures["median days to close"] = Decimal(median(days))
    if closed:
        figures["win rate"] = Decimal(len(won)) / len(closed)
    return {f"{name}: {what}": figure for what, figure in figures.items()}
