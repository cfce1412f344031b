"""The door of sales, in this process, on real servers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crm.sales.v1 import service_pb2

from chassis.principal import Principal
from chassis.testing import Caller, serving, somebody
from services.sales import reactions  # noqa: F401  registers them
from services.sales.account import Account
from services.sales.service import Sales
from services.sales.user import Team, User


@pytest.fixture(scope="package")
def door(servers: Any) -> Iterator[Callable[[Principal], Caller]]:
    urls = servers.mongo_url("sales"), servers.nats_url("sales")
    with serving(service_pb2, Sales(), *urls, projections=(Account, User, Team)) as calling_as:
        yield calling_as


@pytest.fixture
def sales(door: Callable[[Principal], Caller]) -> Caller:
    """Sales, called by an administrator of a tenant that nobody else has."""
    return door(somebody())
