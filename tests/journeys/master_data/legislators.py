"""The members of the US Congress: contacts with their offices, of two accounts, the chambers."""

import csv
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

from tests.journeys.imports import Figures, Import, Named, Notes, Published, Record, groups
from tests.rest import Client

SYSTEM = "bioguide"
CHAMBERS = {"rep": "United States House of Representatives", "sen": "United States Senate"}
TITLES = {"rep": "Representative", "sen": "Senator"}

Row = dict[str, str]


def load(client: Client, folder: Path, notes: Notes) -> Import:
    """Bring the members in. Doing it again changes nothing."""
    coming = Import(client, notes)
    coming.bring_in("accounts", "account", [{"name": name} | _named(key) for key, name in CHAMBERS.items()])
    offices = defaultdict(list)
    for row in rows(folder / "offices-flat.csv"):
        offices[row["bioguide"]].append(row)
    members = rows(folder / "legislators-flat.csv")
    coming.bring_in("contacts", "contact", [_contact(row, offices[row["bioguide"]]) for row in members])
    return coming


def published(readme: str) -> Published:
    """The known answers."""
    representatives, senators = groups(r"([\d,]+) representatives, ([\d,]+) senators", readme)
    republicans, democrats, others = groups(r"Republican (\d+), Democrat (\d+), Independent (\d+)", readme)
    states = groups(r"Most members: CA (\d+), TX (\d+), FL (\d+), NY (\d+)", readme)
    [offices] = groups(r"NY \d+\. ([\d,]+) offices", readme)
    told = {"Representative": representatives, "Senator": senators, "offices": offices}
    told |= {"Republican": republicans, "Democrat": democrats, "Independent": others}
    return told | dict(zip(("CA", "TX", "FL", "NY"), states, strict=True))


def counted(client: Client) -> Figures:
    """The same figures as the suite has them."""
    mine = {"field": "external_ids.system", "op": "eq", "value": SYSTEM}
    found = client.pages("/v1/contacts", "contacts", filter=mine, page_size=200)
    counts = Counter[str]()
    for contact in found:
        counts.update([contact["job_title"], *contact["tags"]])
        counts["offices"] += len(contact["addresses"]) - 1  # beside the one in Washington
    return {name: Decimal(count) for name, count in counts.items()}


def rows(path: Path) -> list[Row]:
    """The rows of a file, without the space around values."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [{name: value.strip() for name, value in row.items()} for row in csv.DictReader(lines)]


def _contact(row: Row, offices: list[Row]) -> Record:
    capital = {
        "type": "work", "lines": [row["office"]], "locality": "Washington", "region": "DC",
        "postal_code": row["address"].rsplit(" ", 1)[-1], "country_code": "US",
    }  # fmt: skip
    phones = [{"raw": row["phone"], "type": "work"}]
    phones += [{"raw": each["phone"], "type": "district"} for each in offices if each["phone"]]
    phones += [{"raw": each["fax"], "type": "fax"} for each in offices if each["fax"]]
    return {
        "given_name": row["first"], "middle_name": row["middle"], "family_name": row["last"], "suffix": row["suffix"],
        "nickname": row["nickname"], "honorific": "Hon.", "gender": row["gender"], "birth_date": row["birthday"],
        "job_title": TITLES[row["chamber"]], "account_id": Named("accounts", row["chamber"]), "language_code": "en-US",
        "tags": [row["party"], row["state"]], "addresses": [capital, *(_address(each) for each in offices)],
        "phones": [phone for phone in phones if phone["raw"]],
    } | _named(row["bioguide"])  # fmt: skip


def _address(row: Row) -> Record:
    lines = [row["building"], row["address"], row["suite"]]
    return {
        "type": "district", "lines": [line for line in lines if line], "locality": row["city"], "region": row["state"],
        "postal_code": row["zip"], "country_code": "US",
    }  # fmt: skip


def _named(id: str) -> Record:
    return {"external_ids": [{"system": SYSTEM, "id": id}]}
