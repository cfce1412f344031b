"""What each row of the files is in the suite: the bodies of the API, with names instead of ids where rows refer to rows.

A reference stands as `Named(noun, name)` and is replaced by the id when the record that it names has come in.
"""

from decimal import Decimal

import pycountry

from tests.journeys.imports import Named, Record, money
from tests.journeys.maven.files import Files, Row

SYSTEM = "maven"
DOMAIN = "maven.example"  # reserved for examples (RFC 2606)
CURRENCY = "USD"
STAGES = {"Prospecting": "prospecting", "Engaging": "engaging", "Won": "won", "Lost": "lost"}

# What the file calls countries by half a name.
COUNTRIES = {"Korea": "Korea, Republic of"}


def teams(files: Files) -> list[Record]:
    """A team for each regional office."""
    return [{"name": office} | _named(office) for office in files.offices]


def managers(files: Files) -> list[Record]:
    """A user for each manager, in the office's team."""
    return [_user(name, office, "manager") for name, office in files.managers.items()]


def agents(files: Files) -> list[Record]:
    """A user for each agent, in the office's team, under the manager."""
    return [
        _user(row["sales_agent"], row["regional_office"], "sales_rep") | {"manager_id": Named("users", row["manager"])}
        for row in files.agents
    ]


def products(files: Files) -> list[Record]:
    """The price list."""
    return [
        {"name": row["product"], "family": row["series"], "list_price": money(row["sales_price"], CURRENCY)}
        | _named(row["product"])
        for row in files.products
    ]


def accounts(files: Files) -> list[Record]:
    """The customers; a subsidiary refers to its parent."""
    return [_account(row, files) for row in files.accounts]


def opportunities(files: Files) -> list[Record]:
    """The deals, closed ones with their history."""
    offices = {row["sales_agent"]: row["regional_office"] for row in files.agents}
    return [_opportunity(row, offices.get(row["sales_agent"], "")) for row in files.deals]


def _named(name: str) -> Record:
    return {"external_ids": [{"system": SYSTEM, "id": name}]}


def _user(name: str, office: str, role: str) -> Record:
    return {
        "email": f"{name.lower().replace(' ', '.')}@{DOMAIN}", "display_name": name, "roles": [role],
        "team_ids": [Named("teams", office)],
    } | _named(name)  # fmt: skip


def _account(row: Row, files: Files) -> Record:
    record: Record = {
        "name": row["account"],
        "industry": row["sector"],
        "founded_year": int(row["year_established"]),
        "employee_count": int(row["employees"]),
        "annual_revenue": money(Decimal(row["revenue"]) * 10**6, CURRENCY),  # the file counts in millions
        "addresses": [{"type": "office", "country_code": _country(row, files)}],
    }
    if row["subsidiary_of"]:
        record["parent_id"] = Named("accounts", row["subsidiary_of"])
    return record | _named(row["account"])


def _country(row: Row, files: Files) -> str:
    given = row["office_location"]
    if whole := COUNTRIES.get(given):
        files.notes.mended[f"office_location {given!r} is half a name, read as {whole!r}"].append(row["account"])
    return str(pycountry.countries.lookup(whole or given).alpha_2)


def _opportunity(row: Row, office: str) -> Record:
    customer = row["account"] or f"somebody ({row['opportunity_id']})"
    record: Record = {
        "name": f"{row['product']} for {customer}",
        "owner_id": Named("users", row["sales_agent"]),
        "team_id": Named("teams", office),
        "stage": STAGES[row["deal_stage"]],
        "lines": [{"product_id": Named("products", row["product"]), "quantity": 1}],
    }
    if row["account"]:
        record["account_id"] = Named("accounts", row["account"])
    if row["engage_date"]:
        record["open_date"] = row["engage_date"]
    if row["close_date"]:
        record |= {"close_date": row["close_date"], "amount": money(row["close_value"], CURRENCY)}
        record["lines"][0]["unit_price"] = money(row["close_value"], CURRENCY)
    return record | _named(row["opportunity_id"])
