"""What journeys ask for: the running suite, its operator, companies of their own, and words for waiting and refusing."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.journeys.company import Company
from tests.rest import Client
from tests.suite import Suite, running


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """The whole suite as real processes, started once. Journeys sign in more often than people do."""
    with running(tmp_path_factory.mktemp("suite") / "run", KITH_SIGN_INS_PER_ADDRESS=0) as suite:
        yield suite


@pytest.fixture(scope="session")
def operator(suite: Suite) -> Iterator[Client]:
    """The administrator of the first tenant, who may make others."""
    with suite.client(suite.api_key) as client:
        yield client


@pytest.fixture(scope="module")
def a_company(suite: Suite, operator: Client) -> Iterator[Callable[[], Company]]:
    """Founds companies; each is a tenant that nobody else works in."""
    with contextlib.ExitStack() as clients:
        yield lambda: Company(suite, operator, clients)


@pytest.fixture(scope="module")
def company(a_company: Callable[[], Company]) -> Company:
    """One company for the tests of a module."""
    return a_company()
