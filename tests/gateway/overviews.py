"""What tests of overviews look at, and service doors that close for real."""

from contextlib import ExitStack
from typing import Any

from flask.testing import FlaskClient

from services.gateway.composed.blocks import OVERVIEWS
from tests.eventually import eventually
from tests.gateway.cast import KEY
from tests.gateway.standin import StandIn, serving
from tests.openapi import conforms

CON, ACC = "con_01jd9x2m8q4v6n0t3s5w7y9z1b", "acc_01jd9x2m8q4v6n0t3s5w7y9z1b"
PATH = f"/v1/contacts/{CON}/overview"
MINE = {"Authorization": f"Bearer {KEY}"}
SERVICES = ("contacts", "sales", "support", "campaigns")


class Doors:
    """A door of its own for each service, which can be closed for real."""

    def __init__(self, stand_in: StandIn, stack: ExitStack) -> None:
        self._open = {}
        self.targets = {}
        for name in SERVICES:
            door = ExitStack()
            stack.enter_context(door)
            self._open[name] = door
            self.targets[f"{name}_target"] = door.enter_context(serving(stand_in))

    def close(self, service: str) -> None:
        """Stop the service's server."""
        self._open[service].close()


def states(answer: Any) -> dict[str, str]:
    return {name: block["state"] for name, block in answer.json.items()}


def blocks_of(service: str) -> set[str]:
    return {block.name for block in OVERVIEWS[0].blocks if block.rpc.service == service}


def connected(client: FlaskClient) -> Any:
    """The first overview that is whole: on a busy machine, connections may take longer than an overview waits."""

    def whole() -> Any:
        answer = conforms(client.get(PATH, headers=MINE))
        return answer.json if set(states(answer).values()) == {"FRESH"} else None

    return eventually(whole)
