"""The figures of the experiment: as the campaign's report says them, as counted, and as the README publishes them."""

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.journeys.hillstrom.files import Row
from tests.journeys.hillstrom.records import ARMS, CURRENCY
from tests.journeys.imports import Figures, Published, amount_of, groups


def reported(report: dict[str, Any]) -> Figures:
    """What GET /v1/campaigns/{id}/report says."""
    figures: Figures = {}
    for arm in report["arms"]:
        people, name = Decimal(arm["recipients"]), arm["arm"]
        visits, conversions = Decimal(arm.get("visited", 0)), Decimal(arm.get("converted", 0))
        figures |= _arm(name, people, visits, conversions, amount_of(arm.get("spent", []), CURRENCY))
    for each in report.get("comparisons", ()):
        name = f"{each['arm']} against {each['control']}, {each['measure']}"
        figures |= {
            f"{name}: points": _percent(each["difference"]), f"{name}: lower": _percent(each["lower"]),
            f"{name}: upper": _percent(each["upper"]), f"{name}: relative lift %": _percent(each["lift"]),
            f"{name}: z": Decimal(each["z"]),
        }  # fmt: skip
        people = figures[f"{each['arm']}: people"]
        figures[f"{name}: extra people"] = Decimal(each["difference"]) * people
    return figures


def counted(rows: Iterable[Row]) -> Figures:
    """People, visits, conversions and spend of each arm, from the file."""
    arms = {name: [Decimal(0)] * 4 for name in ARMS.values()}
    for row in rows:
        told = (Decimal(1), Decimal(row["visit"]), Decimal(row["conversion"]), Decimal(row["spend"]))
        name = ARMS[row["segment"]]
        arms[name] = [sum(pair, Decimal(0)) for pair in zip(arms[name], told, strict=True)]
    return {name: figure for arm, figures in arms.items() for name, figure in _arm(arm, *figures).items()}


def published(readme: Path) -> Published:
    """The table and the two comparisons of the README's paragraph about the experiment."""
    [text] = re.findall(r"\*\*hillstrom-email\*\*\n.*?(?=\n\*\*)", readme.read_text(encoding="utf-8"), re.DOTALL)
    figures: Published = {}
    for name, arm in ARMS.items():
        row = rf"\| {name} \| ([\d,]+) \| ([\d,]+) \(([\d.]+) %\) \| ([\d,]+) \(([\d.]+) %\) \| ([\d,.]+) \|"
        told = groups(row, text)
        measures = ("people", "visits", "visits %", "conversions", "conversions %", "spend")
        figures |= {f"{arm}: {measure}": shown for measure, shown in zip(measures, told, strict=True)}
    name = "mens against none, visited"
    visits = (
        r"visits \+([\d.]+) points \(95 % interval ([\d.]+) to ([\d.]+)\), relative lift ([\d.]+) %, pooled z ([\d.]+);"
    )
    measures = ("points", "lower", "upper", "relative lift %", "z")
    figures |= {f"{name}: {each}": shown for each, shown in zip(measures, groups(visits, text), strict=True)}
    name = "mens against none, converted"
    bought = r"conversions \+([\d.]+) points, relative lift ([\d.]+) %, z ([\d.]+), p [\d.e-]+; (\d+) extra buyers"
    measures = ("points", "relative lift %", "z", "extra people")
    return figures | {f"{name}: {each}": shown for each, shown in zip(measures, groups(bought, text), strict=True)}


def _arm(name: str, people: Decimal, visits: Decimal, conversions: Decimal, spend: Decimal) -> Figures:
    shares = {"visits %": visits / people * 100, "conversions %": conversions / people * 100} if people else {}
    figures = {"people": people, "visits": visits, "conversions": conversions, "spend": spend} | shares
    return {f"{name}: {measure}": figure for measure, figure in figures.items()}


def _percent(share: float) -> Decimal:
    return Decimal(share) * 100
