"""Reads the people of the experiment. The file gives them no id, and equal rows are different people: the place is the id."""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "hillstrom-email"

Row = dict[str, str]


def people(folder: Path, first: int | None = None) -> Iterator[Row]:
    """The rows, or the `first` of them, each with its `number` from 1."""
    with (folder / "hillstrom.csv").open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(islice(csv.DictReader(file), first), start=1):
            yield row | {"number": str(number)}
