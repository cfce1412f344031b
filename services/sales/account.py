"""What sales remembers of the accounts of contacts: their names, so that lists show them without a call."""

from typing import Any

from chassis import Projection, StringField, merging


class Account(Projection):
    """An account, as far as sales needs it."""

    meta = {"collection": "known_accounts"}
    awaited = ("_id",)
    followed = ("name",)
    name = StringField()


def sell_to(noun: Any, account_id: str | None) -> None:
    """Let an opportunity or an order be sold to an account, or to its survivor until they are parted."""
    told, notes = merging.arrived((following(noun._meta["collection"]),), noun.id, _named(account_id), _named)
    merging.keep(notes)
    noun.account_id, noun.account_name = told["account_id"], told["account_name"]


def following(collection: str) -> merging.Reference:
    """How what was sold to an account follows it."""
    return merging.Reference(collection, "account_id", along=("account_name",))


def _named(account_id: str | None) -> dict[str, str | None]:
    return {"account_id": account_id or None, "account_name": Account.copied(account_id).get("name") or None}
