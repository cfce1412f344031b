"""What reports group by: periods of a date, the names of what stands in a group, and sums per currency."""

from collections.abc import Iterable
from typing import Any

from services.sales.account import Account
from services.sales.line import money
from services.sales.pipeline import Pipeline
from services.sales.product import Product
from services.sales.user import Team, User

Key = tuple[str, ...]


def periods(date: str) -> dict[str, Any]:
    """Month, quarter and year of the ISO date at a stored path (`$close_date`), as MongoDB computes them; empty without one."""
    day = {"$ifNull": [date, ""]}
    year = {"$substrBytes": [day, 0, 4]}
    quarter = {"$toString": {"$ceil": {"$divide": [{"$toInt": {"$substrBytes": [day, 5, 2]}}, 3]}}}
    return {
        "month": {"$substrBytes": [day, 0, 7]},
        "quarter": {"$cond": [{"$eq": [day, ""]}, "", {"$concat": [year, "-Q", quarter]}]},
        "year": year,
    }


def named(by: list[str], keys: Iterable[Key]) -> dict[Key, list[dict[str, str]]]:
    """The groups of each key: what is grouped by, the value, and its name as far as sales has heard it."""
    keys = list(keys)
    labels = {each: _labels(each, {key[place] for key in keys}) for place, each in enumerate(by)}
    return {
        key: [
            {"by": each, "value": value, "label": labels[each].get(value, "")}
            for each, value in zip(by, key, strict=True)
        ]
        for key in keys
    }


def moneys(amounts: dict[str, int]) -> list[dict[str, Any]]:
    """A Money for each currency, of so many billionths."""
    return [money(currency, billionths) for currency, billionths in sorted(amounts.items()) if currency]


def _labels(by: str, values: set[str]) -> dict[str, str]:
    return _NAMES[by](sorted(values - {""})) if by in _NAMES else {}


def _stage_names(keys: list[str]) -> dict[str, str]:
    stages = [stage for row in Pipeline.objects.only("stages").as_pymongo() for stage in row["stages"]]
    return {stage["key"]: stage["name"] for stage in stages if stage["key"] in keys}


_NAMES: dict[str, Any] = {
    "stage": _stage_names,
    "owner": User.named,
    "team": Team.named,
    "account": Account.named,
    "product": lambda ids: dict(Product.objects(id__in=ids).scalar("id", "name")),
    "pipeline": lambda ids: dict(Pipeline.objects(id__in=ids).scalar("id", "name")),
}
