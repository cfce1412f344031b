"""Products: what we sell."""

from crm.common.v1 import money_pb2
from crm.sales.v1 import product_pb2

from chassis import BooleanField, Invalid, Noun, Part, StringField, Violation


class Product(Noun):
    """Something that we sell."""

    contract = product_pb2.Product
    meta = {"collection": "products"}
    searched = ("name", "code", "family")
    unique = ("code",)
    indexed = (("name",), ("family",))

    name = StringField()
    code = StringField()
    family = StringField()
    description = StringField()
    list_price = Part(money_pb2.Money)
    discontinued = BooleanField(default=False)

    def settle(self) -> None:
        """A price is never below zero."""
        price = self.list_price or {}
        if price.get("units", 0) < 0 or price.get("nanos", 0) < 0:
            raise Invalid([Violation("product.list_price", "is below zero")])
