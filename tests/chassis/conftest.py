"""A service for tests of the chassis, in this process, on real servers."""

from collections.abc import Callable, Iterator

import pytest

import tests.chassis.drill  # noqa: F401  makes the contract
from chassis.embedded import Servers
from chassis.principal import Principal
from chassis.testing import Caller, serving, somebody


@pytest.fixture(scope="module")
def drill(servers: Servers) -> Iterator[Callable[[Principal], Caller]]:
    """A function from principal to caller of the drill service, which does jobs and keeps files."""
    from crm.drill.v1 import service_pb2

    from chassis.files import FileSettings
    from tests.chassis.drill.rehearsal import COMPANIONS, Drill, Recording

    urls = servers.mongo_url("drill"), servers.nats_url("drill")
    with serving(
        service_pb2, Drill(), *urls, prepare=Recording.prepare, companions=COMPANIONS, settings=FileSettings,
        file_limit=50_000_000,
    ) as calling:  # fmt: skip
        yield calling


@pytest.fixture
def caller(drill: Callable[[Principal], Caller]) -> Caller:
    """Somebody with every permission in a tenant of its own."""
    return drill(somebody())
