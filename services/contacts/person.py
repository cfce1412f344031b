"""A person as a request about personal data names it: by a contact, deleted or not, by an e-mail address, or by both."""

from typing import Any

from chassis import Forbidden, Invalid, Noun, Scope, principal
from services.contacts.channels import normal_address, same_mailbox
from services.contacts.contact import Contact

Row = dict[str, Any]


def demand_everybody(noun: type[Noun]) -> None:
    """Refuse with Forbidden whoever may not do so for everybody: other services know no owners of contacts."""
    permission = noun.about().permission("write")
    if principal().demand(permission) is not Scope.ALL:
        raise Forbidden(permission=f"{permission} for everybody")


def found(asked: Any, noun: str, action: str) -> list[Row]:
    """The stored contacts that the person is, of those that the caller may do `action` with. Refused with Invalid, NotFound."""
    if not (asked.contact_id or asked.email):
        raise Invalid.field(f"{noun}.email", "is required where there is no contact_id")
    seen, records = Contact.visible(action), Contact._get_collection()
    named: dict[str, Row] = {}
    if asked.contact_id:
        row = records.find_one({"_id": asked.contact_id, **seen})
        if row is None:
            raise Contact.missing(asked.contact_id)
        named[row["_id"]] = row
    if asked.email:
        address = normal_address(asked.email)
        alike = records.find({"emails.address": {"$in": [address, address.lower()]}, **seen})
        named |= {
            row["_id"]: row for row in alike if any(same_mailbox(address, each["address"]) for each in row["emails"])
        }
    return list(named.values())


def ids_of(rows: list[Row]) -> list[str]:
    """The ids by which the person is known: of its contacts, and of those that were merged into them."""
    return list(dict.fromkeys(id for row in rows for id in (row["_id"], *row.get("merged_ids", ()))))


def emails_of(rows: list[Row], email: str = "") -> list[str]:
    """The person's e-mail addresses."""
    return sorted({each["address"] for row in rows for each in row.get("emails", ())} | ({email} if email else set()))


def phones_of(rows: list[Row]) -> list[str]:
    """The person's telephone numbers."""
    return sorted({each["number"] for row in rows for each in row.get("phones", ())})


def shared(emails: list[str], phones: list[str], ids: list[str]) -> set[str]:
    """Those of the person's addresses and numbers that other contacts have, too: a switchboard's number names nobody."""
    others: Row = {"tenant_id": principal().tenant_id, "_id": {"$nin": ids}}
    rows = Contact._get_collection()
    with_email = rows.distinct("emails.address", {**others, "emails.address": {"$in": emails}})
    with_phone = rows.distinct("phones.number", {**others, "phones.number": {"$in": phones}})
    return {*emails, *phones} & {*with_email, *with_phone}
