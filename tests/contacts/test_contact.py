"""The noun: what a contact does by itself, without any connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import Invalid
from services.contacts.contact import display_name
from tests.builders.contacts import a_contact

NAME = st.none() | st.text(max_size=12)
EMAILS = st.sampled_from([[], [{"address": "ada@roseandthorn.example", "primary": True}]])


@given(NAME, NAME, EMAILS)
def test_a_contact_is_shown_by_its_names_else_its_primary_address(given_name, family_name, emails) -> None:
    shown = display_name(given_name, family_name, emails)
    written = [name.strip() for name in (given_name, family_name) if name and name.strip()]
    assert shown == shown.strip()
    if written:
        assert all(name in shown for name in written)
    else:
        assert shown == (emails[0]["address"] if emails else "")


def test_a_contact_without_names_is_shown_by_the_address_to_write_to_first() -> None:
    emails = [{"address": "a@x.example", "primary": False}, {"address": "b@x.example", "primary": True}]
    contact = a_contact(given_name=None, family_name=None, emails=emails)
    contact.settle()
    assert contact.display_name == "b@x.example"


def test_a_contact_needs_a_name_or_an_address() -> None:
    with pytest.raises(Invalid) as refusal:
        a_contact(given_name=" ", family_name=None, emails=[]).settle()
    assert [each.field for each in refusal.value.violations] == ["contact.family_name"]


def test_the_first_address_is_primary_and_domains_are_in_lower_case() -> None:
    contact = a_contact(emails=[{"address": "Ada@RoseAndThorn.EXAMPLE"}, {"address": "ada@home.example"}])
    contact.settle()
    assert contact.emails == [
        {"address": "Ada@roseandthorn.example", "primary": True},
        {"address": "ada@home.example", "primary": False},
    ]


def test_the_same_mailbox_twice_is_refused_where_it_is_repeated() -> None:
    emails = [{"address": "ada@x.example"}, {"address": "ben@x.example"}, {"address": "ADA@X.example"}]
    with pytest.raises(Invalid) as refusal:
        a_contact(emails=emails).settle()
    assert [each.field for each in refusal.value.violations] == ["contact.emails[2].address"]


def test_settling_again_changes_nothing() -> None:
    contact = a_contact(phones=[{"number": "+4915123456789"}], tags=["vip", "vip", "roses"])
    contact.settle()
    before = contact.to_mongo()
    contact.settle()
    assert contact.to_mongo() == before
    assert contact.tags == ["vip", "roses"]
