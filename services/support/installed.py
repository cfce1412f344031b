"""What support remembers of the assets and service contracts of customers, so that a ticket says what they are entitled to."""

from typing import Any

from chassis import BooleanField, DictField, ListField, Projection, StringField, merging, principal
from services.support.entitlement import Row, claim

DEEPEST = 10  # levels of an asset and its parts, as contacts keeps them
CUSTOMER = ("account_id", "contact_id")


class Asset(Projection):
    """A thing that a customer has; `gone` where it was deleted."""

    meta = {"collection": "known_assets"}
    indexed = (("account_id",), ("contact_id",))
    following = tuple(merging.Reference("known_assets", whose, revised=False) for whose in CUSTOMER)
    account_id = StringField()
    contact_id = StringField()
    install_date = StringField()
    warranty_until = StringField()
    parent_id = StringField()
    gone = BooleanField()


class ServiceContract(Projection):
    """What a customer is entitled to, for which assets and how long; `gone` where it was deleted."""

    meta = {"collection": "known_service_contracts"}
    indexed = (("account_id",), ("contact_id",))
    following = tuple(merging.Reference("known_service_contracts", whose, revised=False) for whose in CUSTOMER)
    name = StringField()
    account_id = StringField()
    contact_id = StringField()
    asset_ids = ListField(StringField())
    entitlements = ListField(DictField())
    start_date = StringField()
    end_date = StringField()
    gone = BooleanField()


def entitled(account_id: str | None, contact_id: str | None, asset_id: str | None, day: str) -> Row | None:
    """The stored Claim of a customer on a day; None while the customer is not known."""
    whom = [{name: id} for name, id in (("account_id", account_id), ("contact_id", contact_id)) if id]
    if not whom:
        return None
    mine = {"tenant_id": principal().tenant_id, "gone": False}
    contracts = ServiceContract._get_collection().find({**mine, "$or": whom})
    return claim(contracts, _lineage(asset_id, {**mine, "$or": whom}), day)


def _lineage(asset_id: str | None, mine: dict[str, Any]) -> list[Row]:
    # Another customer's asset is none: its warranty is that customer's.
    found: list[Row] = []
    while asset_id and len(found) < DEEPEST:
        row = Asset._get_collection().find_one({"_id": asset_id, **mine})
        if row is None:
            break
        found.append(row)
        asset_id = row.get("parent_id")
    return found
