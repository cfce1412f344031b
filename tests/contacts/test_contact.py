"""The noun: what a contact does by itself, without any connection."""

from datetime import UTC, datetime

import pytest

from chassis import Invalid, clock
from tests.builders.contacts import a_contact


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


def test_a_web_site_is_kept_once_as_it_was_told_last() -> None:
    page, blog = "https://ada.example", "https://ada.example/roses"
    contact = a_contact(websites=[{"url": page, "type": "home"}, {"url": blog}, {"url": page, "type": "work"}])
    contact.settle()
    assert contact.websites == [{"url": page, "type": "work"}, {"url": blog}]


def test_settling_again_changes_nothing() -> None:
    contact = a_contact(phones=[{"number": "+4915123456789"}], tags=["vip", " vip ", "", " ", "roses"])
    contact.settle()
    before = contact.to_mongo()
    contact.settle()
    assert contact.to_mongo() == before
    assert contact.tags == ["vip", "roses"]


def test_nobody_is_born_after_today() -> None:
    with clock.frozen(datetime(2026, 11, 22, 23, tzinfo=UTC)):
        a_contact(birth_date="2026-11-22").settle()
        with pytest.raises(Invalid) as refusal:
            a_contact(birth_date="2026-11-23").settle()
        assert [each.field for each in refusal.value.violations] == ["contact.birth_date"]


def test_a_name_is_shown_and_written_in_the_order_of_its_owner() -> None:
    yamada = a_contact(given_name="太郎", family_name="山田", honorific="様")
    yamada.settle()
    assert (yamada.display_name, yamada.formal_name) == ("山田太郎", "山田太郎様")
    ada = a_contact(honorific="Dr.", suffix="PhD", middle_name="M.")
    ada.settle()
    assert (ada.display_name, ada.formal_name) == ("Ada M. Thorn PhD", "Dr. Ada M. Thorn PhD")


def test_a_typed_number_is_read_in_the_country_of_the_first_address() -> None:
    contact = a_contact(phones=[{"raw": "01 23 45 67 89"}], addresses=[{"country_code": "FR", "locality": "Paris"}])
    contact.settle()
    assert contact.phones == [{"raw": "01 23 45 67 89", "number": "+33123456789", "region": "FR", "primary": True}]


def test_a_language_is_kept_as_the_standard_writes_it() -> None:
    contact = a_contact(language_code="PT-br")
    contact.settle()
    assert contact.language_code == "pt-BR"
