"""Telephone numbers as they are typed, read into E.164: pure, with their laws."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import Invalid
from services.contacts.telephones import Telephone, Unreadable, read, settled

REGIONS = st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS))


def refused(*phones: dict, country: str = "") -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        settled(list(phones), "contact.phones", country)
    return {each.field: each.description for each in refusal.value.violations}


@pytest.mark.parametrize(
    ("typed", "region", "telephone"),
    [
        ("0151 234 567 89", "DE", Telephone("+4915123456789", "DE", "")),
        ("+49 (0)151 23456789", "", Telephone("+4915123456789", "DE", "")),
        ("(201) 555-0123 ext. 12", "US", Telephone("+12015550123", "US", "12")),
        ("011 44 7400 123456", "US", Telephone("+447400123456", "GB", "")),
        ("1-800-FLOWERS", "US", Telephone("+18003569377", "US", "")),
        ("tel:+1-201-555-0123;ext=7", "", Telephone("+12015550123", "US", "7")),
        ("\u0660\u0665\u0660 \u0661\u0662\u0663 \u0664\u0665\u0666\u0667", "AE", Telephone("+971501234567", "AE", "")),
        ("+800 1234 5678", "", Telephone("+80012345678", "001", "")),
    ],
)
def test_a_number_is_read_as_it_is_typed(typed: str, region: str, telephone: Telephone) -> None:
    assert read(typed, region) == telephone


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("0151 234 567 89", "has neither a country code nor a region"),
        ("call me", "is no telephone number"),
        ("+1 201", "is no telephone number: its country knows none of this length"),
        ("", "is no telephone number"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(typed: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(typed)


@given(REGIONS)
def test_the_national_form_of_a_number_reads_as_the_number(region: str) -> None:
    example = phonenumbers.example_number(region)
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    assert read(national, region).number == e164
    assert read(e164).number == e164


@given(REGIONS)
def test_settling_again_changes_nothing_wherever_the_record_has_moved(region: str) -> None:
    example = phonenumbers.example_number(region)
    typed = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    once = settled([{"raw": typed}], "contact.phones", region)
    assert settled(once, "contact.phones", "DE") == once
    assert once[0]["raw"] == typed


def test_what_was_typed_and_its_extension_are_kept_beside_the_number() -> None:
    assert settled([{"raw": "(201) 555-0123 x12"}], "contact.phones", "US") == [
        {"raw": "(201) 555-0123 x12", "number": "+12015550123", "region": "US", "extension": "12", "primary": True}
    ]
    assert settled([{"number": "+12015550123"}], "contact.phones", "DE")[0]["region"] == "US"


@pytest.mark.parametrize(
    ("phone", "field", "reason"),
    [
        ({}, "contact.phones[0].number", "is required"),
        ({"raw": "0151 234"}, "contact.phones[0].raw", "neither a country code nor a region"),
        ({"raw": "nobody"}, "contact.phones[0].raw", "is no telephone number"),
        ({"raw": "+44 7400 123456", "number": "+4915123456789"}, "contact.phones[0].raw", "is another number"),
        ({"raw": "0151 23456789", "region": "XX"}, "contact.phones[0].region", "must be a region"),
        ({"number": "+4915123456789", "extension": "1a"}, "contact.phones[0].extension", "must be digits"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(phone: dict, field: str, reason: str) -> None:
    [(found, said)] = refused(phone).items()
    assert found == field
    assert reason in said
