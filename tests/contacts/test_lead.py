"""The noun: what a lead does by itself, without any connection."""

from collections.abc import Iterator

import pytest

from chassis import Invalid, Refused
from chassis.principal import acting_as
from chassis.testing import somebody
from services.contacts.refusals import (
    LeadAlreadyConverted,
    LeadAlreadyQualified,
    LeadAlreadyUnqualified,
    LeadNotUnqualified,
    LeadNotWorkable,
    LeadUnqualified,
)
from tests.builders.contacts import MORNING, a_lead, euros

NAMES = {"account_name": "Vale Gardens", "opportunity_name": "Vale Gardens"}
BECAME = {"account_id": "acc_1", "contact_id": "con_1", "opportunity_id": "opp_1"}


@pytest.fixture(autouse=True)
def _acting() -> Iterator[None]:
    with acting_as(somebody("ten_1")):
        yield


def told(lead: object) -> list[str]:
    return [event.DESCRIPTOR.name for event in lead._recorded()]


def do(lead: object, verb: str) -> None:
    {
        "work": lead.work,
        "qualify": lead.qualify,
        "disqualify": lambda: lead.disqualify("no budget"),
        "reopen": lead.reopen,
        "convert": lambda: lead.convert(BECAME, at=MORNING, **NAMES),
    }[verb]()


# The whole state machine: what each verb makes of each state.
MOVES = {
    ("NEW", "work"): "WORKING",
    ("NEW", "qualify"): "QUALIFIED",
    ("NEW", "disqualify"): "UNQUALIFIED",
    ("NEW", "reopen"): LeadNotUnqualified,
    ("NEW", "convert"): "CONVERTED",
    ("WORKING", "work"): LeadNotWorkable,
    ("WORKING", "qualify"): "QUALIFIED",
    ("WORKING", "disqualify"): "UNQUALIFIED",
    ("WORKING", "reopen"): LeadNotUnqualified,
    ("WORKING", "convert"): "CONVERTED",
    ("QUALIFIED", "work"): LeadNotWorkable,
    ("QUALIFIED", "qualify"): LeadAlreadyQualified,
    ("QUALIFIED", "disqualify"): "UNQUALIFIED",
    ("QUALIFIED", "reopen"): LeadNotUnqualified,
    ("QUALIFIED", "convert"): "CONVERTED",
    ("UNQUALIFIED", "work"): LeadNotWorkable,
    ("UNQUALIFIED", "qualify"): LeadUnqualified,
    ("UNQUALIFIED", "disqualify"): LeadAlreadyUnqualified,
    ("UNQUALIFIED", "reopen"): "WORKING",
    ("UNQUALIFIED", "convert"): LeadUnqualified,
    ("CONVERTED", "work"): LeadAlreadyConverted,
    ("CONVERTED", "qualify"): LeadAlreadyConverted,
    ("CONVERTED", "disqualify"): LeadAlreadyConverted,
    ("CONVERTED", "reopen"): LeadNotUnqualified,
    ("CONVERTED", "convert"): LeadAlreadyConverted,
}
EVENTS = {
    "work": "LeadWorked",
    "qualify": "LeadQualified",
    "disqualify": "LeadDisqualified",
    "reopen": "LeadReopened",
    "convert": "LeadConverted",
}


@pytest.mark.parametrize(("state", "verb"), MOVES)
def test_each_verb_moves_a_lead_or_is_refused_and_changes_nothing(state: str, verb: str) -> None:
    lead, outcome = a_lead(state), MOVES[state, verb]
    if isinstance(outcome, str):
        do(lead, verb)
        assert lead.status == outcome
        assert told(lead) == [EVENTS[verb]]
        assert lead._recorded()[0].lead == lead.message()
        return
    with pytest.raises(outcome) as refusal:
        do(lead, verb)
    assert refusal.value.keywords["lead"] == lead.id
    assert isinstance(refusal.value, Refused)
    assert "not said" not in refusal.value.detail
    assert lead.status == state
    assert told(lead) == []


def test_a_disqualified_lead_says_why_until_it_is_reopened() -> None:
    lead = a_lead()
    lead.disqualify("no budget")
    assert lead.message().disqualify_reason == "no budget"
    lead.reopen()
    assert lead.message().disqualify_reason == ""


def test_a_conversion_tells_all_that_sales_needs_to_open_the_opportunity() -> None:
    lead = a_lead(estimated_value=euros(4821))
    do(lead, "convert")
    [event] = lead._recorded()
    assert (event.opportunity_name, event.account_name) == ("Vale Gardens", "Vale Gardens")
    became = event.lead.conversion
    assert (became.account_id, became.contact_id, became.opportunity_id) == ("acc_1", "con_1", "opp_1")
    assert became.convert_time.ToDatetime(tzinfo=MORNING.tzinfo) == MORNING
    assert event.lead.estimated_value.units == 4821


def test_a_conversion_leaves_out_what_the_lead_did_not_become() -> None:
    lead = a_lead()
    lead.convert({"account_id": "", "contact_id": "con_1"}, at=MORNING)
    assert set(lead.conversion) == {"contact_id", "convert_time"}


@pytest.mark.parametrize("given", ["given_name", "family_name", "company_name", "email"])
def test_a_lead_needs_one_name_or_an_address(given: str) -> None:
    nothing = dict.fromkeys(("given_name", "family_name", "company_name", "email"))
    a_lead(**(nothing | {given: "mina@valegardens.example"})).settle()
    with pytest.raises(Invalid) as refusal:
        a_lead(**nothing).settle()
    assert [each.field for each in refusal.value.violations] == ["lead.family_name"]


def test_a_lead_is_called_by_its_company_else_its_person_else_its_address() -> None:
    assert a_lead().title == "Vale Gardens"
    assert a_lead(company_name=None).title == "Mina Vale"
    assert a_lead(company_name=None, given_name=None, family_name=" ").title == "mina@valegardens.example"


def test_a_typed_number_is_read_once_and_gives_way_to_a_new_one() -> None:
    lead = a_lead(phone_raw="0151 234 567 89", address={"country_code": "DE"})
    lead.settle()
    assert lead.phone == "+4915123456789"
    lead._before = lead._stored()
    lead.address = {"country_code": "FR"}
    lead._read_phone()
    assert (lead.phone, lead.phone_raw) == ("+4915123456789", "0151 234 567 89")
    lead.phone = "+447400123456"
    lead._read_phone()
    assert (lead.phone, lead.phone_raw) == ("+447400123456", None)


def test_a_typed_number_of_no_known_country_is_refused_where_it_stands() -> None:
    with pytest.raises(Invalid) as refusal:
        a_lead(phone_raw="0151 234 567 89").settle()
    assert [each.field for each in refusal.value.violations] == ["lead.phone_raw"]
