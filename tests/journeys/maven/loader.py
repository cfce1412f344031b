"""Brings the company in, what is referred to first."""

from tests.journeys.imports import Import, Loaded
from tests.journeys.maven import records
from tests.journeys.maven.files import Files
from tests.rest import Client


def load(client: Client, files: Files) -> Loaded:
    """Bring everything in. Doing it again changes nothing."""
    coming = Import(client, files.notes)
    coming.bring_in("teams", "team", records.teams(files))
    coming.bring_in("users", "user", records.managers(files))
    coming.bring_in("users", "user", records.agents(files))
    coming.bring_in("products", "product", records.products(files))
    coming.bring_in("accounts", "account", records.accounts(files))
    coming.bring_in("opportunities", "opportunity", records.opportunities(files))
    return coming.loaded
