"""E-mail addresses, telephone numbers and domains in their one written form: pure, with their laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import Invalid
from services.contacts.channels import (
    FREE_MAIL,
    company_domain,
    domain_of,
    normal_address,
    normal_domain,
    same_mailbox,
    with_one_primary,
    without_repeats,
)

LABEL = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,6})?", fullmatch=True)
DOMAIN = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
LOCAL = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,20}", fullmatch=True)
ENTRIES = st.lists(st.booleans(), max_size=6).map(
    lambda marks: [{"address": f"{place}@x.example", "primary": mark} for place, mark in enumerate(marks)]
)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("RoseAndThorn.example", "roseandthorn.example"),
        ("www.roseandthorn.example", "roseandthorn.example"),
        ("roseandthorn.example.", "roseandthorn.example"),
        ("WWW.Bücher.example.", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("www.example", "www.example"),
        ("www.www.roseandthorn.example", "roseandthorn.example"),
        ("ab--cd.example", "ab--cd.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
    ],
)
def test_a_domain_has_one_written_form(written: str, normal: str) -> None:
    assert normal_domain(written) == normal


@given(DOMAIN)
def test_normalising_a_domain_again_changes_nothing(domain: str) -> None:
    once = normal_domain(domain)
    assert normal_domain(once) == once
    assert normal_domain(domain.upper() + ".") == once


@given(LOCAL, DOMAIN)
def test_an_address_keeps_what_stands_before_the_at(local: str, domain: str) -> None:
    address = normal_address(f"{local}@{domain.upper()}")
    assert address == f"{local}@{domain}"
    assert normal_address(address) == address


@given(LOCAL, DOMAIN)
def test_case_and_notation_do_not_make_another_mailbox(local: str, domain: str) -> None:
    assert same_mailbox(f"{local}@{domain}", f"{local.upper()}@{domain.upper()}")
    assert not same_mailbox(f"{local}@{domain}", f"{local}x@{domain}")


def test_an_internationalised_address_is_the_same_in_both_notations() -> None:
    assert same_mailbox("ada@bücher.example", "Ada@xn--bcher-kva.example")


def test_free_mail_names_no_company() -> None:
    assert company_domain("ada.thorn@GMAIL.com") == ""
    assert company_domain("ada@roseandthorn.example") == "roseandthorn.example"
    assert company_domain("") == domain_of("") == ""


def test_every_provider_of_free_mail_is_in_its_written_form() -> None:
    assert {normal_domain(domain) for domain in FREE_MAIL} == FREE_MAIL


@given(ENTRIES)
def test_of_several_entries_exactly_one_is_primary_or_they_are_refused(entries: list[dict]) -> None:
    marked = [entry["address"] for entry in entries if entry["primary"]]
    if len(marked) > 1:
        with pytest.raises(Invalid) as refusal:
            with_one_primary(entries, "contact.emails")
        assert len(refusal.value.violations) == len(marked) - 1
        return
    settled = with_one_primary(entries, "contact.emails")
    assert [entry["address"] for entry in settled] == [entry["address"] for entry in entries]
    assert [entry["address"] for entry in settled if entry["primary"]] == (
        marked or [entry["address"] for entry in entries[:1]]
    )


def test_a_second_primary_is_refused_where_it_stands() -> None:
    with pytest.raises(Invalid) as refusal:
        with_one_primary([{"primary": False}, {"primary": True}, {"primary": True}], "contact.phones")
    assert [each.field for each in refusal.value.violations] == ["contact.phones[2].primary"]


@given(st.lists(st.text(max_size=2), max_size=8))
def test_repeats_are_kept_once_in_their_order(values: list[str]) -> None:
    kept = without_repeats(values)
    assert set(kept) == set(values)
    assert kept == sorted(kept, key=values.index)
