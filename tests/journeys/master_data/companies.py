"""The companies of the S&P 500: accounts known by their CIK, with the tickers of their classes of shares."""

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pycountry

from tests.journeys.imports import Figures, Import, Notes, Published, Record, groups
from tests.journeys.master_data.legislators import Row, rows
from tests.rest import Client

SYSTEM = "cik"
_SECTORS = ("Industrials", "Financials", "Information Technology", "Health Care", "Consumer Discretionary")


def load(client: Client, folder: Path, notes: Notes) -> Import:
    """Bring the companies in. Doing it again changes nothing."""
    coming, companies = Import(client, notes), dict[str, list[Row]]()
    for row in rows(folder / "constituents.csv"):
        companies.setdefault(row["CIK"], []).append(row)
    coming.bring_in("accounts", "account", [_account(classes, notes) for classes in companies.values()])
    return coming


def published(readme: str) -> Published:
    """The known answers: shares by sector, and companies."""
    sectors = {name: groups(rf"sp500-accounts\*\*:.*?{name} (\d+)", readme)[0] for name in _SECTORS}
    return sectors | {"companies": groups(r"([\d,]+) distinct CIK", readme)[0]}


def counted(client: Client) -> Figures:
    """The same figures as the suite has them."""
    mine = {"field": "external_ids.system", "op": "eq", "value": SYSTEM}
    counts = Counter[str]()
    for account in client.pages("/v1/accounts", "accounts", filter=mine, page_size=200):
        counts["companies"] += 1
        counts[account["industry"]] += sum(each["system"] == "ticker" for each in account["external_ids"])
    return {name: Decimal(counts[name]) for name in ("companies", *_SECTORS)}


def _account(classes: list[Row], notes: Notes) -> Record:
    first = classes[0]
    if len(classes) > 1:
        notes.mended["a company with several classes of shares is one account"].append(first["Security"])
    year = re.match(r"\d{4}", first["Founded"])
    if first["Founded"] != (year and year.group()):
        notes.mended["of several years the first is that of foundation"].append(first["Founded"])
    tickers = [{"system": "ticker", "id": each["Symbol"]} for each in classes]
    return {
        "name": re.sub(r" \(Class [A-Z]\)$", "", first["Security"]), "industry": first["GICS Sector"],
        "tags": [first["GICS Sub-Industry"]], "addresses": [_seat(first["Headquarters Location"])],
        "registration_ids": [{"kind": "cik", "number": first["CIK"].zfill(10), "country_code": "US"}],
        "external_ids": [{"system": SYSTEM, "id": first["CIK"]}, *tickers],
    } | ({"founded_year": int(year.group())} if year else {})  # fmt: skip


def _seat(location: str) -> Record:
    """`Saint Paul, Minnesota` or `Dublin, Ireland`: what follows the last comma is a state, else a country."""
    place, _, where = location.rpartition(", ")
    state = pycountry.subdivisions.get(code=_states().get(where, ""))
    if state is not None:
        return {"type": "office", "locality": place, "region": state.code.removeprefix("US-"), "country_code": "US"}
    country = next(
        (each for each in pycountry.countries if where in (each.name, getattr(each, "common_name", ""))), None
    )
    known = {"UK": "GB", "United Kingdom": "GB"}.get(where, country.alpha_2 if country else "")
    return {"type": "office", "locality": place if known else location, "country_code": known}


def _states() -> dict[str, str]:
    return {each.name: each.code for each in pycountry.subdivisions.get(country_code="US")}
