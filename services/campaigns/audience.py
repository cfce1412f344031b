"""The audience: one row per contact, made of what the other services tell, in the shape that segments ask about.

Facts may come in any order: a sale can be heard of before the contact is, so a row is `present` only once contacts told of the
person. What a person bought is counted anew from the known sales whenever one of them changes, so that telling it twice or
late gives the same figures.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from crm.campaigns.v1 import audience_pb2
from crm.contacts.v1 import channels_pb2, contact_pb2
from pymongo.collection import Collection

from chassis import (
    BooleanField,
    DictField,
    ListField,
    NotFound,
    Projection,
    StringField,
    listing,
    merging,
    mirror,
    principal,
)
from services.campaigns import keyring
from services.campaigns.money import sums

Row = dict[str, Any]

FIELDS = listing.catalogue(audience_pb2.AudienceMember.DESCRIPTOR)
SHOWN = frozenset(field.name for field in audience_pb2.AudienceMember.DESCRIPTOR.fields) - {"id", "etag"}
# What contacts knows of an address that nothing may be sent to.
_UNWANTED = (channels_pb2.EmailAddress.BOUNCED, channels_pb2.EmailAddress.OPTED_OUT)
FOUND = ("needed_categories", "needed_product_ids", "preferences")  # what needs and preferences say
# What is forgotten when a contact goes; what it bought and was sent stays countable should it come back.
_PERSONAL = (
    "given_name", "family_name", "display_name", "email", "email_domain", "account_id", "account_name", "industry",
    "job_title", "language_code", "time_zone", "country_code", "birth_date", "tags", "owner_id", "address_key",
)  # fmt: skip


class AudienceMember(Projection):
    """A contact, as far as campaigns need it."""

    meta = {"collection": "audience_members"}
    indexed = (("segment_ids",), ("present",), ("account_id",), ("address_key",))
    following = (
        merging.Reference("audience_members", "account_id", along=("account_name", "industry"), revised=False),
    )
    awaited = ("address_key",)

    @classmethod
    def rows(cls) -> Collection[Row]:
        """The stored rows."""
        return cls._get_collection()

    @classmethod
    def present(cls) -> Row:
        """The query of the tenant's audience."""
        return {"tenant_id": principal().tenant_id, "present": True}

    @classmethod
    def row(cls, contact_id: str) -> Row:
        """The stored row of a contact. Refused with NotFound."""
        found = cls.rows().find_one({"_id": contact_id, **cls.present()})
        if found is None:
            raise NotFound(noun="contact", id=contact_id)
        return found

    @classmethod
    def along(cls, id: str) -> Row:
        """Name and line of business of an account."""
        account = Account.copied(id)
        return {"account_name": account.get("name"), "industry": account.get("industry")}

    @classmethod
    def hear(cls, contact: contact_pb2.Contact, revision: int) -> bool:
        """Take over what contacts tells of a person; False when nothing of it is news."""
        return bool(cls.remember(contact.id, revision, present=True, **_told(contact), **cls.along(contact.account_id)))

    @classmethod
    def forget(cls, contact_id: str, revision: int) -> bool:
        """A contact was deleted: keep nothing that tells who it was; False when nothing of it is news."""
        gone: Row = dict.fromkeys(_PERSONAL)
        return bool(cls.remember(contact_id, revision, present=False, **gone))


class Account(Projection):
    """An account: its name and line of business stand with its people."""

    meta = {"collection": "known_accounts"}
    awaited = ("_id",)
    followed = ("name", "industry")
    name = StringField()
    industry = StringField()


class Sale(Projection):
    """An opportunity or an order, as far as it counts for people; `counts` is False where it was reopened or cancelled."""

    meta = {"collection": "known_sales"}
    indexed = (("contact_ids",),)
    following = (merging.Reference("known_sales", "contact_ids", revised=False),)
    contact_ids = ListField(StringField())
    counts = BooleanField()


class Finding(Projection):
    """A need or a preference of a contact; `said` is what it adds to the fields of the contact's row, nothing once it is over."""

    meta = {"collection": "known_findings"}
    indexed = (("contact_id",),)
    following = (merging.Reference("known_findings", "contact_id", revised=False),)
    contact_id = StringField()
    said = DictField()


def gather(contact_id: str) -> None:
    """Write what is known of a contact's needs and preferences into its row."""
    said: dict[str, set[str]] = {name: set() for name in FOUND}
    for finding in Finding.objects(contact_id=contact_id):
        for name, value in finding.said.items():
            said[name].add(value)
    AudienceMember.rows().update_one(
        {"_id": contact_id, "tenant_id": principal().tenant_id},
        {"$set": {name: sorted(values) for name, values in said.items()}, "$setOnInsert": {"revision": 0}},
        upsert=True,
    )


def count_sales(contact_ids: Iterable[str]) -> None:
    """Count wins and orders of these people from the sales that are known."""
    for contact_id in sorted(set(contact_ids) - {""}):
        AudienceMember.rows().update_one(
            {"_id": contact_id, "tenant_id": principal().tenant_id},
            {"$set": _figures(contact_id), "$setOnInsert": {"revision": 0}},
            upsert=True,
        )


def message(row: Row) -> audience_pb2.AudienceMember:
    """A stored row as clients see it."""
    return mirror.message(audience_pb2.AudienceMember, as_shown(row))


def as_shown(row: Row) -> Row:
    """A stored row without what only this service needs."""
    return {name: row[name] for name in row if name in SHOWN or name in ("_id", "revision")}


def page(request: Any, narrow: Row) -> audience_pb2.ListAudienceMembersResponse:
    """The page of members of `narrow` that a ListRequest asks for."""
    return listing.page(
        AudienceMember.rows(), audience_pb2.AudienceMember, request, narrow, audience_pb2.ListAudienceMembersResponse,
        as_wire=lambda row: mirror.as_wire(as_shown(row)), max_time_ms=5000,
    )  # fmt: skip


def _told(contact: contact_pb2.Contact) -> Row:
    email = next((each.address for each in contact.emails if each.primary and each.status not in _UNWANTED), "")
    told = {
        "create_time": _instant(contact.create_time),
        "email": email,
        "email_domain": email.rpartition("@")[2].lower(),
        "country_code": next((each.country_code for each in contact.addresses), ""),
        "tags": list(contact.tags),
        "address_key": keyring.address_key(email) if email else None,
    }
    same = ("given_name", "family_name", "display_name", "job_title", "language_code", "time_zone",
            "birth_date", "owner_id", "account_id")  # fmt: skip
    return told | {name: getattr(contact, name) for name in same}


def _figures(contact_id: str) -> Row:
    sales = list(Sale.objects(contact_ids=contact_id, counts=True).as_pymongo())
    wins = [sale for sale in sales if sale["kind"] == "win"]
    orders = [sale for sale in sales if sale["kind"] == "order"]
    days = sorted(sale["date"] for sale in orders if sale.get("date"))
    return {
        "won_count": len(wins),
        "last_win_date": max((sale.get("date") or "" for sale in wins), default=""),
        "order_count": len(orders),
        "spent": sums(sale["amount"] for sale in sales if sale["kind"] != "win" and sale.get("amount")),
        "first_order_date": days[0] if days else "",
        "last_order_date": days[-1] if days else "",
    }


def _instant(timestamp: Any) -> datetime:
    instant = timestamp.ToDatetime(tzinfo=UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
