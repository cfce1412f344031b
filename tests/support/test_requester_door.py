"""Who asks on a ticket: a contact that support knows, or hears of later."""

from collections.abc import Callable

import pytest
from crm.contacts.v1 import events_pb2 as contacts

from chassis import new_id
from chassis.principal import Principal, acting_as
from chassis.testing import Caller, somebody
from services.support import ticket as tickets_noun
from tests.beside import run_beside
from tests.builders.support import ADA, EVE, a_ticket_message
from tests.support.conftest import events_of, got, opened
from tests.support.hearing import hear

Door = Callable[[Principal], Caller]


def test_the_contact_is_found_at_once_or_later(caller: Caller) -> None:
    ticket = opened(caller, requester_email="Ada@Rose-Thorn.example")
    assert (ticket.requester_id, ticket.requester_email) == ("", ADA)
    contact, account = new_id("con"), new_id("acc")
    known = {"id": contact, "display_name": "Ada Thorn", "account_id": account, "emails": [{"address": ADA}]}
    hear(caller, contacts.ContactCreated(contact=known), contact)
    later = got(caller, ticket.id)
    assert (later.requester_id, later.account_id) == (contact, account)
    at_once = opened(caller)
    assert (at_once.requester_id, at_once.requester_name) == (contact, "Ada Thorn")
    by_id = opened(caller, requester_email="", requester_id=contact)
    assert by_id.requester_email == ADA
    hear(caller, contacts.ContactDeleted(contact=known), contact, revision=2)
    assert opened(caller).requester_id == ""
    hear(caller, contacts.ContactUpdated(contact=known), contact, revision=1)
    assert opened(caller).requester_id == "", "an older fact changes nothing"


def test_a_contact_that_is_told_of_later_says_what_the_ticket_that_names_it_does_not(caller: Caller) -> None:
    contact, account = new_id("con"), new_id("acc")
    ticket = opened(caller, requester_email="", requester_id=contact)
    assert (ticket.requester_name, ticket.account_id) == ("", "")
    known = {"id": contact, "display_name": "Ada Thorn", "account_id": account, "emails": [{"address": ADA}]}
    hear(caller, contacts.ContactCreated(contact=known), contact)
    later = got(caller, ticket.id)
    assert (later.requester_name, later.requester_email, later.account_id) == ("Ada Thorn", ADA, account)
    assert events_of(ticket.id) == ["TicketOpened", "TicketUpdated"]
    known |= {"account_id": new_id("acc")}
    hear(caller, contacts.ContactUpdated(contact=known), contact, revision=2)
    assert got(caller, ticket.id) == later, "whoever changes jobs has asked for the account of that day"


@pytest.mark.parametrize("asked", ["requester_id", "requester_email"])
def test_a_contact_that_is_told_of_while_its_ticket_is_made_is_found(caller: Caller, asked: str) -> None:
    contact = new_id("con")
    given = {"requester_email": "", "requester_id": ""} | {asked: contact if asked == "requester_id" else ADA}
    known = {"id": contact, "display_name": "Ada Thorn", "emails": [{"address": ADA}]}
    with acting_as(caller.whom):
        id = run_beside(
            lambda: tickets_noun.Ticket.create(a_ticket_message(**given)).id,
            lambda: hear(caller, contacts.ContactCreated(contact=known), contact),
        )
    found = got(caller, id)
    assert (found.requester_id, found.requester_name, found.requester_email) == (contact, "Ada Thorn", ADA)


def test_a_contact_of_one_tenant_is_nobody_in_another(door: Door, caller: Caller) -> None:
    contact = new_id("con")
    hear(caller, contacts.ContactCreated(contact={"id": contact, "emails": [{"address": EVE}]}), contact)
    assert opened(door(somebody()), requester_email=EVE).requester_id == ""
