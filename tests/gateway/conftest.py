"""The gateway in this process, in front of a stand-in for all services."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest
from crm.campaigns.v1 import audience_pb2, segment_pb2
from crm.common.v1 import money_pb2
from crm.contacts.v1 import account_pb2, contact_pb2, interaction_pb2
from crm.sales.v1 import opportunity_pb2, order_pb2, report_pb2
from crm.support.v1 import ticket_pb2
from flask import Flask
from flask.testing import FlaskClient

from services.gateway.app import create
from services.gateway.settings import GatewaySettings
from tests.gateway.cast import KEY, PRIVATE_KEY, a_principal, authenticate
from tests.gateway.overviews import ACC, CON, Doors
from tests.gateway.standin import StandIn, serving

_numbers = count()
Make = Callable[..., Flask]


class Reader(FlaskClient):
    """A client that reads every answer to its end and closes it, as servers do: what is left open keeps a place of a transfer."""

    def open(self, *args: Any, buffered: bool = True, **kwargs: Any) -> Any:
        return super().open(*args, buffered=buffered, **kwargs)


@pytest.fixture(scope="session")
def services() -> Iterator[tuple[StandIn, Make]]:
    """The stand-in, and what makes gateways in front of it: all services are there unless a test says otherwise."""
    stand_in, made = StandIn(), []
    with serving(stand_in) as target:

        def make(**keywords: Any) -> Flask:
            targets = {f"{name}_target": target for name in ("identity", "contacts", "sales", "support", "campaigns")}
            app = create(GatewaySettings(**({"principal_private_key": PRIVATE_KEY} | targets | keywords)))
            app.test_client_class = Reader
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


@pytest.fixture
def customer(stand_in: StandIn) -> StandIn:
    """Services that know a customer."""
    member = {"id": CON, "opted_in": ["news"], "segment_ids": ["seg_b", "seg_a"]}
    euro = money_pb2.Money(currency_code="EUR", units=7)
    stand_in.says |= {
        "GetContact": lambda _: contact_pb2.Contact(id=CON, display_name="Ada", account_id=ACC),
        "GetAccount": lambda asked: account_pb2.Account(id=asked.id, name="Lovelace"),
        "ListAudienceMembers": lambda _: audience_pb2.ListAudienceMembersResponse(audience_members=[member]),
        "ListContactTimeline": lambda _: interaction_pb2.ListInteractionsResponse(interactions=[{"title": "Called"}]),
        "ListOpportunities": lambda _: opportunity_pb2.ListOpportunitiesResponse(
            opportunities=[{"id": "opp_1", "name": "A pier", "description": "not asked for"}], total={"value": 1}
        ),
        "ReportPipeline": lambda _: report_pb2.PipelineReport(total={"open_amount": [euro], "won_amount": [euro]}),
        "ListTickets": lambda _: ticket_pb2.ListTicketsResponse(tickets=[{"subject": "Rust"}], total={"value": 3}),
        "ListOrders": lambda _: order_pb2.ListOrdersResponse(orders=[{"number": "ORD-1"}]),
        "ListSegments": lambda _: segment_pb2.ListSegmentsResponse(segments=[{"name": "Piers"}]),
    }
    return stand_in


@pytest.fixture
def a_role(stand_in: StandIn, gateway: FlaskClient) -> Callable[[dict[str, str]], FlaskClient]:
    """Makes the caller one with these grants."""

    def become(grants: dict[str, str]) -> FlaskClient:
        stand_in.says["Authenticate"] = lambda _: a_principal(grants=grants)
        return gateway

    return become


@pytest.fixture
def doors(customer: StandIn) -> Iterator[Doors]:
    with ExitStack() as stack:
        yield Doors(customer, stack)
