"""SIGKILL of any process under load: it comes back, what was acknowledged is there, and everything happened once."""

import time

import pytest

from deploy.local import table
from tests.faults.conftest import CONNECTIONS
from tests.faults.oracle import eventually, looking
from tests.faults.storm import KILL, Storm, Strike
from tests.faults.traffic import Traffic
from tests.rest import Client
from tests.suite import Suite

VICTIMS = ("mongod", "nats-server", *(program.name for program in (*table.SERVICES, table.GATEWAY)))
FIRST, SECOND, AFTER = 1.0, 4.0, 1.5  # seconds: of the first and the second kill under load, and of load after it


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_kill_loses_nothing_and_doubles_nothing(suite: Suite, traffic: Traffic, victim: str) -> None:
    storm, begun, restarts = Storm(suite), len(traffic.diary.writes), suite.restarts()
    with traffic.flowing():
        storm.break_loose([Strike(FIRST, victim, KILL), Strike(SECOND, victim, KILL)])
        time.sleep(AFTER)
    writes = traffic.diary.writes[begun:]
    assert any(write.path.endswith(":convert") for write in writes), "no story was told to its end"
    with Client(suite.url, suite.api_key) as api:
        traffic.diary.repeat(api, writes)
    assert not traffic.diary.faults
    eventually(lambda: _started_again(suite, restarts | {victim: restarts[victim] + 2}))
    traffic.wait_drained(storm.deaths)
    findings = traffic.findings()
    assert not findings.faults
    # Two kills each of the sender and of its database, in all tests of this suite together.
    assert len(findings.unknown["campaigns"]) <= 4 * CONNECTIONS
    assert len(findings.unknown["support"]) <= 4
    with looking(suite) as oracle:
        assert oracle.dead_letters() == 0


def _started_again(suite: Suite, restarts: dict[str, int]) -> None:
    assert suite.restarts() == restarts
