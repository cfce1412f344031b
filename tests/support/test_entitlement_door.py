"""A ticket shows what its customer is entitled to, from what contacts told."""

from datetime import UTC, datetime
from typing import Any

import pytest
from crm.contacts.v1 import events_pb2 as contacts
from crm.support.v1 import ticket_pb2

from chassis import Person, acting_as, new_id, now, of_service, transaction
from chassis.testing import Caller
from services.support import claims
from services.support.forgetting import forget
from services.support.ticket import Ticket
from tests.beside import run_beside
from tests.builders.support import ADA, a_mail, a_ticket_message
from tests.eventually import eventually
from tests.refused import violations
from tests.support.conftest import Town, events_of, got, opened, read, tickets
from tests.support.hearing import hear

Claim = ticket_pb2.Ticket.Claim


def ada(caller: Caller) -> str:
    """The contact of the caller's tenant."""
    return caller.whom.tenant_id.replace("ten_", "con_")


def nursery(caller: Caller) -> str:
    """The account of the caller's tenant."""
    return caller.whom.tenant_id.replace("ten_", "acc_")


def an_asset(caller: Caller, *, revision: int = 1, gone: bool = False, **fields: Any) -> str:
    told = {"id": new_id("ast"), "name": "Mower", "contact_id": ada(caller), "warranty_until": "2099-12-31"} | fields
    event = contacts.AssetDeleted if gone else contacts.AssetCreated
    told |= {"deleted_time": now()} if gone else {}
    hear(caller, event(asset=told), told["id"], revision)
    return told["id"]


def a_contract(caller: Caller, **fields: Any) -> str:
    told = {
        "id": new_id("svc"), "name": "Gold", "contact_id": ada(caller), "start_date": "2026-01-01",
        "entitlements": [{"key": "phone", "response_minutes": 60}],
    } | fields  # fmt: skip
    hear(caller, contacts.ServiceContractCreated(service_contract=told), told["id"])
    return told["id"]


def a_contact(caller: Caller) -> None:
    told = {"id": ada(caller), "display_name": "Ada Thorn", "emails": [{"address": ADA}]}
    hear(caller, contacts.ContactCreated(contact=told), ada(caller))


def claimed(caller: Caller, ticket: ticket_pb2.Ticket) -> str:
    """The service contract that the ticket shows."""
    return got(caller, ticket.id).entitlement.contract_id


def test_a_ticket_is_made_with_the_contract_of_who_asks(caller: Caller) -> None:
    a_contact(caller)
    service = a_contract(caller, end_date="2099-12-31")
    found = opened(caller).entitlement
    assert (found.ground, found.contract_id, found.contract_name) == (Claim.CONTRACT, service, "Gold")
    assert (found.end_date, found.entitlements[0].response_minutes) == ("2099-12-31", 60)


def test_a_contract_of_the_account_is_for_everybody_who_works_there(caller: Caller) -> None:
    a_contract(caller, contact_id="", account_id=nursery(caller))
    assert opened(caller, account_id=nursery(caller)).entitlement.ground == Claim.CONTRACT
    assert opened(caller, account_id=new_id("acc")).entitlement.ground == Claim.NONE


def test_a_warranty_is_claimed_where_the_ticket_names_the_asset(caller: Caller) -> None:
    mower = an_asset(caller)
    blade = an_asset(caller, parent_id=mower, warranty_until="")
    ticket = opened(caller, requester_id=ada(caller))
    assert ticket.entitlement.ground == Claim.NONE
    asked = ticket_pb2.UpdateTicketRequest(
        ticket={"id": ticket.id, "asset_id": blade}, update_mask={"paths": ["asset_id"]}
    )
    assert caller.UpdateTicket(asked).entitlement.ground == Claim.WARRANTY


def test_another_customers_asset_warrants_nothing(caller: Caller) -> None:
    mower = an_asset(caller)
    assert opened(caller, requester_id=new_id("con"), asset_id=mower).entitlement.ground == Claim.NONE


def test_what_was_deleted_or_told_late_entitles_to_nothing(caller: Caller) -> None:
    mower = an_asset(caller, revision=2, gone=True)
    an_asset(caller, id=mower)  # its creation, heard after its end
    assert opened(caller, requester_id=ada(caller), asset_id=mower).entitlement.ground == Claim.NONE


def test_history_shows_what_held_then(caller: Caller) -> None:
    a_contract(caller, end_date="2026-03-31")
    asked = opened(caller, requester_id=ada(caller), open_time=datetime(2026, 3, 31, 12, tzinfo=UTC))
    assert asked.entitlement.ground == Claim.CONTRACT
    assert (
        opened(caller, requester_id=ada(caller), open_time=datetime(2026, 4, 1, 12, tzinfo=UTC)).entitlement.ground
        == Claim.NONE
    )


