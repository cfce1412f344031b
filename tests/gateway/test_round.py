"""How many calls it takes to ask several services, and who answers them."""

from typing import Any

import pytest
from crm.sales.v1 import order_pb2
from flask.testing import FlaskClient

from chassis.refusals import Forbidden, NotFound
from services.gateway.composed.blocks import OVERVIEWS
from services.gateway.composed.kinds import KINDS
from tests.gateway.standin import StandIn
from tests.openapi import conforms

CON = "con_01jd9x2m8q4v6n0t3s5w7y9z1b"
PATH = "/v1/accounts/acc_01jd9x2m8q4v6n0t3s5w7y9z1b/overview"


def refuse(_: object) -> None:
    raise Forbidden(permission="sales.order.read")


def test_what_campaigns_knows_of_a_contact_is_asked_at_once(gateway: FlaskClient, stand_in: StandIn) -> None:
    conforms(gateway.get(f"/v1/contacts/{CON}/overview"))
    at_once = ["ListAudienceMemberConsents", "ListAudienceMemberDeliveries", "ListAudienceMembers"]
    assert at_once in [sorted(each) for each in stand_in.together]


def test_a_service_is_asked_once_for_all_blocks(gateway: FlaskClient, stand_in: StandIn) -> None:
    conforms(gateway.get(PATH))
    services = {block.rpc.service for block in OVERVIEWS[1].blocks if not block.after}
    several = [sorted(each) for each in stand_in.together]
    assert ["ListOpportunities", "ListOrders", "ReportPipeline"] in several
    assert ["ListTickets", "ListTickets"] in several
    assert len(several) < len(services)  # campaigns is asked for one thing, and that as everybody asks


@pytest.mark.parametrize(("block", "records"), [("mails", "deliveries"), ("consents", "consents")])
def test_what_campaigns_has_not_heard_of_is_empty(
    gateway: FlaskClient, stand_in: StandIn, block: str, records: str
) -> None:
    def unheard(asked: Any) -> None:
        raise NotFound(noun="contact", id=asked.id)

    [rpc] = [each.rpc_name for each in OVERVIEWS[0].blocks if each.name == block]
    stand_in.says[rpc] = unheard
    shown = conforms(gateway.get(f"/v1/contacts/{CON}/overview")).json[block]
    assert (shown["state"], shown["answer"][records]) == ("FRESH", [])


def test_the_record_itself_is_read_first(gateway: FlaskClient, stand_in: StandIn) -> None:
    gateway.get(PATH)
    assert next(each for each in stand_in.together if "GetAccount" in each)[0] == "GetAccount"


def test_a_search_asks_each_service_once(gateway: FlaskClient, stand_in: StandIn) -> None:
    answer = conforms(gateway.get("/v1/search?q=pier"))
    assert {name for each in stand_in.together for name in each} == {
        kind.rpc_name for kind in KINDS if kind.rpc.service != "support"
    }
    assert len(stand_in.together) == 3
    assert stand_in.asked_for(answer) - {"Authenticate"} == {kind.rpc_name for kind in KINDS}


@pytest.mark.parametrize("new", [True, False], ids=["this version", "the version before"])
def test_services_of_both_versions_answer_the_same(gateway: FlaskClient, stand_in: StandIn, new: bool) -> None:
    stand_in.new = new
    stand_in.says["ListOrders"] = lambda _: order_pb2.ListOrdersResponse(orders=[{"number": "ORD-1"}])
    answer = conforms(gateway.get(PATH)).json
    assert answer["orders"]["answer"]["orders"][0]["number"] == "ORD-1"
    assert {block["state"] for block in answer.values()} == {"FRESH"}
    assert bool(stand_in.together) is new


@pytest.mark.parametrize("new", [True, False], ids=["this version", "the version before"])
def test_a_refusal_of_one_block_leaves_the_others_of_its_service(
    gateway: FlaskClient, stand_in: StandIn, new: bool
) -> None:
    stand_in.new, stand_in.says["ListOrders"] = new, refuse
    answer = conforms(gateway.get(PATH)).json
    assert answer["orders"]["problem"]["permission"] == "sales.order.read"
    assert answer["open_opportunities"]["state"] == answer["pipeline"]["state"] == "FRESH"
