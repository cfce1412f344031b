"""The figures of the year, three times: as GET /v1/reports/orders says them, as counted from the orders read back over REST
where no report has them, and as counted from the file.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

from tests.journeys.imports import Figures, Loaded, amount_of
from tests.journeys.online_retail.files import Files
from tests.journeys.online_retail.records import CURRENCY, SYSTEM
from tests.rest import Client

TODAY = date(2011, 12, 10)  # of recency
OFTEN = 400  # joint invoices that make a pair worth telling of

MINE = {"field": "external_ids.system", "op": "eq", "value": SYSTEM}
_KIND = {"field": "kind", "op": "eq", "value": "SALE"}
_PRICED = {"any": [{"field": f"total.{part}", "op": "gt", "value": 0} for part in ("units", "nanos")]}
_CUSTOMER = {"field": "account_id", "op": "exists", "value": True}
SALES = {"all": [MINE, _KIND, _PRICED]}
CUSTOMERS = {"all": [MINE, _KIND, _PRICED, _CUSTOMER]}

Customer = tuple[str, int, Decimal]  # the day of the last invoice, how many, what they are worth


def reported(client: Client, loaded: Loaded) -> Figures:
    """What the order report says."""
    figures = {"everything: net": amount_of(_report(client, MINE)["total"]["amount"], CURRENCY)}
    sales = _report(client, SALES)["total"]
    figures |= _counted("sales", sales["sale_count"], amount_of(sales["sold_amount"], CURRENCY))
    months = _report(client, CUSTOMERS, "month")
    for row in months["rows"]:
        figures[f"month {row['group'][0]['value']}: amount"] = amount_of(row["sold_amount"], CURRENCY)
    total = months["total"]
    figures |= _counted("with customer", total["sale_count"], amount_of(total["sold_amount"], CURRENCY))
    names = loaded.named("accounts")
    customers = {
        names[row["group"][0]["value"]]:
        (row["last_order_date"], row["sale_count"], amount_of(row["sold_amount"], CURRENCY))
        for row in _report(client, CUSTOMERS, "account")["rows"]
    }  # fmt: skip
    return figures | of_customers(customers)


def read_back(client: Client, loaded: Loaded) -> Figures:
    """What is counted from the orders as REST shows them: lines, and goods that stand on one invoice."""
    codes = loaded.named("products")
    baskets, rows, of_customers = [], 0, 0
    asked = {"filter": SALES, "fields": ["account_id", "lines"], "page_size": 200, "order_by": ["id"]}
    for order in client.pages("/v1/orders", "orders", **asked):
        lines = [line for line in order["lines"] if line["quantity"] > 0 and amount_of([line["unit_price"]], CURRENCY)]
        rows += len(lines)
        of_customers += len(lines) if order.get("account_id") else 0
        baskets.append({codes[line["product_id"]] for line in lines})
    return {"sales: rows": Decimal(rows), "with customer: rows": Decimal(of_customers)} | pairs(baskets)


def counted(files: Files) -> Figures:
    """The same, from the file."""
    sales = [invoice for invoice in files.invoices if invoice.sale]
    known = [invoice for invoice in sales if invoice.customer]
    figures = {"everything: net": sum((invoice.amount for invoice in files.invoices), Decimal(0))}
    for name, invoices in (("sales", sales), ("with customer", known)):
        amount = sum((invoice.amount for invoice in invoices), Decimal(0))
        figures |= _counted(name, len(invoices), amount)
        lines = (line for invoice in invoices for line in invoice.lines)
        figures[f"{name}: rows"] = Decimal(sum(line.sale for line in lines))
    customers: dict[str, Customer] = {}
    months: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in known:
        last, count, amount = customers.get(invoice.customer, ("", 0, Decimal(0)))
        customers[invoice.customer] = max(last, invoice.time[:10]), count + 1, amount + invoice.amount
        months[f"month {invoice.time[:7]}: amount"] += invoice.amount
    baskets = [{line.code for line in invoice.lines if line.sale} for invoice in sales]
    return figures | months | of_customers(customers) | pairs(baskets)


def of_customers(customers: dict[str, Customer]) -> Figures:
    """How often customers came back, who bought most, and the quartiles of recency, frequency and monetary value."""
    repeated = sum(count > 1 for _, count, _ in customers.values())
    invoices = sum(count for _, count, _ in customers.values())
    figures = {
        "with customer: customers": Decimal(len(customers)),
        "customers with two or more invoices": Decimal(repeated),
        "repeat rate": Decimal(repeated) / len(customers),
        "mean invoices per customer": Decimal(invoices) / len(customers),
    }
    for name, (_, count, amount) in customers.items():
        figures |= {f"customer {name}: amount": amount, f"customer {name}: invoices": Decimal(count)}
    recency = {name: Decimal((TODAY - date.fromisoformat(day)).days) for name, (day, _, _) in customers.items()}
    cuts: dict[str, list[Decimal]] = {}
    for name, values in (
        ("recency", recency.values()),
        ("frequency", [Decimal(count) for _, count, _ in customers.values()]),
        ("monetary", [amount for _, _, amount in customers.values()]),
    ):
        cuts[name] = quartiles(values)
        figures |= {f"{name}: quartile {place}": cut for place, cut in enumerate(cuts[name], start=1)}
    best = [
        name for name, (_, count, amount) in customers.items()
        if recency[name] <= cuts["recency"][0] and count > cuts["frequency"][2] and amount > cuts["monetary"][2]
    ]  # fmt: skip
    return figures | {"best by recency, frequency and monetary value": Decimal(len(best))}


def quartiles(values: Iterable[Decimal]) -> list[Decimal]:
    """The three quartiles, between the two nearest values where they fall between (as pandas and Excel's INC do)."""
    ordered = sorted(values)
    found = []
    for quarter in (1, 2, 3):
        place, rest = divmod((len(ordered) - 1) * quarter, 4)
        step = (ordered[min(place + 1, len(ordered) - 1)] - ordered[place]) * rest / 4
        found.append(ordered[place] + step)
    return found


def pairs(baskets: list[set[str]]) -> Figures:
    """How many pairs of goods stand together on OFTEN invoices or more, and how much oftener than by chance."""
    single = Counter(code for basket in baskets for code in basket)
    often = {code for code, count in single.items() if count >= OFTEN}
    joint = Counter(pair for basket in baskets for pair in combinations(sorted(basket & often), 2))
    found = {pair: count for pair, count in joint.items() if count >= OFTEN}
    figures = {f"pairs on {OFTEN} invoices": Decimal(len(found))}
    for (one, other), count in found.items():
        lift = Decimal(count) * len(baskets) / (single[one] * single[other])
        figures |= {f"pair {one}+{other}: joint": Decimal(count), f"pair {one}+{other}: lift": lift}
    return figures


def _report(client: Client, of: dict[str, Any], *by: str) -> Any:
    return client.get("/v1/reports/orders", group_by=list(by), filter=of).body


def _counted(name: str, invoices: int, amount: Decimal) -> Figures:
    return {f"{name}: invoices": Decimal(invoices), f"{name}: amount": amount}
