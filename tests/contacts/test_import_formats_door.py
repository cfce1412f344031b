"""Imports of what is no plain table of texts: lines of JSON, workbooks, and numbers and dates as a country writes them."""

import io
import json
from typing import Any

import openpyxl
import pytest
from crm.common.v1 import listing_pb2
from crm.contacts.v1 import account_pb2

from chassis.testing import Caller, details
from tests.builders.fields import define
from tests.contacts.importing import an_import, contacts, counts, done, result
from tests.refused import refused


def test_ndjson_comes_in_as_the_api_writes_it(caller: Caller) -> None:
    lines = (
        '{"given_name": "Ada", "emails": [{"address": "ada@x.example", "type": "work"}], "tags": ["a", "b"]}\n'
        "{not json}\n"
        '{"given_name": "Bo", "external_ids": [{"system": "erp", "id": "7"}]}\n'
    )
    run = done(caller, lines, "rows.ndjson")
    assert counts(run) == {"done": 3, "created": 2, "refused": 1}
    ada = contacts(caller)[0]
    assert (list(ada.tags), ada.emails[0].type) == (["a", "b"], "work")


def test_web_sites_of_a_card_come_in_with_their_types(caller: Caller) -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nN:Thorn;Ada\nURL;TYPE=work:http\\://thorn.example\nitem1.URL:ada.example\n{}END:VCARD\n"
    for more, count in (("", {"created": 1}), ("", {"unchanged": 1}), ("URL:no page\n", {"refused": 1})):
        run = done(caller, card.format("UID:7\n" + more), "cards.vcf")
        assert counts(run) == {"done": 1} | count
    [ada] = contacts(caller)
    assert [(each.url, each.type) for each in ada.websites] == [
        ("http://thorn.example", "work"),
        ("https://ada.example", ""),
    ]
    [[row, column, cell, reason, *_]] = result(caller, run)
    assert (row, column, cell) == ("1", "Website 3 - Value", "no page")
    assert "URL" in reason


def test_decimal_commas_dates_and_national_numbers_are_read_as_their_country_writes_them(caller: Caller) -> None:
    rows = "Firma;Umsatz;Telefon;Mitarbeiter\nBäckerei Süß;1.234,50 €;030 901820;1.000\n".encode("cp1252")
    columns = [
        {"header": "Firma", "target": "name"}, {"header": "Umsatz", "target": "annual_revenue"},
        {"header": "Telefon", "target": "phones[work].number"}, {"header": "Mitarbeiter", "target": "employee_count"},
    ]  # fmt: skip
    run = done(caller, rows, noun="account", decimal_mark=",", country_code="DE", columns=columns)
    assert (counts(run), run.delimiter) == ({"done": 1, "created": 1}, ";")
    [account] = caller.ListAccounts(listing_pb2.ListRequest()).accounts
    assert (account.name, account.phones[0].number, account.employee_count) == ("Bäckerei Süß", "+4930901820", 1000)
    revenue = account.annual_revenue
    assert (revenue.currency_code, revenue.units, revenue.nanos) == ("EUR", 1234, 500_000_000)
    assert isinstance(account, account_pb2.Account)


def test_a_number_of_the_file_is_no_text_that_its_customs_are_about(caller: Caller) -> None:
    define(caller, "score", noun="account", type="DECIMAL")
    lines = '{"name": "A", "score": 12.5}\n{"name": "B", "score": "1.234,5"}\n{"name": "C", "score": -0.125}\n'
    told = [json.loads(line) for line in lines.splitlines()]
    columns = [{"header": "name", "target": "name"}, {"header": "score", "target": "custom_fields.score"}]
    for data, name in ((a_workbook(told), "rows.xlsx"), (lines, "rows.ndjson")):
        run = done(caller, data, name, noun="account", decimal_mark=",", columns=columns)
        assert counts(run) == {"done": 3, "created": 3}
    found = caller.ListAccounts(listing_pb2.ListRequest()).accounts
    scores = [(each.name, each.custom_fields["score"]) for each in found]
    assert sorted(scores) == sorted([("A", "12.5"), ("B", "1234.5"), ("C", "-0.125")] * 2)


def a_workbook(rows: list[dict[str, Any]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for line in (list(rows[0]), *(list(row.values()) for row in rows)):
        book.active.append(line)
    book.save(out)
    return out.getvalue()


def test_what_is_no_table_is_no_import(caller: Caller) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
    told = details(refused(an_import, caller, picture, name="people.csv"))["violations"]
    assert told == {"import.file_id": "cannot be read: it is neither a text nor a workbook"}


@pytest.mark.parametrize(
    ("rows", "name", "reason"),
    [
        ("First name,E-mail\nAda,ada@x.example\nBo,Reed,bo@x.example\n", "a.csv", "has 3 cells, but there are 2 columns"),
        ('{"given_name": "Ada"}\n["Bo"]\n', "a.ndjson", "is no JSON object"),
        (
            "BEGIN:VCARD\nN:Thorn;Ada\nEND:VCARD\nBEGIN:VCARD\nN:Reed;Bo\n", "a.vcf",
            "is a card without END:VCARD: the file may have been cut off",
        ),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_listed_and_the_others_come_in(
    caller: Caller, rows: str, name: str, reason: str
) -> None:
    run = done(caller, rows, name)
    assert counts(run) == {"done": 2, "created": 1, "refused": 1}
    assert result(caller, run) == [["2", "", "", reason]]


def test_an_id_that_names_no_record_is_refused_where_records_are_found_by_it(caller: Caller) -> None:
    rows = "id,First name,E-mail\ncon_00000000000000000000000000,Ada,ada@x.example\n"
    run = done(caller, rows, match_keys=["id", "emails.address"])
    assert counts(run) == {"done": 1, "refused": 1}
    assert [line[1:] for line in result(caller, run)] == [
        ["id", "con_00000000000000000000000000", "names no record that you may see"]
    ]
    assert counts(done(caller, rows)) == {"done": 1, "created": 1}, (
        "an export of another company comes in as new records"
    )
