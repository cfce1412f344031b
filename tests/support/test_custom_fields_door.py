"""Fields of a tenant's own on tickets."""

from crm.common.v1 import listing_pb2
from crm.support.v1 import ticket_pb2
from google.protobuf import json_format

from chassis.testing import Caller, somebody
from tests.builders.fields import define
from tests.builders.support import a_ticket_message
from tests.support.conftest import Town


def test_a_ticket_shows_its_own_fields_to_those_who_may_see_them(caller: Caller, town: Town) -> None:
    define(caller, "product", noun="ticket", index={"filters": True, "words": True})
    define(caller, "blame", noun="ticket", read_roles=["manager"])
    define(caller, "shout", noun="ticket", formula="concat(product, '!')")
    given = a_ticket_message(custom_fields={"product": "Rose bush", "blame": "the post"})
    ticket = caller.CreateTicket(ticket_pb2.CreateTicketRequest(ticket=given))
    shown = {"product": "Rose bush", "shout": "Rose bush!"}
    assert json_format.MessageToDict(ticket.custom_fields) == {**shown, "blame": "the post"}
    agent = town.calling_as(somebody(caller.whom.tenant_id, grants={"support.*.*": "all"}, roles=("support_agent",)))
    assigned = agent.AssignTicket(ticket_pb2.AssignTicketRequest(id=ticket.id))
    assert json_format.MessageToDict(assigned.custom_fields) == shown
    [found] = agent.ListTickets(listing_pb2.ListRequest(query="rose")).tickets
    assert json_format.MessageToDict(found.custom_fields) == shown
