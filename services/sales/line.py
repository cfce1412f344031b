"""Lines: products in an opportunity or an order, with quantity and price."""

from collections.abc import Iterable
from typing import Any

from chassis import Invalid, lookup
from services.sales.product import Product

Line = dict[str, Any]

_BILLION = 1_000_000_000


def name_the_products(lines: list[Line], known: Iterable[Line] = ()) -> None:
    """Give each line its product's name and a quantity. Refused with Invalid for a product that cannot be sold.

    `known` are lines that were there before: a product that was discontinued since may stay in them.
    """
    products = lookup(Product, {line["product_id"] for line in lines})
    kept = {line["product_id"] for line in known}
    for index, line in enumerate(lines):
        product = products.get(line["product_id"])
        if product is None and line["product_id"] not in kept:
            raise Invalid.field(f"opportunity.lines[{index}].product_id", "names no product")
        if product is not None:
            if product.get("discontinued") and line["product_id"] not in kept:
                raise Invalid.field(f"opportunity.lines[{index}].product_id", "is no longer sold")
            line["product_name"] = product["name"]
        line["quantity"] = line.get("quantity") or 1


def priced(lines: list[Line]) -> list[Line]:
    """The lines, each with a price: its own, else the product's list price, else none."""
    products = lookup(Product, {line["product_id"] for line in lines if not line.get("unit_price")})
    return [{**_list_price(products.get(line["product_id"], {})), **line} for line in lines]


def total(lines: list[Line]) -> dict[str, Any] | None:
    """The sum of the priced lines, which share one currency; None when none has a price."""
    prices = [(line["unit_price"], line.get("quantity") or 1) for line in lines if line.get("unit_price")]
    if not prices:
        return None
    billionths = sum((price.get("units", 0) * _BILLION + price.get("nanos", 0)) * count for price, count in prices)
    return money(prices[0][0]["currency_code"], billionths)


def money(currency_code: str, billionths: int) -> dict[str, Any]:
    """A Money of so many billionths of a unit; units and nanos have one sign."""
    sign = -1 if billionths < 0 else 1
    units, nanos = divmod(abs(billionths), _BILLION)
    return {"currency_code": currency_code, "units": sign * units, "nanos": sign * nanos}


def _list_price(product: dict[str, Any]) -> Line:
    return {"unit_price": product["list_price"]} if product.get("list_price") else {}
