"""A real experiment: 64,000 customers, two mails and a hold-out (Kevin Hillstrom, 2008), and the report that is known of it.

The data lies beside the project; without it the test is skipped.
"""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from crm.campaigns.v1 import campaign_pb2

from chassis import new_id, now
from services.campaigns import ledger
from tests.campaigns.conftest import Marketing

FILE = Path(__file__).resolve().parents[3] / "shared/data/hillstrom-email/hillstrom.csv"
ARMS = {"Mens E-Mail": "mens", "Womens E-Mail": "womens", "No E-Mail": "none"}


def people() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def response(contact_id: str, row: dict[str, str]) -> Any:
    units, _, cents = row["spend"].partition(".")
    spent = {"currency_code": "USD", "units": int(units), "nanos": int(cents.ljust(9, "0") or 0)}
    given: dict[str, Any] = {"contact_id": contact_id, "converted": row["conversion"] == "1"}
    return campaign_pb2.RecordResponsesRequest.Response(**given, **({"spent": spent} if float(row["spend"]) else {}))


@pytest.mark.skipif(not FILE.is_file(), reason="the data is not beside the project")
def test_the_report_of_the_hillstrom_experiment_is_the_known_one(marketing: Marketing) -> None:
    arms = [{"key": "mens"}, {"key": "womens"}, {"key": "none", "hold_out": True}]
    campaign = marketing.campaign(marketing.segment(), arms=arms)
    rows = [(new_id("con"), row) for row in people()]
    lines = [
        ledger.line(
            marketing.caller.whom.tenant_id, campaign.id, contact_id, now(), arm=ARMS[row["segment"]],
            state=ledger.HELD_OUT if row["segment"] == "No E-Mail" else ledger.ACCEPTED,
        )
        for contact_id, row in rows
    ]  # fmt: skip
    ledger.lines().insert_many(lines)  # the experiment was sent in 2008
    visits = [response(contact_id, row) for contact_id, row in rows if row["visit"] == "1"]
    for at in range(0, len(visits), 200):
        asked = campaign_pb2.RecordResponsesRequest(id=campaign.id, responses=visits[at : at + 200])
        assert marketing.caller.RecordResponses(asked).recorded_count == len(visits[at : at + 200])
    found = marketing.report(campaign)
    figures = {each.arm: each for each in found.arms}
    known = {"mens": (21307, 3894, 267), "womens": (21387, 3238, 189), "none": (21306, 2262, 122)}
    assert {arm: (each.recipients, each.visited, each.converted) for arm, each in figures.items()} == known
    spent = {arm: f"{each.spent[0].units}.{each.spent[0].nanos // 10**7:02d}" for arm, each in figures.items()}
    assert spent == {"mens": "30311.69", "womens": "23038.11", "none": "13908.33"}
    assert Counter(each.measure for each in found.comparisons) == {"visited": 2, "converted": 2}
    mens = next(each for each in found.comparisons if (each.arm, each.measure) == ("mens", "visited"))
    assert [round(value, 5) for value in (mens.difference, mens.lower, mens.upper)] == [0.07659, 0.06995, 0.08323]
    assert (round(mens.lift, 3), round(mens.z, 2)) == (0.721, 22.49)
    bought = next(each for each in found.comparisons if (each.arm, each.measure) == ("mens", "converted"))
    assert (round(bought.difference, 6), round(bought.lift, 3), round(bought.z, 2)) == (0.006805, 1.188, 7.39)
