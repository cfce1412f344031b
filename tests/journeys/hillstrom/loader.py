"""Brings the experiment in: the people, the campaign as it was when it was over, and what came of it for each."""

import time
from typing import Any

from tests.journeys.hillstrom.files import Row
from tests.journeys.hillstrom.records import CAMPAIGN, SYSTEM, contact, result
from tests.journeys.imports import Import, Loaded, Notes, Record, batches
from tests.rest import Client

_PATIENCE = 600  # seconds for campaigns to hear of everybody


def load(client: Client, rows: list[Row], notes: Notes) -> tuple[Loaded, dict[str, Any]]:
    """Bring everything in; what was done, and the campaign. Doing it again changes nothing."""
    coming = Import(client, notes)
    coming.bring_in("contacts", "contact", [contact(row) for row in rows])
    path = f"/v1/campaigns/by-external-id/{SYSTEM}/{CAMPAIGN['external_ids'][0]['id']}"
    campaign = client.put(path, CAMPAIGN).body
    began = time.monotonic()
    for batch in batches([result(row) for row in rows]):
        _tell(client, coming, campaign["id"], [coming.resolved(each) for each in batch], began + _PATIENCE)
    coming.loaded.seconds["results"] = time.monotonic() - began
    return coming.loaded, campaign


def _tell(client: Client, coming: Import, campaign: str, items: list[Record], until: float) -> None:
    """Tell results, and those again whose contact campaigns has not heard of yet."""
    while items:
        coming.loaded.requests["results"] += 1
        answer = client.post(f"/v1/campaigns/{campaign}:importResults", {"items": items})["results"]
        late = []
        for item, each in zip(items, answer, strict=True):
            error = each.get("error", {})
            if error.get("status") == 404 and time.monotonic() < until:
                late.append(item)
            elif error:
                coming.refuse("results", item["client_ref"], error.get("detail", str(error)))
            else:
                coming.loaded.outcomes["results"][each["outcome"]] += 1
                coming.loaded.ids["results"][item["client_ref"]] = each["delivery"]["id"]
        items = late
        if late:
            time.sleep(0.5)
