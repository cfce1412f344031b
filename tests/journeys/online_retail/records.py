"""What the invoices are in the suite: the bodies of the API, with names instead of ids where records refer to records."""

import pycountry

from tests.journeys.imports import Named, Record, money
from tests.journeys.online_retail.files import Files, Invoice, Line

SYSTEM = "online-retail"
CURRENCY = "GBP"

# What the file calls countries in its own way.
_COUNTRIES = {"EIRE": "IE", "RSA": "ZA"}


def products(files: Files) -> list[Record]:
    """The goods, by the name that they have most often, at the price that they have most often."""
    return [_product(code, files) for code in files.names]


def accounts(files: Files) -> list[Record]:
    """The customers: the file knows their numbers and countries."""
    return [_account(customer, country, files) for customer, country in files.countries.items()]


def contacts(files: Files) -> list[Record]:
    """Somebody at each customer who buys, for segments are of people."""
    return [
        {"given_name": "Buyer", "family_name": customer, "account_id": Named("accounts", customer)} | _named(customer)
        for customer in files.countries
    ]


def orders(files: Files) -> list[Record]:
    """The invoices as orders, the credit notes as credits, each at its own time."""
    return [_order(invoice) for invoice in files.orders]


def _product(code: str, files: Files) -> Record:
    [(name, _)] = files.names[code].most_common(1) or [(code, 0)]
    record: Record = {"name": name, "code": code}
    if files.prices[code]:
        record["list_price"] = money(files.prices[code].most_common(1)[0][0], CURRENCY)
    return record | _named(code)


def _account(customer: str, country: str, files: Files) -> Record:
    record: Record = {"name": f"Customer {customer}"}
    try:
        code = _COUNTRIES.get(country) or pycountry.countries.lookup(country).alpha_2
        record["addresses"] = [{"type": "office", "country_code": code}]
    except LookupError:
        files.notes.left_out[f"country: {country!r} is none of ISO 3166"].append(customer)
    return record | _named(customer)


def _order(invoice: Invoice) -> Record:
    credit = invoice.number.startswith("C") or invoice.amount < 0
    record: Record = {
        "kind": "CREDIT" if credit else "SALE",
        "place_time": f"{invoice.time}Z",  # the file says no zone
        "lines": [_line(line) for line in invoice.lines],
    }
    if invoice.customer:
        record["account_id"] = Named("accounts", invoice.customer)
        record["contact_ids"] = [Named("contacts", invoice.customer)]
    return record | _named(invoice.number)


def _line(line: Line) -> Record:
    sign = -1 if line.price < 0 else 1
    return {
        "product_id": Named("products", line.code),
        "quantity": sign * line.quantity,
        "unit_price": money(sign * line.price, CURRENCY),
    }


def _named(name: str) -> Record:
    return {"external_ids": [{"system": SYSTEM, "id": name}]}
