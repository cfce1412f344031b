"""What the experiment is in the suite: contacts, a campaign that is over, and a result for each contact."""

from tests.journeys.hillstrom.files import Row
from tests.journeys.imports import Named, Record, money

SYSTEM = "hillstrom"
CURRENCY = "USD"
ARMS = {"Mens E-Mail": "mens", "Womens E-Mail": "womens", "No E-Mail": "none"}

# The file says neither when nor from where it was sent; the challenge was set in March 2008.
CAMPAIGN: Record = {
    "name": "MineThatData E-Mail Test", "topic": "news", "from_address": "news@hillstrom.example", "status": "COMPLETED",
    "start_time": "2008-03-01T09:00:00Z", "end_time": "2008-03-15T09:00:00Z",
    "arms": [{"key": "mens"}, {"key": "womens"}, {"key": "none", "hold_out": True}],
    "external_ids": [{"system": SYSTEM, "id": "2008"}],
}  # fmt: skip


def contact(row: Row) -> Record:
    """Somebody of whom the file knows what was bought, and where; nobody can be written to."""
    zone = {"Surburban": "suburban"}.get(row["zip_code"], row["zip_code"].lower())
    bought = [what for what in ("mens", "womens") if row[what] == "1"]
    new = ["newbie"] if row["newbie"] == "1" else []
    return {
        "given_name": "Customer", "family_name": row["number"], "tags": [zone, row["channel"].lower(), *bought, *new],
        "external_ids": [{"system": SYSTEM, "id": row["number"]}],
    }  # fmt: skip


def result(row: Row) -> Record:
    """What came of it for one of them."""
    told: Record = {
        "client_ref": row["number"], "contact_id": Named("contacts", row["number"]), "arm": ARMS[row["segment"]],
        "visited": row["visit"] == "1", "converted": row["conversion"] == "1",
    }  # fmt: skip
    if float(row["spend"]):
        told["spent"] = [money(row["spend"], CURRENCY)]
    return told
