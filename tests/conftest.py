"""What every test may ask for: real servers, started once per session."""

from collections.abc import Iterator

import hypothesis
import pytest

from chassis.embedded import Servers, running

# Properties hold however busy the machine is; `timeout` in pyproject.toml ends what hangs.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

# The last one is for tests of a service that never had a stream.
SERVICES = ("identity", "contacts", "sales", "support", "campaigns", "senders", "streamless", "drill")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """mongod and nats-server on free ports: `servers.mongo_url("sales")`, `servers.nats_url("sales")`."""
    with running(tmp_path_factory.mktemp("servers"), SERVICES) as both:
        yield both
