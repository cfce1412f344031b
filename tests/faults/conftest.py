"""One suite for all faults: each test leaves it as whole as it found it, which is what is tested."""

from collections.abc import Iterator

import pytest

from tests.campaigns import sink as sinks
from tests.checks.verdict import UNLIMITED
from tests.faults.traffic import Traffic
from tests.suite import Suite, running

CONNECTIONS = 4


@pytest.fixture(scope="module")
def sink() -> Iterator[sinks.Sink]:
    """Takes the mails, and stands outside of the suite, so that no fault reaches what it has seen."""
    with sinks.running(sinks.Sink(seconds=0.01)) as sink:
        yield sink


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, sink: sinks.Sink) -> Iterator[Suite]:
    mail = {"KITH_SMTP_URL": f"smtp://127.0.0.1:{sink.port}", "KITH_SMTP_CONNECTIONS": CONNECTIONS}
    with running(tmp_path_factory.mktemp("suite"), **UNLIMITED, **mail) as suite:
        yield suite


@pytest.fixture(scope="module")
def traffic(suite: Suite, sink: sinks.Sink) -> Traffic:
    traffic = Traffic(suite, sink, people=40)
    traffic.prepare()
    return traffic
