"""`python -m bench.overview`: how long an overview of a customer takes, and what each process spends on it.

Every customer has people, opportunities, orders and tickets; the requests go around customers at random, over one connection, as
a person would look at them. `make bench` asks the same of its suite.
"""

import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import cost, side
from bench.goals import Goal
from bench.load import Load, Tally, play, write_requests
from tests.rest import Client
from tests.suite import SuiteFailed

CUSTOMERS, PEOPLE, SALES, TICKETS = 60, 3, 6, 5
SECONDS, WARM_SECONDS = 4.0, 1.0
MOST_P50 = 15.0  # milliseconds


@dataclass(frozen=True)
class Seen:
    """One kind of overview as it was measured: latencies, and CPU time in microseconds of one by process."""

    kind: str
    tally: Tally
    cpu: dict[str, float]

    @property
    def p50(self) -> float:
        """Milliseconds that half of the answers did not exceed."""
        return self.tally.percentile(0.5)

    def __str__(self) -> str:
        spent = ", ".join(f"{name} {each / 1000:.1f}" for name, each in self.cpu.items() if each >= 50)
        latency = f"p50 {self.p50:.1f} ms, p99 {self.tally.percentile(0.99):.1f} ms"
        return f"{latency}; {sum(self.cpu.values()) / 1000:.1f} ms of CPU ({spent})"


def measure(ours: side.Side, folder: Path) -> list[Seen]:
    """Make customers in the suite, and look at them."""
    contacts, accounts = _furnish(ours)
    ours.settle()
    found = []
    for kind, ids in (("contacts", contacts), ("accounts", accounts), ("search", accounts)):
        file = write_requests(folder / f"overview-{kind}", list(_requests(ours, kind, ids)))
        play(Load(ours.port, file, seconds=WARM_SECONDS))
        processes = cost.trees(ours.pids)
        before = {name: cost.cpu(each) for name, each in processes.items()}
        tally = play(Load(ours.port, file, seconds=SECONDS))
        spent = {name: (cost.cpu(each) - before[name]) / len(tally.latencies) for name, each in processes.items()}
        found.append(Seen(kind, tally, spent))
    return found


def goals(seen: list[Seen]) -> list[Goal]:
    """An overview is there before somebody waits for it."""
    return [
        Goal(f"overview of {each.kind}, p50 at one connection", f"≤ {MOST_P50:.0f} ms", str(each), each.p50 <= MOST_P50)
        for each in seen
        if each.kind != "search"
    ]


def _requests(ours: side.Side, kind: str, ids: list[str]) -> Iterator[bytes]:
    assert ours.suite
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {ours.suite.api_key}\r\n\r\n"
    for id in random.Random(5).choices(ids, k=500):
        path = "/v1/search?q=custom" if kind == "search" else f"/v1/{kind}/{id}/overview"
        yield f"GET {path} HTTP/1.1\r\n{head}".encode()


def _furnish(ours: side.Side) -> tuple[list[str], list[str]]:
    """Ids of contacts and accounts that have something in every service."""
    assert ours.suite
    client = Client(ours.suite.url, ours.suite.api_key, seconds=60)

    def make(plural: str, noun: str, bodies: list[dict[str, Any]]) -> list[str]:
        made: list[str] = []
        for start in range(0, len(bodies), side.BATCH):
            items = [{noun: body} for body in bodies[start : start + side.BATCH]]
            answer = client.send("POST", f"/v1/{plural}:batchCreate", {"items": items})
            if answer.status != 200:
                raise SuiteFailed(f"{plural} were refused: {answer.status} {answer.content[:500]!r}")
            made += [result[noun]["id"] for result in answer.body["results"]]
        return made

    accounts = make("accounts", "account", [{"name": f"Customer {number}"} for number in range(CUSTOMERS)])
    people = [(account, number) for account in accounts for number in range(PEOPLE)]
    contacts = make("contacts", "contact", [
        {"given_name": "Ada", "family_name": f"Custom {number}", "account_id": account,
         "emails": [{"address": f"ada{number}@{account[4:]}.example"}]}
        for account, number in people
    ])  # fmt: skip
    parts = [(contact, account) for contact, (account, _) in zip(contacts, people, strict=True)]
    sales = make("opportunities", "opportunity", [
        {"name": f"Customs {number}", "account_id": account, "contacts": [{"contact_id": contact}],
         "amount": {"currency_code": "EUR", "units": str(number * 100 + 100)}}
        for contact, account in parts for number in range(SALES)
    ])  # fmt: skip
    for won in sales[:: SALES // 2]:
        client.send("POST", f"/v1/opportunities/{won}:win", {})
        client.send("POST", f"/v1/opportunities/{won}:placeOrder", {})
    make("tickets", "ticket", [
        {"subject": f"Custom question {number}", "requester_id": contact, "account_id": account}
        for contact, account in parts for number in range(TICKETS)
    ])  # fmt: skip
    return contacts, accounts


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder, side.kith(Path(folder) / "suite", 200) as ours:
        for each in measure(ours, Path(folder)):
            print(f"{each.kind}: {each}")


if __name__ == "__main__":
    sys.exit(main())
