"""What columns mean and what cells say, without any connection."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from crm.contacts.v1 import account_pb2, contact_pb2

from chassis.importing.cells import Customs, Numeral, amount, country, day, number, option_of, phone, yes_or_no
from chassis.importing.guess import guess
from chassis.importing.mapping import Mapping, TargetUnknown
from services.contacts.imports import Import
from tests.contacts.headers import GOOGLE, OUTLOOK

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

real = pytest.mark.skipif(not DATA.exists(), reason=f"the corpora are not at {DATA}")


def guessed(noun: str, headers: list[str]) -> dict[str, str]:
    kind = Import.kinds[noun]
    mapping = Mapping(kind.noun.contract, [], Customs(), kind.links, {})

    def exists(target: str) -> bool:
        try:
            mapping.put(target, Customs())
        except TargetUnknown:
            return False
        return True

    found = guess(headers, {name: name for name in kind.noun.about().given}, exists, "import")
    return {header: target for header, target in zip(headers, found, strict=True) if target}


def header_of(program: str) -> list[str]:
    text = (DATA / "contact-export-headers" / f"{program}-header.csv").read_text()
    return next(csv.reader(io.StringIO(text)))


@real
def test_the_columns_of_outlook_are_known() -> None:
    assert guessed("contact", header_of("outlook")) == OUTLOOK


@real
def test_the_columns_of_google_are_known() -> None:
    assert guessed("contact", header_of("google-contacts")) == GOOGLE


@pytest.mark.parametrize(
    ("noun", "headers", "targets"),
    [
        (
            "account",
            "Account Name,Sector,Employees,City",
            ["name", "industry", "employee_count", "addresses[1].locality"],
        ),
        ("account", "name,domain,region", ["name", "domain", "region"]),
        ("lead", "First name,E-mail,Phone,Company", ["given_name", "email", "phone", "company_name"]),
        ("contact", "Name,E-mail,Customer ID", ["name", "emails[1].address", "external_ids[import].id"]),
        ("contact", "Website,Company URL,Home page 2", ["websites[1].url", "websites[work].url", "websites[2].url"]),
        ("contact", "Personal Web Page,Business Homepage", ["websites[home].url", "websites[work].url"]),
        ("account", "Website 1 - Value,Website 1 - Type", ["website", None]),
        ("lead", "Web page,Company", ["website", "company_name"]),
        ("contact", "Name,First name,Surname", [None, "given_name", "family_name"]),
        ("contact", "emails[work].address,phones[mobile].number", ["emails[work].address", "phones[mobile].number"]),
    ],
)
def test_columns_that_people_make_are_known(noun: str, headers: str, targets: list[str | None]) -> None:
    found = guessed(noun, headers.split(","))
    assert [found.get(header) for header in headers.split(",")] == targets


# ---------------------------------------------------------------- cells

ORDERS = {"1": "YMD", "2": "MDY", "4": "MDY"}
GENDERS = option_of([("Female", 1), ("Male", 2), ("Transgender", 3)])


def corpus(name: str) -> list[dict[str, str]]:
    path = DATA / "civicrm-import" / name
    return list(csv.DictReader(io.StringIO(path.read_text()))) if path.exists() else []


@real
@pytest.mark.parametrize("row", [row for kind in "124" for row in corpus(f"individual_dates_type{kind}.csv")], ids=str)
def test_dates_of_another_crm_are_judged_as_it_does(row: dict[str, str]) -> None:
    dates = [row[name] for name in ("Birth Date", "Deceased Date", "Custom Date One", "Custom Date Two")]
    assert _sound(lambda: {day(text, ORDERS[row["Type"]]) for text in dates} == {"2008-09-01"}) == (
        row["expected"] == "Valid"
    )


@real
@pytest.mark.parametrize("row", corpus("individual_genders.csv"), ids=str)
def test_options_of_another_crm_are_judged_as_it_does(row: dict[str, str]) -> None:
    assert _sound(lambda: GENDERS(row["Gender"] or row["mum_gender"])) == (row["Expected"] == "Valid")


@real
def test_names_of_countries_and_sites_in_any_script_are_read() -> None:
    [row] = corpus("individual_unicode.csv")
    mapping = Mapping(
        account_pb2.Account,
        [{"header": "Website", "target": "website"}, {"header": "Country", "target": "addresses[1].country_code"}],
        Customs(), (), {},
    )  # fmt: skip
    found = mapping.row(1, [row["Website"], row["Country"]])
    assert not found.faults
    assert (found.message.website, found.message.addresses[0].country_code) == ("https://কানাডা.com", "CI")


def _sound(read: Any) -> bool:
    try:
        return bool(read())
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("1.2.2003", "DMY", "2003-02-01"), ("1/2/2003", "MDY", "2003-01-02"), ("20030201", "YMD", "2003-02-01"),
        ("01/02/69", "DMY", "1969-02-01"), ("01/02/68", "DMY", "2068-02-01"), ("2003-02-01T00:00:00", "YMD", "2003-02-01"),
        ("29.02.2024", "DMY", "2024-02-29"),
    ],
)  # fmt: skip
def test_a_date_is_read_in_its_order(text: str, order: str, iso: str) -> None:
    assert day(text, order) == iso


@pytest.mark.parametrize(
    ("text", "order"), [("29.02.2023", "DMY"), ("13/13/2003", "MDY"), ("soon", "YMD"), ("2003", "YMD")]
)
def test_what_is_no_date_is_said_to_be_none(text: str, order: str) -> None:
    with pytest.raises(ValueError, match="is no date"):
        day(text, order)


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1,234.5", ".", "1234.5"),
        ("1.234,5", ",", "1234.5"),
        ("1'234.50", ".", "1234.50"),
        ("1 234", ".", "1234"),
        ("-7", ",", "-7"),
    ],
)
def test_a_number_is_read_with_its_marks(text: str, mark: str, value: str) -> None:
    assert number(text, mark) == Decimal(value)


@pytest.mark.parametrize("text", ["", "x", "1.2.3,4,5", "--1", "1e5", "NaN"])
def test_what_is_no_number_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        number(text, ",")


@pytest.mark.parametrize("told", ["12.5", "-0.75", "1e+16", "7"])
def test_a_number_of_the_file_itself_knows_no_customs(told: str) -> None:
    assert number(Numeral(told), ",") == Decimal(told)
    parts = amount(Numeral(told), Customs(decimal_mark=","))
    assert parts["units"] + Decimal(parts["nanos"]) / 1_000_000_000 == Decimal(told)


def test_what_is_not_finite_is_no_number() -> None:
    with pytest.raises(ValueError, match="is no number"):
        number(Numeral("inf"), ",")


@pytest.mark.parametrize(
    ("text", "units", "nanos", "code"),
    [("€ 1.234,56", 1234, 560_000_000, "EUR"), ("1.234,56 CHF", 1234, 560_000_000, "CHF"), ("-5", -5, 0, None)],
)
def test_an_amount_is_exact(text: str, units: int, nanos: int, code: str | None) -> None:
    found = amount(text, Customs(decimal_mark=","))
    assert (found["units"], found["nanos"], found.get("currency_code")) == (units, nanos, code)


@pytest.mark.parametrize(
    ("text", "home", "number"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("+49 (0)30 901820", "", "+4930901820"),
        ("(201) 555-0123", "US", "+12015550123"),
    ],
)
def test_a_telephone_number_is_read_as_dialled_at_home(text: str, home: str, number: str) -> None:
    assert phone(text, home) == number


def test_a_national_number_without_a_country_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="country_code"):
        phone("030 901820", "")


def test_countries_and_answers_are_read_as_people_write_them() -> None:
    assert (country("germany"), country("FR"), country("CIV")) == ("DE", "FR", "CI")
    assert (yes_or_no("Yes"), yes_or_no("0")) == (True, False)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("U.S.A.", "US"),
        ("U.K.", "GB"),
        ("Österreich", "AT"),
        ("ESPAÑA", "ES"),
        ("日本", "JP"),
        ("Россия", "RU"),
        ("Korea", ""),
    ],
)
def test_a_country_is_known_by_its_names_in_many_languages(name: str, code: str) -> None:
    if code:
        assert country(name) == code
        return
    with pytest.raises(ValueError, match="is no country"):
        country(name)


def a_mapping(*targets: str, **customs: str) -> Mapping:
    columns = [{"header": target, "target": target} for target in targets]
    return Mapping(contact_pb2.Contact, columns, Customs(**customs), Import.kinds["contact"].links, {})


def test_columns_of_one_label_make_one_entry() -> None:
    mapping = a_mapping(
        "addresses[work].lines", "addresses[work].lines", "addresses[work].locality", "addresses[home].locality"
    )
    message = mapping.row(1, ["1 Rose Lane", "Flat 2", "Paris", "Rome"]).message
    assert [(each.type, list(each.lines), each.locality) for each in message.addresses] == [
        ("work", ["1 Rose Lane", "Flat 2"], "Paris"), ("home", [], "Rome"),
    ]  # fmt: skip


def test_several_values_in_one_cell_are_several_entries() -> None:
    message = a_mapping("emails[1].address").row(1, ["a@x.example ::: b@x.example"]).message
    assert [each.address for each in message.emails] == ["a@x.example", "b@x.example"]


def test_a_type_without_a_value_makes_no_entry() -> None:
    assert not a_mapping("emails[1].type", "emails[1].address").row(1, ["work", ""]).message.emails


def test_an_apostrophe_that_an_export_wrote_is_taken_away_again() -> None:
    message = a_mapping("job_title", "given_name").row(1, ["'=1+1", "'Ada'"]).message
    assert (message.job_title, message.given_name) == ("=1+1", "'Ada'")


@pytest.mark.parametrize("target", ["shoe_size", "emails[1].colour", "display_name", "account.colour", "", "a b"])
def test_a_target_that_is_none_is_unknown(target: str) -> None:
    with pytest.raises(TargetUnknown):
        Mapping(contact_pb2.Contact, [], Customs(), (), {}).put(target, Customs())
