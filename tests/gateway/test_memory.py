"""What an overview shows of a service that went away: the answer of before, with its time, to the same caller only."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from chassis.refusals import NotFound, Refused
from services.gateway.composed.memory import MOST_BYTES, Memory, Remembered
from tests.gateway.cast import ALL, KEY, a_principal, authenticate
from tests.gateway.overviews import CON, MINE, PATH, Doors, blocks_of, connected, states
from tests.gateway.standin import StandIn, refuse
from tests.openapi import conforms


def test_a_service_that_went_away_is_remembered_with_its_time(doors: Doors, a_gateway: Any) -> None:
    client = a_gateway(**doors.targets)
    before = connected(client)["tickets"]
    doors.close("support")
    after = conforms(client.get(PATH, headers=MINE)).json["tickets"]
    assert (after["state"], after["answer"]) == ("STALE", before["answer"])
    assert after["as_of"] == before["as_of"]
    assert after["problem"]["service"] == "support"
    again = client.get(PATH, headers=MINE).json["tickets"]
    assert again["as_of"] == before["as_of"]  # what is remembered does not grow younger


def test_what_is_remembered_of_a_contact_serves_what_follows_from_it(doors: Doors, a_gateway: Any) -> None:
    client = a_gateway(**doors.targets)
    connected(client)
    doors.close("contacts")
    answer = conforms(client.get(PATH, headers=MINE))
    assert {name for name, state in states(answer).items() if state == "STALE"} == blocks_of("contacts")


def test_nothing_is_remembered_where_that_is_not_wanted(doors: Doors, a_gateway: Any) -> None:
    client = a_gateway(**doors.targets, remembered_seconds=0)
    connected(client)
    doors.close("support")
    assert client.get(PATH, headers=MINE).json["tickets"]["state"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    "other",
    [{"user_id": "usr_eve"}, {"tenant_id": "ten_2"}, {"grants": ALL | {"sales.*.*": "own"}}],
    ids=["user", "tenant", "grants"],
)
def test_nobody_is_shown_what_another_caller_was_shown(
    doors: Doors, a_gateway: Any, stand_in: StandIn, other: Any
) -> None:
    client = a_gateway(**doors.targets)
    connected(client)
    stand_in.says["Authenticate"] = lambda asked: (
        a_principal(**other) if asked.api_key.endswith("_other") else authenticate(asked)
    )
    doors.close("support")
    mine = client.get(PATH, headers=MINE).json
    theirs = client.get(PATH, headers={"Authorization": f"Bearer {KEY}_other"}).json
    assert (mine["tickets"]["state"], theirs["tickets"]["state"]) == ("STALE", "UNAVAILABLE")


def test_a_record_that_is_gone_is_not_remembered(doors: Doors, a_gateway: Any, customer: StandIn) -> None:
    client = a_gateway(**doors.targets)
    connected(client)
    customer.says["GetContact"] = refuse(NotFound(noun="contact", id=CON))
    assert client.get(PATH, headers=MINE).status_code == 404
    doors.close("contacts")
    assert client.get(PATH, headers=MINE).json["contact"]["state"] == "UNAVAILABLE"


def test_a_refusal_is_not_papered_over_with_what_is_remembered(gateway: FlaskClient, customer: StandIn) -> None:
    gateway.get(PATH)
    customer.says["ListOrders"] = refuse(Refused())
    assert gateway.get(PATH).json["orders"]["state"] == "UNAVAILABLE"


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    memory = Memory(60, most_bytes=10_000)
    for number in range(100):
        memory.keep((b"ada", PATH, str(number)), {"a": Remembered(b"x" * 500, "", memory.clock())})
        assert memory.bytes <= 10_000
    assert memory.recall((b"ada", PATH, "99"))
    assert not memory.recall((b"ada", PATH, "0"))
    memory.keep((b"ada", PATH, "99"), {"a": Remembered(b"x" * (MOST_BYTES + 1), "", memory.clock())})
    assert not memory.recall((b"ada", PATH, "99"))  # what is too large is not kept, and what it replaces neither
    for number in range(100):
        memory.keep((b"ada", PATH, str(number)), {})
    assert memory.bytes == 0


def test_memory_fades() -> None:
    second = [0.0]
    memory = Memory(60, clock=lambda: second[0])
    key = (b"ada", PATH, CON)
    memory.keep(key, {"a": Remembered(b"{}", "", 0.0), "b": Remembered(b"{}", "", 30.0)})
    second[0] = 60.5
    assert list(memory.recall(key)) == ["b"]
