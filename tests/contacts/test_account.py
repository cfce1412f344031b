"""The noun: what an account does by itself, without any connection."""

import pytest

from chassis import Invalid
from services.contacts.account import size_band
from services.contacts.registers import is_lei
from tests.builders.contacts import an_account

LEI = "529900T8BM49AURSDO55"  # of the Ubisecure trust list, quoted widely as an example


@pytest.mark.parametrize(
    ("employees", "band"), [(1, "1-10"), (10, "1-10"), (11, "11-50"), (10_000, "5001-10000"), (10_001, "10001+")]
)
def test_a_size_is_the_band_of_the_number_of_employees(employees: int, band: str) -> None:
    assert size_band(employees) == band


def test_the_band_follows_the_number_where_that_is_given() -> None:
    account = an_account(size_band="11-50", employee_count=7)
    account.settle()
    assert account.size_band == "1-10"
    account = an_account(size_band="11-50")
    account.settle()
    assert account.size_band == "11-50"


def test_further_domains_are_kept_once_in_one_written_form() -> None:
    account = an_account(other_domains=["WWW.Bücher.example", "xn--bcher-kva.example", "RoseAndThorn.example"])
    account.settle()
    assert account.other_domains == ["xn--bcher-kva.example"]


def test_an_lei_has_right_check_digits() -> None:
    assert is_lei(LEI)
    assert not is_lei(LEI[:-1] + "4")
    assert not is_lei(LEI[::-1])


def test_a_wrong_or_repeated_number_of_a_register_is_refused_where_it_stands() -> None:
    cik = {"kind": "cik", "number": "0000066740", "country_code": "US"}
    with pytest.raises(Invalid) as refusal:
        an_account(registration_ids=[cik, {"kind": "lei", "number": LEI[:-1] + "4"}, cik]).settle()
    assert {each.field: each.description for each in refusal.value.violations} == {
        "account.registration_ids[1].number": "is no LEI: its check digits are wrong",
        "account.registration_ids[2].number": "is given twice",
    }
