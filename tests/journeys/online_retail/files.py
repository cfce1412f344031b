"""Reads the wholesaler's invoice lines and mends what is broken, by stated rules; every mend is told.

A line is counted as the file says it; only what it is in the suite is mended: codes and names of goods, the sign of a credit.
"""

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tests.journeys.imports import Notes

FILE = "online_retail.csv.gz"


class Line(NamedTuple):
    """A line of an invoice."""

    code: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """What it is worth, in pounds."""
        return self.quantity * self.price

    @property
    def sale(self) -> bool:
        """Whether somebody bought something with it, as the known answers count sales."""
        return self.quantity > 0 and self.price > 0


@dataclass
class Invoice:
    """An invoice, or a credit note."""

    number: str
    time: str  # ISO, without a zone
    customer: str
    lines: list[Line] = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        """What it is worth, in pounds."""
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def sale(self) -> bool:
        """Whether anything was bought with it."""
        return any(line.sale for line in self.lines)

    @property
    def correction(self) -> bool:
        """Whether it only puts the stock right: less of something, at no price, for nobody."""
        return not self.number.startswith("C") and all(line.quantity < 0 and not line.price for line in self.lines)


class Files:
    """The year, or its `first` invoices, in the file's order."""

    def __init__(self, folder: Path, first: int | None = None) -> None:
        self.notes = Notes()
        self.invoices: list[Invoice] = []
        self.names: dict[str, Counter[str]] = defaultdict(Counter)  # of goods, by code
        self.prices: dict[str, Counter[Decimal]] = defaultdict(Counter)
        self.countries: dict[str, str] = {}  # of customers
        for number, rows in islice(_rows(folder / FILE).items(), first):
            self._read(number, rows)

    @property
    def orders(self) -> list[Invoice]:
        """The invoices that are orders."""
        return [invoice for invoice in self.invoices if not invoice.correction]

    def _read(self, number: str, rows: list[dict[str, str]]) -> None:
        invoice = Invoice(number, rows[0]["InvoiceDate"].replace(" ", "T"), rows[0]["CustomerID"])
        if any(row["InvoiceDate"] != rows[0]["InvoiceDate"] for row in rows):
            self.notes.mended["place_time: lines of one invoice differ, the first one's stands"].append(number)
        for row in rows:
            self._name(row)
            invoice.lines.append(Line(row["StockCode"], int(row["Quantity"]), Decimal(row["UnitPrice"])))
        if invoice.customer:
            self._place(invoice.customer, rows[0]["Country"])
        if invoice.correction:
            self.notes.left_out["invoice: the stock is put right, nobody bought anything"].append(number)
        elif not invoice.customer:
            self.notes.left_out["account_id: the file names no customer"].append(number)
        if any(line.price < 0 for line in invoice.lines):
            self.notes.mended["kind: a price below zero is a quantity below zero, of a credit"].append(number)
        self.invoices.append(invoice)

    def _name(self, row: dict[str, str]) -> None:
        code, given = row["StockCode"], row["Description"]
        name = given.strip()
        if name != given:
            self.notes.mended["name: blanks around it are taken off"].append(code)
        if "Â£" in name:
            name = name.replace("Â£", "£")
            self.notes.mended["name: 'Â£' is '£', read as Latin-1"].append(code)
        self.names[code].update([name] if name else [])
        self.prices[code].update([price] if (price := Decimal(row["UnitPrice"])) > 0 else [])

    def _place(self, customer: str, country: str) -> None:
        if self.countries.setdefault(customer, country) != country:
            self.notes.mended["country: a customer has several, the first one stands"].append(customer)


def _rows(path: Path) -> dict[str, list[dict[str, str]]]:
    """The lines of each invoice, which do not always stand together."""
    invoices: dict[str, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            invoices[row["InvoiceNo"]].append(row)
    return invoices
