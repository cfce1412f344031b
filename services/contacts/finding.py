"""Needs and preferences: what we found out about a customer, with where we know it from and how long it holds."""

from crm.contacts.v1 import need_pb2, preference_pb2

from chassis import IntField, Invalid, StringField
from services.contacts.of_customer import OfCustomer


class Finding(OfCustomer):
    """Something that we know of a customer, and how we know it."""

    meta = {"abstract": True}

    source = StringField()
    record_id = StringField()
    confidence = IntField()
    valid_until = StringField()
    description = StringField()

    def settle(self) -> None:
        """Told over the API and sure, unless it is said otherwise."""
        super().settle()
        self.source = self.source or "api"
        self.confidence = 100 if self.confidence is None else self.confidence


class Need(Finding):
    """What a customer wants of us, now or later."""

    contract = need_pb2.Need
    meta = {"collection": "needs"}
    searched = ("category", "description")
    indexed = (("contact_id",), ("account_id",), ("product_id",), ("category",))

    product_id = StringField()
    category = StringField()
    strength = StringField()
    horizon = StringField()

    def settle(self) -> None:
        """Something is wanted: a product, or products of a kind."""
        super().settle()
        self.strength, self.horizon = self.strength or "MEDIUM", self.horizon or "NOW"
        if not (self.product_id or self.category):
            raise Invalid.field("need.category", "is required where there is no product_id")


class Preference(Finding):
    """What a customer likes."""

    contract = preference_pb2.Preference
    meta = {"collection": "preferences"}
    searched = ("key", "value", "description")
    indexed = (("contact_id",), ("account_id",), ("key", "value"))

    key = StringField()
    value = StringField()
