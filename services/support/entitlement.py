"""What a customer is entitled to on a day: by a service contract, else by a warranty. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

Row = dict[str, Any]

NONE, WARRANTY, CONTRACT = "NONE", "WARRANTY", "CONTRACT"
_NEVER = 1 << 30  # minutes: what promises nothing comes last


def claim(contracts: Iterable[Row], assets: Sequence[Row], day: str) -> Row:
    """The stored Claim of a customer: `contracts` are the customer's, `assets` the one that is asked about, after it what it is a
    part of, from the inside out; empty where none is named.

    Of several contracts that hold, the one that promises the soonest answer; of those, the oldest.
    """
    named = {asset["_id"] for asset in assets}
    holding = [each for each in contracts if _covers(each, named) and _holds(each, day)]
    if holding:
        best = min(holding, key=lambda each: (_soonest(each), each["_id"]))
        found = {
            "ground": CONTRACT, "contract_id": best["_id"], "contract_name": best.get("name"),
            "entitlements": best.get("entitlements"), "end_date": best.get("end_date"),
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}
    warranted = next((asset for asset in assets if asset.get("warranty_until")), None)
    if warranted and (warranted.get("install_date") or "") <= day <= warranted["warranty_until"]:
        return {"ground": WARRANTY, "end_date": warranted["warranty_until"]}
    return {"ground": NONE}


def _covers(contract: Row, named: set[str]) -> bool:
    # A contract for certain assets says nothing of a request that names none.
    covered = contract.get("asset_ids")
    return not covered or not named.isdisjoint(covered)


def _holds(contract: Row, day: str) -> bool:
    end = contract.get("end_date")
    return bool(contract["start_date"] <= day and (not end or day <= end))


def _soonest(contract: Row) -> int:
    promised = [each.get("response_minutes") for each in contract.get("entitlements") or ()]
    return min((minutes for minutes in promised if minutes), default=_NEVER)
