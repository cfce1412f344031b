"""Lines: products in an opportunity or an order, with quantity and price."""

from collections.abc import Iterable
from typing import Any

from chassis import Invalid, Violation, lookup
from services.sales.product import Product

Line = dict[str, Any]

_BILLION = 1_000_000_000


def name_the_products(noun: str, lines: list[Line], known: Iterable[Line] = ()) -> None:
    """Give each line of a `noun` its product's name and a quantity. Refused with Invalid for what is no product.

    `known` are lines that were there before: a product that was deleted since may stay in them.
    """
    products = lookup(Product, {line["product_id"] for line in lines})
    kept = {line["product_id"] for line in known}
    for index, line in enumerate(lines):
        product = products.get(line["product_id"])
        if product is None and line["product_id"] not in kept:
            raise Invalid.field(f"{noun}.lines[{index}].product_id", "names no product")
        if product is not None:
            line["product_name"] = product["name"]
        line["quantity"] = line.get("quantity") or 1


def demand_sold(noun: str, lines: list[Line], known: Iterable[Line] = ()) -> None:
    """Refused with Invalid for a product that is no longer sold, unless it was in the `known` lines before."""
    products = lookup(Product, {line["product_id"] for line in lines})
    kept = {line["product_id"] for line in known}
    for index, line in enumerate(lines):
        if products.get(line["product_id"], {}).get("discontinued") and line["product_id"] not in kept:
            raise Invalid.field(f"{noun}.lines[{index}].product_id", "is no longer sold")


def demand_quantities(noun: str, lines: list[Line], sign: int = 1) -> None:
    """Refused with Invalid for a line whose quantity does not have this sign."""
    wrong = [index for index, line in enumerate(lines) if line["quantity"] * sign < 0]
    if wrong:
        side = "below" if sign > 0 else "above"
        raise Invalid(Violation(f"{noun}.lines[{index}].quantity", f"is {side} zero") for index in wrong)


def demand_one_currency(noun: str, lines: list[Line], amount: dict[str, Any] | None = None) -> None:
    """Refused with Invalid where prices, and the amount where there is one, are in several currencies."""
    currencies = {price["currency_code"] for line in lines if (price := line.get("unit_price"))}
    if amount:
        currencies.add(amount["currency_code"])
    if len(currencies) > 1:
        raise Invalid.field(f"{noun}.lines", f"mix the currencies {', '.join(sorted(currencies))}")


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
