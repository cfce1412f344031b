"""The known answers that the data's README publishes, read from there: text with the digits shown, by name of the figure."""

import re
from pathlib import Path

from tests.journeys.imports import Published, groups
from tests.journeys.maven.figures import WHOLE


def published(readme: Path) -> Published:
    """Every figure of the README's paragraph about the company."""
    [text] = re.findall(
        r"\*\*maven-crm-sales\*\* \(win rate.*?(?=\n\*\*)", readme.read_text(encoding="utf-8"), re.DOTALL
    )
    return (
        _totals(text) | _stages(text) | _quarters(text) | _agents(text) | _products_and_regions(text) | _account(text)
    )


def _totals(text: str) -> Published:
    won, deal, rate = groups(r"Won value ([\d,]+); mean won deal ([\d,.]+); win rate ([\d.]+\d)", text)
    mean, median = groups(r"mean ([\d.]+) days, median (\d+)", text)
    return {
        f"{WHOLE}: won amount": won,
        f"{WHOLE}: mean won deal": deal,
        f"{WHOLE}: win rate": rate,
        f"{WHOLE}: mean days to close": mean,
        f"{WHOLE}: median days to close": median,
    }


def _stages(text: str) -> Published:
    [listed] = groups(r"Stages: (.*?)\.", text)
    return {f"stage {name}: count": count for name, count in re.findall(r"(\w+) ([\d,]*\d)", listed)}


def _quarters(text: str) -> Published:
    [year] = groups(r"by close quarter: (\d{4})Q1", text)
    figures: Published = {}
    for quarter, amount, count in re.findall(r"Q(\d) ([\d,]+) \(([\d,]+)", text):
        figures[f"quarter {year}-Q{quarter}: won amount"] = amount
        figures[f"quarter {year}-Q{quarter}: won count"] = count
    return figures


def _agents(text: str) -> Published:
    figures: Published = {}
    for name, amount, won, closed in re.findall(r"(\w+ \w+) ([\d,]+) \(([\d,]+)(?: won of |/)([\d,]+)\)", text):
        figures[f"owner {name}: won amount"] = amount
        figures[f"owner {name}: won count"] = won
        figures[f"owner {name}: closed count"] = closed
    return figures


def _products_and_regions(text: str) -> Published:
    figures: Published = {}
    for by, word in (("product", "product"), ("team", "region")):
        [listed] = groups(rf"Won value by {word}: (.*?)\.", text)
        for name, amount in re.findall(r"([A-Z][A-Za-z0-9 ]*?) (\d[\d,]*\d)(?=, |$)", listed):
            figures[f"{by} {name}: won amount"] = amount
    return figures


def _account(text: str) -> Published:
    name, amount, count = groups(r"Top account (\S+) ([\d,]+) \((\d+) deals", text)
    return {f"account {name}: won amount": amount, f"account {name}: won count": count}
