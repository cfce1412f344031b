"""What is seen for the sake of whom it is about: whoever sees an account or a contact sees what is kept with it."""

from typing import Any

from chassis import Noun, principal
from services.contacts.account import Account
from services.contacts.contact import Contact


def of_customers(accounts: str, contacts: str, action: str = "read") -> list[dict[str, Any]]:
    """Queries of what names, in these stored fields, an account or a contact that the caller may do `action` with."""
    return [{accounts: {"$in": _ids(Account, action)}}, {contacts: {"$in": _ids(Contact, action)}}]


def may_write(noun: type[Noun], id: str | None) -> bool:
    """Whether the caller may change the account or the contact with this id."""
    if not id or principal().scope(noun.about().permission("write")) is None:
        return False
    return noun.objects(__raw__={"_id": id, "deleted_time": None, **noun.visible("write")}).first() is not None


def _ids(noun: type[Noun], action: str) -> list[str]:
    if principal().scope(noun.about().permission(action)) is None:
        return []
    return list(noun.objects(__raw__={"deleted_time": None, **noun.visible(action)}).scalar("id"))
