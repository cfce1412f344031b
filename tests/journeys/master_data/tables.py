"""Tables of other programs brought in as files: the spectrum of CSV, headers of address books, rows of another CRM's tests."""

import csv
import json
from pathlib import Path

from tests.contacts.headers import GOOGLE, LEFT_OUT, OUTLOOK
from tests.journeys.master_data.files import Record, bring_in, draft
from tests.journeys.master_data.verdicts import Verdicts
from tests.rest import Client, Problem

# ---------------------------------------------------------------- csv-spectrum

_LINE, _TEXT = ("family_name", "given_name", "job_title", "department", "nickname"), "description"
_OTHER = {
    "newlines_crlf": "the file has lost the carriage returns that its answer has inside quotes",
    "location_coordinates": "the answer has another telephone number than the file",
}


def spectrum(client: Client, folder: Path) -> Verdicts:
    """Every row of every file is a contact whose fields hold its cells as the answer has them."""
    verdicts = Verdicts()
    for path in sorted((folder / "csvs").glob("*.csv")):
        answer = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        expected = answer if isinstance(answer, list) else [answer]
        targets = _spread(expected)
        brought = bring_in(client, path, targets)
        told = [{header: contact[target] for header, target in targets.items()} for contact in brought.contacts]
        for place, known in enumerate(expected):
            said = told[place] if place < len(told) else None
            verdicts.judge(f"{path.name} row {place + 1}", said is not None, said == known, _OTHER.get(path.stem, ""))
    return verdicts


def _spread(rows: list[Record]) -> dict[str, str]:
    """Where the columns go: one with line breaks to the free text, the others to fields of one line."""
    lines = iter(_LINE)
    return {header: _TEXT if any("\n" in row[header] for row in rows) else next(lines) for header in rows[0]}


# ---------------------------------------------------------------- contact-export-headers


def headers(client: Client, folder: Path) -> Verdicts:
    """Every column of the address books goes where it belongs, or is left out for a reason."""
    verdicts = Verdicts()
    for name, known in (("outlook", OUTLOOK), ("google-contacts", GOOGLE)):
        columns = draft(client, folder / f"{name}-header.csv")["columns"]
        for header, target in ((each["header"], each["target"]) for each in columns):
            if target or header in known:
                verdicts.judge(f"{name}: {header} → {target}", bool(target), known.get(header) == target)
            else:
                verdicts.judge(header, taken=False, agrees=False, reason=LEFT_OUT.get(header, ""))
    return verdicts


# ---------------------------------------------------------------- civicrm-import

_FORMATS = {"1": "YMD", "2": "MDY", "4": "MDY"}
_DAYS = {"Deceased Date": "deceased_date", "Custom Date One": "custom_date_one", "Custom Date Two": "custom_date_two"}
_GENDERS = [{"value": str(number), "label": label} for number, label in enumerate(("Female", "Male", "Transgender"), 1)]


def another_crm(client: Client, folder: Path) -> Verdicts:
    """Rows are taken and refused as the column `expected` says, and what was taken is what was meant."""
    verdicts = Verdicts()
    for label, key in _DAYS.items():
        _define(client, {"key": key, "label": label, "type": "DATE"})
    _define(client, {"key": "sex", "label": "Sex", "type": "SELECT", "options": _GENDERS})
    _define(client, {"key": "website", "label": "Website", "type": "URL"})
    for kind in _FORMATS:
        _dates(client, folder / f"individual_dates_type{kind}.csv", verdicts)
    _genders(client, folder / "individual_genders.csv", verdicts)
    _anywhere(client, folder / "individual_unicode.csv", verdicts)
    return verdicts


def _dates(client: Client, path: Path, verdicts: Verdicts) -> None:
    rows = _rows(path)
    brought = bring_in(client, path, date_order=_FORMATS[rows[0]["Type"]])
    for number, row in enumerate(rows, 1):
        taken = number not in brought.faults
        verdicts.judge(f"{path.name} row {number}", taken, taken == (row["expected"] == "Valid"))
    for contact in brought.contacts:
        days = [contact["birth_date"], *(contact["custom_fields"][key] for key in _DAYS.values())]
        verdicts.hold(f"{path.name}: {days}", set(days) == {"2008-09-01"})


def _genders(client: Client, path: Path, verdicts: Verdicts) -> None:
    """A row is two people; it is good where both are."""
    rows, refused = _rows(path), set[int]()
    names = (("first_name", "Last Name", "Gender"), ("mum_first_name", "mum_last_name", "mum_gender"))
    for given, family, gender in names:
        targets = {given: "given_name", family: "family_name", gender: "custom_fields.sex"}
        brought = bring_in(client, path, targets)
        refused |= brought.faults.keys()
        told = {contact.get("custom_fields", {}).get("sex", "1") for contact in brought.contacts}
        verdicts.hold(f"{path.name}: {gender} is {told}", told == {"1"})
    for number, row in enumerate(rows, 1):
        taken = number not in refused
        verdicts.judge(f"{path.name} row {number}", taken, taken == (row["Expected"] == "Valid"))


def _anywhere(client: Client, path: Path, verdicts: Verdicts) -> None:
    [contact] = bring_in(client, path).contacts
    told = (contact["display_name"], contact["custom_fields"]["website"], contact["addresses"][0]["country_code"])
    verdicts.judge(f"{path.name}: {told}", True, told == ("Iron Man", "https://কানাডা.com", "CI"))


def _define(client: Client, field: Record) -> None:
    """A field of the tenant's own, where it is not there from an earlier run."""
    try:
        client.post("/v1/schema/contact/fields", field)
    except Problem as problem:
        if problem.type != "already-exists":
            raise


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
