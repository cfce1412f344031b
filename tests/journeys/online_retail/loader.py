"""Brings the year in: goods and customers first, then what they bought."""

from tests.journeys.imports import Import, Loaded
from tests.journeys.online_retail import records
from tests.journeys.online_retail.files import Files
from tests.rest import Client


def load(client: Client, files: Files) -> Loaded:
    """Bring everything in. Doing it again changes nothing."""
    coming = Import(client, files.notes)
    coming.bring_in("products", "product", records.products(files))
    coming.bring_in("accounts", "account", records.accounts(files))
    coming.bring_in("contacts", "contact", records.contacts(files))
    coming.bring_in("orders", "order", records.orders(files))
    return coming.loaded
