"""Purchases: what customers bought, as sales tells it, and the figures that accounts and contacts show of it."""

from functools import partial
from typing import Any, Self

from crm.common.v1 import money_pb2
from crm.contacts.v1 import purchase_pb2
from crm.sales.v1 import order_pb2

from chassis import BooleanField, ListField, Noun, Part, Parts, Scope, StringField, merging, mirror, principal
from services.contacts.account import Account
from services.contacts.channels import without_repeats
from services.contacts.contact import Contact
from services.contacts.figures import SALE, follow
from services.contacts.sight import of_customers

Row = dict[str, Any]
_FOLLOWING = [each for each in (*Account.children, *Contact.children) if each.collection == "purchases"]


class Purchase(Noun):
    """What a customer bought with one order, or gave back. Its revision is the order's."""

    contract = purchase_pb2.Purchase
    meta = {"collection": "purchases"}
    searched = ("number", "items.product_name")
    unique = ("order_id",)
    indexed = (
        ("account_id", "order_date"),
        ("contact_ids", "order_date"),
        ("order_date",),
        ("items.product_id",),
        ("rep_id",),
    )

    order_id = StringField()
    number = StringField()
    kind = StringField()
    account_id = StringField()
    contact_ids = ListField(StringField())
    rep_id = StringField()
    order_date = StringField()
    items = Parts(purchase_pb2.Purchase.Item)
    total = Part(money_pb2.Money)
    special_instructions = StringField()
    payment_state = StringField()
    cancelled = BooleanField()

    @classmethod
    def visible(cls, action: str = "read") -> Row:
        """Below the scope all, the purchases of accounts and contacts that the caller may see."""
        query = super().visible(action)
        if principal().scope(cls.about().permission(action)) is Scope.ALL:
            return query
        return {**query, "$or": of_customers("account_id", "contact_ids")}

    @classmethod
    def hear(cls, order: order_pb2.Order, revision: int, people: list[str]) -> None:
        """Know the order as of `revision`, unless a newer one is known, and let its customers' figures follow."""
        before = cls._get_collection().find_one({"tenant_id": principal().tenant_id, "order_id": order.id})
        if before is not None and before["revision"] >= revision:
            return
        told = cls._told(order, revision, people, before)._row()
        after, notes = merging.arrived(_FOLLOWING, told["_id"], told)
        merging.keep(notes)
        # Written whole, for what sales told is kept even where nothing that shows has changed: its revision has.
        cls._get_collection().replace_one({"_id": after["_id"], "tenant_id": after["tenant_id"]}, after, upsert=True)
        for noun, field in ((Account, "account_id"), (Contact, "contact_ids")):
            _let_follow(noun, field, before, after)

    @classmethod
    def days_of(cls, field: str, id: str) -> tuple[str, str]:
        """The first and the last day on which a customer bought, empty where nothing stands."""
        sales = {"tenant_id": principal().tenant_id, field: id, "kind": SALE, "cancelled": False}
        ends = (cls._get_collection().find_one(sales, sort=[("order_date", way)]) for way in (1, -1))
        first, last = ((row or {}).get("order_date", "") for row in ends)
        return first, last

    @classmethod
    def _told(cls, order: order_pb2.Order, revision: int, people: list[str], before: Row | None) -> Self:
        told = mirror.stored(order)
        purchase = cls.fresh(
            (before or {}).get("_id", ""), order_id=order.id, number=order.number, kind=told.get("kind", SALE),
            account_id=order.account_id or None, contact_ids=without_repeats(people),
            rep_id=order.owner_id or None,
            order_date=order.order_date or None, items=told.get("lines", []), total=told.get("total"),
            special_instructions=order.description or None, payment_state=told.get("payment_state"),
            cancelled=order.status == order_pb2.Order.CANCELLED,
        )  # fmt: skip
        purchase.revision = revision
        purchase.create_time = (before or {}).get("create_time", purchase.create_time)
        return purchase


def _let_follow(noun: type[Account | Contact], field: str, before: Row | None, after: Row) -> None:
    # Figures are no revision of the record: what was bought is told by the order's own events.
    records, customers = noun._get_collection(), {id for row in (before, after) for id in _named(row, field)}
    known = records.find({"_id": {"$in": sorted(customers)}, "tenant_id": principal().tenant_id}, {"purchases": 1})
    for row in list(known):
        id = row["_id"]
        was, now = (each if id in _named(each, field) else None for each in (before, after))
        figures = follow(row.get("purchases", {}), was, now, partial(Purchase.days_of, field, id))
        records.update_one({"_id": id}, {"$set": {"purchases": figures}})


def _named(purchase: Row | None, field: str) -> list[str]:
    held = (purchase or {}).get(field) or []
    return [held] if isinstance(held, str) else held
