"""One suite for all faults: each test leaves it as whole as it found it, which is what is tested."""

from collections.abc import Iterator

import pytest

from tests.suite import Suite, running


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    limits = {"KITH_USER_REQUESTS_PER_MINUTE": 0, "KITH_TENANT_REQUESTS_PER_MINUTE": 0}
    with running(tmp_path_factory.mktemp("suite"), **limits) as suite:
        yield suite
