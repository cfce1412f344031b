"""What columns mean and what cells say, without any connection."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from crm.contacts.v1 import account_pb2, contact_pb2

from chassis.importing.cells import Customs, Numeral, amount, country, day, number, option_of, phone, yes_or_no
from chassis.importing.guess import guess
from chassis.importing.mapping import Mapping, TargetUnknown
from services.contacts.imports import Import

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


def _outlook() -> Iterator[tuple[str, str]]:
    yield from {
        "Title": "honorific", "First Name": "given_name", "Middle Name": "middle_name", "Last Name": "family_name",
        "Suffix": "suffix", "Gender": "gender", "Company": "account.name", "Department": "department",
        "Job Title": "job_title", "Birthday": "birth_date", "Categories": "tags", "Language": "language_code",
        "Notes": "description", "E-mail Address": "emails[1].address", "E-mail 2 Address": "emails[2].address",
        "E-mail 3 Address": "emails[3].address", "Business Phone": "phones[work].number",
        "Business Phone 2": "phones[work 2].number", "Home Phone": "phones[home].number",
        "Home Phone 2": "phones[home 2].number", "Mobile Phone": "phones[mobile].number", "Other Phone": "phones[other].number",
        "Car Phone": "phones[car].number", "Company Main Phone": "phones[main].number", "Pager": "phones[pager].number",
        "Business Fax": "phones[work fax].number", "Home Fax": "phones[home fax].number", "Other Fax": "phones[other fax].number",
    }.items()  # fmt: skip
    for place, label in (("Business", "work"), ("Home", "home"), ("Other", "other")):
        parts = {
            "Street": "lines", "Street 2": "lines", "Street 3": "lines", "Address PO Box": "lines", "City": "locality",
            "State": "region", "Postal Code": "postal_code", "Country/Region": "country_code",
        }  # fmt: skip
        for part, field in parts.items():
            yield f"{place} {part}", f"addresses[{label}].{field}"


@real
def test_the_columns_of_outlook_are_known() -> None:
    # Not taken: what a contact has no field for (initials, spouses, hobbies), numbers of other people (the assistant's) and of
    # other apparatus (telex, ISDN), `Primary Phone` beside those that it repeats, and mail types, which say SMTP or EX.
    assert guessed("contact", header_of("outlook")) == dict(_outlook())


@real
def test_the_columns_of_google_are_known() -> None:
    assert guessed("contact", header_of("google-contacts")) == {
        "Given Name": "given_name", "Additional Name": "middle_name", "Family Name": "family_name",
        "Given Name Yomi": "phonetic_given_name", "Family Name Yomi": "phonetic_family_name", "Name Prefix": "honorific",
        "Name Suffix": "suffix", "Nickname": "nickname", "Gender": "gender", "Birthday": "birth_date", "Occupation": "job_title",
        "Notes": "description", "Group Membership": "tags", "E-mail 1 - Type": "emails[1].type",
        "E-mail 1 - Value": "emails[1].address", "Phone 1 - Type": "phones[1].type", "Phone 1 - Value": "phones[1].number",
        "Phone 2 - Type": "phones[2].type", "Phone 2 - Value": "phones[2].number", "Address 1 - Type": "addresses[1].type",
        "Address 1 - Street": "addresses[1].lines", "Address 1 - PO Box": "addresses[1].lines",
        "Address 1 - Extended Address": "addresses[1].lines", "Address 1 - City": "addresses[1].locality",
        "Address 1 - Region": "addresses[1].region", "Address 1 - Postal Code": "addresses[1].postal_code",
        "Address 1 - Country": "addresses[1].country_code",
    }  # fmt: skip


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