def test_who_becomes_known_later_is_entitled_then(caller: Caller) -> None:
    ticket = opened(caller)
    assert not ticket.HasField("entitlement")
    a_contract(caller)
    a_contact(caller)
    assert got(caller, ticket.id).entitlement.ground == Claim.CONTRACT


def test_a_contract_that_is_entered_late_reaches_the_tickets_that_are_not_closed(caller: Caller) -> None:
    a_contact(caller)
    asked, mailed = opened(caller, requester_id=ada(caller)), opened(caller)
    closed = opened(caller, requester_id=ada(caller), status="CLOSED")
    other = opened(caller, requester_id=new_id("con"))
    early = opened(caller, requester_id=ada(caller), open_time=datetime(2025, 12, 31, tzinfo=UTC))
    service = a_contract(caller)
    assert eventually(lambda: claimed(caller, asked) == claimed(caller, mailed) == service)
    assert events_of(asked.id) == ["TicketOpened", "TicketUpdated"]
    assert [got(caller, each.id) for each in (closed, other, early)] == [closed, other, early]


def test_a_claim_follows_what_is_corrected_as_of_the_day_on_which_it_was_asked(caller: Caller) -> None:
    ticket = opened(caller, requester_id=ada(caller), open_time=datetime(2026, 3, 1, tzinfo=UTC))
    service = a_contract(caller)
    eventually(lambda: claimed(caller, ticket) == service)
    told = {"id": service, "contact_id": ada(caller), "start_date": "2026-03-02", "name": "Gold"}
    hear(caller, contacts.ServiceContractUpdated(service_contract=told), service, 2)
    eventually(lambda: got(caller, ticket.id).entitlement.ground == Claim.NONE)
    told["start_date"] = "2026-03-01"
    hear(caller, contacts.ServiceContractUpdated(service_contract=told), service, 3)
    eventually(lambda: claimed(caller, ticket) == service)
    told["deleted_time"] = now()
    hear(caller, contacts.ServiceContractDeleted(service_contract=told), service, 4)
    eventually(lambda: got(caller, ticket.id).entitlement.ground == Claim.NONE)


def test_a_warranty_that_is_entered_late_reaches_the_ticket_about_a_part(caller: Caller) -> None:
    mower = an_asset(caller, warranty_until="")
    ticket = opened(caller, requester_id=ada(caller), asset_id=an_asset(caller, parent_id=mower, warranty_until=""))
    an_asset(caller, id=mower, revision=2)
    eventually(lambda: got(caller, ticket.id).entitlement.ground == Claim.WARRANTY)


def test_very_many_tickets_are_gone_through_some_at_a_time(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_AT_ONCE", 2)
    made = [opened(caller, requester_id=new_id("con"), account_id=nursery(caller)) for _ in range(5)]
    service = a_contract(caller, contact_id="", account_id=nursery(caller))
    eventually(lambda: {claimed(caller, each) for each in made} == {service})
    mine = {"tenant_id": caller.whom.tenant_id}
    eventually(lambda: transaction.database()["claims_due"].count_documents(mine) == 0)


def test_a_contract_that_is_told_of_while_a_ticket_is_made_reaches_it(caller: Caller) -> None:
    with acting_as(caller.whom):
        id = run_beside(
            lambda: Ticket.create(a_ticket_message(requester_id=ada(caller))).id, lambda: a_contract(caller)
        )
    assert got(caller, id).entitlement.ground == Claim.CONTRACT


def test_nobody_says_what_a_ticket_is_entitled_to(caller: Caller) -> None:
    said = {"ground": "CONTRACT", "contract_id": new_id("svc")}
    assert list(violations(opened, caller, entitlement=said)) == ["ticket.entitlement"]


def test_a_mail_opens_a_ticket_with_the_claim_of_who_wrote_it(town: Town, caller: Caller, mailbox: Any) -> None:
    a_contact(caller)
    a_contract(caller)
    town.hand_in(a_mail(to=mailbox.address), mailbox.address, sender=ADA)
    read(caller, 1)
    [ticket] = tickets(caller)
    assert ticket.entitlement.ground == Claim.CONTRACT


def test_who_is_forgotten_has_nothing_here_any_more(caller: Caller) -> None:
    alone, shared = an_asset(caller), an_asset(caller, account_id=nursery(caller))
    a_contract(caller)
    tenant = caller.whom.tenant_id
    with acting_as(of_service("support", tenant)):
        transaction.run(lambda: forget(Person((ada(caller),), (), (), ())))
    known = transaction.database()["known_assets"]
    assert known.find_one({"_id": alone}) is None
    assert "contact_id" not in known.find_one({"_id": shared})
    assert not transaction.database()["known_service_contracts"].find_one({"tenant_id": tenant})
