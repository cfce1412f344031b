"""The gateway in this process, in front of a stand-in for all services."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.gateway.app import create
from services.gateway.settings import GatewaySettings
from tests.gateway.cast import KEY, PRIVATE_KEY, authenticate
from tests.gateway.standin import StandIn, serving

_numbers = count()
Make = Callable[..., Flask]


@pytest.fixture(scope="session")
def services() -> Iterator[tuple[StandIn, Make]]:
    """The stand-in, and what makes gateways in front of it: all services are there unless a test says otherwise."""
    stand_in, made = StandIn(), []
    with serving(stand_in) as target:

        def make(**keywords: Any) -> Flask:
            targets = {f"{name}_target": target for name in ("identity", "contacts", "sales", "support", "campaigns")}
            app = create(GatewaySettings(**({"principal_private_key": PRIVATE_KEY} | targets | keywords)))
            made.append(app)
            return app

        yield stand_in, make
        for app in made:
            app.extensions["channels"].close()


@pytest.fixture(scope="session")
def usual(services: tuple[StandIn, Make]) -> Flask:
    """A gateway with the usual settings."""
    return services[1]()


@pytest.fixture
def stand_in(services: tuple[StandIn, Make]) -> StandIn:
    """The stand-in, which has forgotten the tests before."""
    services[0].forget()
    services[0].says["Authenticate"] = authenticate
    return services[0]


@pytest.fixture
def a_gateway(services: tuple[StandIn, Make], stand_in: StandIn) -> Callable[..., FlaskClient]:
    """Makes clients of gateways with settings of a test's own."""
    return lambda **keywords: services[1](**keywords).test_client()


@pytest.fixture
def gateway(usual: Flask, stand_in: StandIn) -> FlaskClient:
    """A client that sends a key of Ada's that no test before has sent, so that nothing is remembered of it."""
    client = usual.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {KEY}_{next(_numbers)}"
    return client
