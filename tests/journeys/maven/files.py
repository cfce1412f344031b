"""Reads the files of the Maven sales company and mends what is mis-spelt, by stated rules; every mend is told."""

import csv
from pathlib import Path

from tests.journeys.imports import Notes

Row = dict[str, str]

# Words that the files mis-spell, by column.
SPELLINGS = {
    "sector": {"technolgy": "technology"},
    "office_location": {"Philipines": "Philippines"},
}


class Files:
    """The company as it stands in the four files, in the files' order."""

    def __init__(self, folder: Path) -> None:
        self.notes = Notes()
        self.products = _rows(folder / "products.csv")
        self.accounts = [self._spelt(row, "account") for row in _rows(folder / "accounts.csv")]
        self.agents = _rows(folder / "sales_teams.csv")
        self.deals = _rows(folder / "sales_pipeline.csv")
        self._mend_products()
        self._note_absences()

    @property
    def offices(self) -> list[str]:
        """The regional offices."""
        return list(dict.fromkeys(row["regional_office"] for row in self.agents))

    @property
    def managers(self) -> dict[str, str]:
        """The office of each manager."""
        return {row["manager"]: row["regional_office"] for row in self.agents}

    def _spelt(self, row: Row, name: str) -> Row:
        for column, words in SPELLINGS.items():
            if right := words.get(row[column]):
                self.notes.mended[f"{column} {row[column]!r} is a mis-spelling of {right!r}"].append(row[name])
                row[column] = right
        return row

    def _mend_products(self) -> None:
        """A product that the price list does not have is the one that is spelt alike but for blanks."""
        known = {row["product"] for row in self.products}
        alike = {name.replace(" ", ""): name for name in known}
        for row in self.deals:
            given = row["product"]
            if given not in known and (right := alike.get(given.replace(" ", ""))):
                rule = f"product {given!r} is not in the price list, {right!r} is spelt alike but for the blank"
                self.notes.mended[rule].append(row["opportunity_id"])
                row["product"] = right

    def _note_absences(self) -> None:
        for row in self.deals:
            if not row["account"]:
                self.notes.left_out["account_id: the file names no account"].append(row["opportunity_id"])
            if not row["engage_date"]:
                rule = "open_date: the file has no engage_date, so the day of the import stands"
                self.notes.left_out[rule].append(row["opportunity_id"])


def _rows(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
