"""Brings records in through the batch upserts of the public API, 200 at a time, by external id, as an importer does; what was
done with each, what was mended on the way, and the tables that tell of it.

A reference stands as `Named(noun, name)` in a record and is replaced by the id when the record that it names has come in.
"""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from tests.rest import Client

BATCH = 200  # records
_HEAVIEST = 5000  # lines, of orders that have many
OUTCOMES = ("CREATED", "UPDATED", "UNCHANGED", "REFUSED")

Record = dict[str, Any]
Figures = dict[str, Decimal]
Published = dict[str, str]


class Named(NamedTuple):
    """The id of the record of that name."""

    plural: str
    name: str


@dataclass
class Notes:
    """What was done about the faults of files: what is concerned, by rule."""

    mended: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Loaded:
    """What came of a run: how many of each noun had which outcome, and the ids by noun and name."""

    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    ids: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    requests: Counter[str] = field(default_factory=Counter)

    @property
    def all_outcomes(self) -> Counter[str]:
        """How many records had which outcome."""
        return sum(self.outcomes.values(), Counter())

    def named(self, plural: str) -> dict[str, str]:
        """The names of a noun's records by their ids."""
        return {id: name for name, id in self.ids[plural].items()}


class Import:
    """Brings records into the tenant of `client`. Doing it again changes nothing."""

    def __init__(self, client: Client, notes: Notes) -> None:
        self._client, self._notes = client, notes
        self.loaded = Loaded()

    def bring_in(self, plural: str, noun: str, waiting: list[Record]) -> None:
        """Bring in records of one noun, those first that others of them refer to."""
        began = time.monotonic()
        while waiting:
            ready, later = [], []
            for record in waiting:
                # A record that refers to one of its own kind waits until that one has come in.
                (ready if self._known(record) else later).append(record)
            if not ready:
                for record in later:
                    self.refuse(plural, name_of(record), "it refers to a record that is not there")
                break
            for batch in batches(ready):
                self._send(plural, noun, batch)
            waiting = later
        self.loaded.seconds[plural] += time.monotonic() - began

    def refuse(self, plural: str, name: str, reason: str) -> None:
        """Note that a record was refused."""
        self.loaded.outcomes[plural]["REFUSED"] += 1
        self._notes.refused[f"{plural}: {reason}"].append(name)

    def resolved(self, value: Any) -> Any:
        """The value with ids in the place of names."""
        if isinstance(value, Named):
            return self.loaded.ids[value.plural][value.name]
        if isinstance(value, dict):
            return {name: self.resolved(each) for name, each in value.items()}
        return [self.resolved(each) for each in value] if isinstance(value, list) else value

    def _send(self, plural: str, noun: str, batch: list[Record]) -> None:
        items = [{"client_ref": name_of(record), noun: self.resolved(record)} for record in batch]
        self.loaded.requests[plural] += 1
        for result in self._client.post(f"/v1/{plural}:batchUpsert", {"items": items})["results"]:
            name = result["client_ref"]
            if "error" in result:
                self.refuse(plural, name, result["error"].get("detail", str(result["error"])))
            else:
                self.loaded.outcomes[plural][result["outcome"]] += 1
                self.loaded.ids[plural][name] = result[noun]["id"]

    def _known(self, record: Record) -> bool:
        return all(reference.name in self.loaded.ids[reference.plural] for reference in _references(record))


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The records in batches that one request may hold."""
    batch: list[Record] = []
    weight = 0
    for record in records:
        lines = len(record.get("lines", ()))
        if batch and (len(batch) == BATCH or weight + lines > _HEAVIEST):
            yield batch
            batch, weight = [], 0
        batch.append(record)
        weight += lines
    if batch:
        yield batch


def name_of(record: Record) -> str:
    """The name of a record in the files: its first external id."""
    return str(record["external_ids"][0]["id"])


def money(amount: str | Decimal, currency: str) -> Record:
    """`1100.04` as Money."""
    billionths = int(Decimal(amount) * 10**9)
    sign = -1 if billionths < 0 else 1
    units, nanos = divmod(abs(billionths), 10**9)
    return {"currency_code": currency, "units": str(sign * units), "nanos": sign * nanos}


def amount_of(moneys: list[Record], currency: str) -> Decimal:
    """The one Money of a figure as a number; 0 where there is none."""
    currencies = [each["currency_code"] for each in moneys]
    assert currencies in ([], [currency]), currencies
    return sum((Decimal(each.get("units", 0)) + Decimal(each.get("nanos", 0)) / 10**9 for each in moneys), Decimal(0))


# ---------------------------------------------------------------- known answers


def agrees(shown: str, exact: Decimal | None) -> bool:
    """Whether the published text is `exact`, rounded at the last digit shown."""
    told = Decimal(shown.replace(",", ""))
    return exact is not None and abs(exact - told) <= Decimal(1).scaleb(int(told.as_tuple().exponent)) / 2


def groups(pattern: str, text: str) -> tuple[str, ...]:
    """What a pattern finds in the README; it must be there."""
    found = re.search(pattern, text)
    assert found, f"the README has nothing like {pattern}"
    return found.groups()


# ---------------------------------------------------------------- tables


def outcomes(loaded: Loaded) -> Iterator[str]:
    """A table of what was done, by noun."""
    yield f"{'noun':16}" + "".join(f"{each.lower():>11}" for each in OUTCOMES) + f"{'seconds':>10}{'per second':>12}"
    for plural, counts in loaded.outcomes.items():
        yield _line(plural, counts, loaded.seconds[plural])
    yield _line("all", loaded.all_outcomes, sum(loaded.seconds.values()))
    if loaded.requests:
        asked = loaded.requests.total()
        yield f"{asked:,} requests, {asked / max(sum(loaded.seconds.values()), 1e-9):,.1f} per second"


def notes(notes: Notes) -> Iterator[str]:
    """What was mended, left out and refused, why, how often, and where first."""
    for kind, rules in (("mended", notes.mended), ("left out", notes.left_out), ("refused", notes.refused)):
        for rule, names in rules.items():
            yield f"{kind:9}{len(names):>7,}  {rule} (first: {names[0]})"
        if not rules:
            yield f"{kind:9}{'none':>7}"


def compared(known: Published, told: Figures) -> tuple[list[str], list[str]]:
    """A table of the known answers beside what the suite says, and the names of those that differ."""
    differing = [name for name, shown in known.items() if not agrees(shown, told.get(name))]
    lines = [f"{'figure':52}{'known':>16}{'told':>20}"]
    for name, shown in known.items():
        said = f"{told[name]:,.4f}".rstrip("0").rstrip(".") if name in told else "nothing"
        lines.append(f"{name:52}{shown:>16}{said:>20}  {'differs' if name in differing else 'equal'}")
    lines.append(f"{len(known):,} known answers, {len(differing)} differ")
    return lines, differing


def tell(*texts: Iterable[str] | str) -> None:
    """Print lines."""
    for text in texts:
        print(text if isinstance(text, str) else "\n".join(text))


def _line(name: str, counts: Counter[str], seconds: float) -> str:
    numbers = "".join(f"{counts[each]:>11,}" for each in OUTCOMES)
    return f"{name:16}{numbers}{seconds:>10.1f}{counts.total() / max(seconds, 1e-9):>12,.0f}"


def _references(value: Any) -> list[Named]:
    if isinstance(value, Named):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [reference for each in inner for reference in _references(each)]
