"""A helpdesk of 8,469 tickets comes in over the public API in batches, twice, and its figures are the file's."""

import csv
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

DATA = (
    Path(__file__).resolve().parents[2].parent / "shared" / "data" / "support-tickets" / "customer_support_tickets.csv"
)
SYSTEM = "helpdesk"
STATUS = {"Open": "OPEN", "Pending Customer Response": "PENDING", "Closed": "CLOSED"}
PRIORITY = {"Low": "LOW", "Medium": "NORMAL", "High": "HIGH", "Critical": "URGENT"}
CHANNEL = {"Email": "EMAIL", "Phone": "PHONE", "Chat": "CHAT", "Social media": "SOCIAL"}

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(not DATA.exists(), reason=f"the tickets are not at {DATA}"),
    pytest.mark.timeout(300),
]


def ticket(row: dict[str, str]) -> dict[str, Any]:
    """A row of the file as the API takes it."""
    answered, solved = moment(row["First Response Time"]), moment(row["Time to Resolution"])
    closed = row["Ticket Status"] == "Closed"
    # In this file many were resolved before they were answered; each instant is kept as it is said.
    told = {
        "external_ids": [{"system": SYSTEM, "id": row["Ticket ID"]}],
        "subject": row["Ticket Subject"], "description": row["Ticket Description"][:10_000], "resolution": row["Resolution"],
        "status": STATUS[row["Ticket Status"]], "priority": PRIORITY[row["Ticket Priority"]],
        "channel": CHANNEL[row["Ticket Channel"]], "type": row["Ticket Type"].lower().replace(" ", "_"),
        "requester_email": row["Customer Email"], "requester_name": row["Customer Name"],
        "first_public_reply_time": answered, "solved_time": solved if closed else "", "closed_time": solved if closed else "",
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def moment(text: str) -> str:
    """An instant of the file, which says no zone: UTC."""
    return f"{datetime.fromisoformat(text).isoformat()}Z" if text else ""


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    """The rows of the file."""
    with DATA.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def outcomes(company: Any, rows: list[dict[str, str]]) -> list[Counter[str]]:
    """What two runs did."""
    runs = []
    for _ in range(2):
        done: Counter[str] = Counter()
        for begin in range(0, len(rows), 200):
            items = [{"client_ref": row["Ticket ID"], "ticket": ticket(row)} for row in rows[begin : begin + 200]]
            answer = company.administrator.post("/v1/tickets:batchUpsert", {"items": items})
            done.update(each.get("outcome") or str(each.get("error")) for each in answer.body["results"])
        runs.append(done)
    return runs


def test_every_ticket_comes_in_once(outcomes: list[Counter[str]], rows: list[dict[str, str]]) -> None:
    assert outcomes == [Counter(CREATED=len(rows)), Counter(UNCHANGED=len(rows))]


@pytest.mark.parametrize("status", ["OPEN", "PENDING", "CLOSED"])
def test_the_figures_are_the_files(company: Any, outcomes: Any, rows: list[dict[str, str]], status: str) -> None:
    listed = company.administrator.get(f"/v1/tickets?status={status}&page_size=1&with_total=true").body
    assert listed["total"]["value"] == sum(STATUS[row["Ticket Status"]] == status for row in rows)
