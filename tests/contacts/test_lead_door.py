"""Leads at the door: their verbs, and what becomes of them when they are converted."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from crm.common.v1.listing_pb2 import ListRequest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import events_pb2, lead_pb2

from chassis import transaction
from chassis.testing import Caller
from tests.builders.contacts import MINA, a_lead_message, euros
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD
from tests.refused import refusal

TEAM = "team_01m80nk41xeqr8nx3htck6pmz2"


def converted(caller: Caller, lead: Any, **wishes: Any) -> Any:
    return caller.ConvertLead(lead_pb2.ConvertLeadRequest(id=lead.id, **wishes))


def conversions(lead: Any) -> list[Any]:
    rows = transaction.database().events.find({"record_id": lead.id, "type": "crm.contacts.v1.LeadConverted"})
    return [events_pb2.LeadConverted.FromString(row["body"]) for row in rows]


def test_a_lead_goes_from_new_to_qualified_and_back_through_the_verbs(caller: Caller) -> None:
    lead = LEAD.create(caller)
    assert lead.status == lead_pb2.Lead.NEW
    assert caller.WorkLead(lead_pb2.WorkLeadRequest(id=lead.id)).status == lead_pb2.Lead.WORKING
    assert refusal(caller.WorkLead, lead_pb2.WorkLeadRequest(id=lead.id)) == "LEAD_NOT_WORKABLE"
    assert caller.QualifyLead(lead_pb2.QualifyLeadRequest(id=lead.id)).status == lead_pb2.Lead.QUALIFIED
    assert refusal(caller.QualifyLead, lead_pb2.QualifyLeadRequest(id=lead.id)) == "LEAD_ALREADY_QUALIFIED"
    dropped = caller.DisqualifyLead(lead_pb2.DisqualifyLeadRequest(id=lead.id, reason="no budget"))
    assert (dropped.status, dropped.disqualify_reason) == (lead_pb2.Lead.UNQUALIFIED, "no budget")
    again = lead_pb2.DisqualifyLeadRequest(id=lead.id, reason="still none")
    assert refusal(caller.DisqualifyLead, again) == "LEAD_ALREADY_UNQUALIFIED"
    assert refusal(caller.QualifyLead, lead_pb2.QualifyLeadRequest(id=lead.id)) == "LEAD_UNQUALIFIED"
    assert refusal(converted, caller, lead) == "LEAD_UNQUALIFIED"
    assert caller.ReopenLead(lead_pb2.ReopenLeadRequest(id=lead.id)).status == lead_pb2.Lead.WORKING
    assert refusal(caller.ReopenLead, lead_pb2.ReopenLeadRequest(id=lead.id)) == "LEAD_NOT_UNQUALIFIED"


def test_a_patch_never_moves_a_lead(caller: Caller) -> None:
    lead = LEAD.create(caller)
    moved = caller.saying().UpdateLead
    request = lead_pb2.UpdateLeadRequest(lead={"id": lead.id, "status": "CONVERTED"}, update_mask={"paths": ["status"]})
    assert refusal(moved, request) == "INVALID"
    assert LEAD.call(caller, "Get", GetRequest(id=lead.id)).status == lead_pb2.Lead.NEW


def test_a_reason_is_needed_to_disqualify(caller: Caller) -> None:
    lead = LEAD.create(caller)
    assert refusal(caller.DisqualifyLead, lead_pb2.DisqualifyLeadRequest(id=lead.id)) == "INVALID"


def test_a_converted_lead_became_an_account_a_contact_and_an_opportunity(caller: Caller) -> None:
    lead = LEAD.create(
        caller, phone="+4915123456789", job_title="Owner", estimated_value=euros(4821), team_id=TEAM, tags=["fair"]
    )
    became = converted(caller, lead)
    assert became.status == lead_pb2.Lead.CONVERTED
    account = ACCOUNT.call(caller, "Get", GetRequest(id=became.conversion.account_id))
    contact = CONTACT.call(caller, "Get", GetRequest(id=became.conversion.contact_id))
    assert (account.name, account.domain) == ("Vale Gardens", "valegardens.example")
    assert (contact.display_name, contact.job_title, contact.account_id) == ("Mina Vale", "Owner", account.id)
    assert (contact.emails[0].address, contact.phones[0].number) == (MINA["email"], "+4915123456789")
    assert list(contact.tags) == ["fair"]
    for made in (account, contact):
        assert (made.owner_id, made.team_id) == (lead.owner_id, TEAM)
    [event] = conversions(lead)
    assert event.lead == became
    assert event.lead.estimated_value.units == 4821
    assert (event.account_name, event.opportunity_name) == ("Vale Gardens", "Vale Gardens")
    assert became.conversion.opportunity_id.startswith("opp_")


def test_converting_again_answers_with_what_it_became(caller: Caller) -> None:
    lead = LEAD.create(caller)
    became = converted(caller, lead)
    assert converted(caller, lead, opportunity_name="another") == became
    assert len(conversions(lead)) == 1
    assert len(ACCOUNT.ids(caller, ListRequest())) == len(CONTACT.ids(caller, ListRequest())) == 1


def test_racing_conversions_convert_once(caller: Caller) -> None:
    lead, start, answers = LEAD.create(caller), threading.Barrier(2), []

    def race() -> None:
        start.wait()
        answers.append(converted(caller, lead))

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers[0] == answers[1]
    assert len(conversions(lead)) == 1
    assert len(ACCOUNT.ids(caller, ListRequest())) == len(CONTACT.ids(caller, ListRequest())) == 1


def test_a_conversion_can_do_without_an_opportunity(caller: Caller) -> None:
    lead = LEAD.create(caller)
    assert converted(caller, lead, without_opportunity=True).conversion.opportunity_id == ""
    assert conversions(lead)[0].opportunity_name == ""


def test_an_opportunity_is_called_as_it_is_wished(caller: Caller) -> None:
    lead = LEAD.create(caller)
    converted(caller, lead, opportunity_name="200 rose bushes")
    assert conversions(lead)[0].opportunity_name == "200 rose bushes"


@pytest.mark.parametrize(
    "account",
    [
        {"name": "Something else", "domain": "ValeGardens.example"},
        {"name": "  vale   GARDENS "},
        {"name": "Välé Gardens"},
    ],
)
def test_an_account_is_found_by_domain_or_name(caller: Caller, account: dict[str, Any]) -> None:
    known = ACCOUNT.create(caller, **account)
    ACCOUNT.create(caller, name="Vale Gardens of Old")
    assert converted(caller, LEAD.create(caller)).conversion.account_id == known.id


def test_the_domain_goes_before_the_name(caller: Caller) -> None:
    ACCOUNT.create(caller, name="Vale Gardens")
    of_domain = ACCOUNT.create(caller, name="VG Holding", domain="valegardens.example")
    assert converted(caller, LEAD.create(caller)).conversion.account_id == of_domain.id


def test_free_mail_matches_no_account(caller: Caller) -> None:
    ACCOUNT.create(caller, name="A provider", domain="gmail.com")
    became = converted(caller, LEAD.create(caller, email="mina.vale@gmail.com")).conversion
    made = ACCOUNT.call(caller, "Get", GetRequest(id=became.account_id))
    assert (made.name, made.domain) == ("Vale Gardens", "")


def test_a_contact_is_found_by_its_address_and_stays_as_it_is(caller: Caller) -> None:
    emails = [{"address": "other@home.example"}, {"address": "MINA@ValeGardens.example"}]
    known = CONTACT.create(caller, given_name="Wilhelmina", family_name="Vale", emails=emails)
    became = converted(caller, LEAD.create(caller, phone="+4915123456789")).conversion
    assert became.contact_id == known.id
    assert CONTACT.call(caller, "Get", GetRequest(id=known.id)) == known


def test_a_known_contacts_account_is_taken_where_the_lead_names_none(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    known = CONTACT.create(caller, emails=[{"address": "ada@gmail.com"}], account_id=account.id)
    lead = LEAD.create(caller, company_name="", email="ada@gmail.com")
    became = converted(caller, lead).conversion
    assert (became.account_id, became.contact_id) == (account.id, known.id)


def test_given_records_go_before_all_that_could_be_found(caller: Caller) -> None:
    ACCOUNT.create(caller, domain="valegardens.example")
    account, contact = ACCOUNT.create(caller, name="Chosen"), CONTACT.create(caller)
    became = converted(caller, LEAD.create(caller), account_id=account.id, contact_id=contact.id).conversion
    assert (became.account_id, became.contact_id) == (account.id, contact.id)


def test_a_private_person_becomes_a_contact_without_an_account(caller: Caller) -> None:
    became = converted(caller, LEAD.create(caller, company_name="", email="mina@gmail.com")).conversion
    assert became.account_id == ""
    assert became.contact_id
    assert ACCOUNT.ids(caller, ListRequest()) == []


def test_a_company_of_which_nobody_is_known_becomes_an_account_without_a_contact(caller: Caller) -> None:
    made = a_lead_message(given_name="", family_name="", email="")
    lead = caller.CreateLead(lead_pb2.CreateLeadRequest(lead=made))
    became = converted(caller, lead).conversion
    assert became.contact_id == ""
    assert became.account_id


def test_only_what_the_caller_sees_is_found(caller: Caller, colleague: Callable[..., Caller]) -> None:
    hidden_account = ACCOUNT.create(caller, domain="valegardens.example")
    hidden_contact = CONTACT.create(caller, emails=[{"address": MINA["email"]}])
    rep = colleague(grants={"contacts.*.*": "own"})
    became = converted(rep, LEAD.create(rep)).conversion
    assert became.account_id not in ("", hidden_account.id)
    assert became.contact_id not in ("", hidden_contact.id)


def test_what_was_deleted_is_not_found(caller: Caller) -> None:
    gone = ACCOUNT.create(caller, domain="valegardens.example")
    ACCOUNT.call(caller, "Delete", DeleteRequest(id=gone.id))
    assert converted(caller, LEAD.create(caller)).conversion.account_id != gone.id


def test_making_accounts_takes_the_permission_for_it(caller: Caller, colleague: Callable[..., Caller]) -> None:
    lead = LEAD.create(caller)
    grants = {"contacts.*.read": "all", "contacts.lead.write": "all"}
    assert refusal(converted, colleague(grants=grants), lead) == "FORBIDDEN"
    assert LEAD.call(caller, "Get", GetRequest(id=lead.id)).status == lead_pb2.Lead.NEW
    assert ACCOUNT.ids(caller, ListRequest()) == []
    ACCOUNT.create(caller, domain="valegardens.example")
    assert refusal(converted, colleague(grants=grants), lead) == "FORBIDDEN"
    CONTACT.create(caller, emails=[{"address": MINA["email"]}])
    assert converted(colleague(grants=grants), lead).status == lead_pb2.Lead.CONVERTED


def test_of_a_converted_lead_only_notes_and_care_change(caller: Caller) -> None:
    lead = converted(caller, LEAD.create(caller))
    assert refusal(LEAD.update, caller, lead.id, company_name="Other") == "LEAD_ALREADY_CONVERTED"
    assert refusal(LEAD.update, caller, lead.id, mask=("company_name",)) == "LEAD_ALREADY_CONVERTED"
    noted = LEAD.update(caller, lead.id, description="bought roses", tags=["won"], team_id=TEAM)
    assert (noted.description, list(noted.tags), noted.team_id) == ("bought roses", ["won"], TEAM)
    same = LEAD.update(caller, lead.id, company_name="Vale Gardens", email=MINA["email"])
    assert same == noted
