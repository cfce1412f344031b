"""Exports: what their user may see, in every format, harmless to spreadsheets, and fit to come in again."""

import csv
import io
import time
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from crm.common.v1 import file_pb2, requests_pb2
from crm.contacts.v1 import contact_pb2, export_pb2

from chassis.tables import rows, shape_of
from chassis.testing import Caller, details
from tests.contacts.importing import END, contacts, counts, done, state
from tests.refused import refusal, refused

ADA = {
    "given_name": "Ada", "family_name": "Thorn; of, the \"Roses\"", "job_title": "=HYPERLINK(\"http://evil\")",
    "emails": [{"address": "ada@thorn.example", "type": "work"}], "phones": [{"number": "+4915123456789", "type": "mobile"}],
    "addresses": [{"type": "home", "lines": ["1 Rose Lane", "Flat 2"], "locality": "Paris", "country_code": "FR"}],
    "websites": [{"url": "https://thorn.example/a;b,c?d=1", "type": "work"}, {"url": "http://ada.example"}],
    "birth_date": "1990-02-03", "tags": ["a", "b"], "description": "Zeile 1\nZeile 2 — 你好",
}  # fmt: skip


def a_contact(caller: Caller, **fields: Any) -> Any:
    return caller.CreateContact(contact_pb2.CreateContactRequest(contact=fields))


def an_export(caller: Caller, **fields: Any) -> tuple[Any, bytes]:
    """An export that has ended, and its file."""
    told = {"noun": "contact", "format": "CSV"} | fields
    made = caller.CreateExport(export_pb2.CreateExportRequest(export=told))
    deadline = time.monotonic() + 60
    while state(found := caller.GetExport(requests_pb2.GetRequest(id=made.id))) not in END:
        assert time.monotonic() < deadline, "it never ended"
        time.sleep(0.05)
    if not found.file_id:
        return found, b""
    asked = file_pb2.DownloadFileRequest(id=found.file_id)
    return found, b"".join(piece.data for piece in caller.DownloadFile(asked))


def the_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_text_that_looks_like_a_formula_is_made_harmless(caller: Caller) -> None:
    a_contact(caller, **ADA)
    export, data = an_export(caller, columns=["job_title", "phones[mobile].number", "family_name"])
    assert (state(export), export.progress.total_count, counts(export)) == ("DONE", 1, {"done": 1})
    [row] = the_rows(data)
    assert row == {
        "job_title": "'=HYPERLINK(\"http://evil\")", "phones[mobile].number": "'+4915123456789",
        "family_name": ADA["family_name"],
    }  # fmt: skip


def test_raw_text_takes_a_permission_of_its_own(caller: Caller, colleague: Callable[..., Caller]) -> None:
    a_contact(caller, **ADA)
    _, data = an_export(caller, columns=["job_title"], raw=True)
    assert the_rows(data)[0]["job_title"] == ADA["job_title"]
    clerk = colleague(grants={"contacts.contact.*": "all", "contacts.export.*": "all", "contacts.file.*": "all"})
    assert refusal(an_export, clerk, raw=True) == "FORBIDDEN"


@pytest.mark.parametrize("format", ["CSV", "XLSX", "NDJSON", "VCARD"])
def test_what_went_out_comes_in_again(caller: Caller, colleague: Callable[..., Caller], format: str, door: Any) -> None:
    from chassis.testing import somebody

    known = a_contact(caller, **ADA)
    export, data = an_export(caller, format=format)
    assert state(export) == "DONE", export.failure
    elsewhere = door(somebody())
    name = f"contacts.{ {'CSV': 'csv', 'XLSX': 'xlsx', 'NDJSON': 'ndjson', 'VCARD': 'vcf'}[format] }"
    run = done(elsewhere, data, name)
    assert counts(run) == {"done": 1, "created": 1}, run
    [copy] = contacts(elsewhere)
    for name in ("given_name", "family_name", "job_title", "birth_date", "description", "emails", "phones", "websites"):
        assert getattr(copy, name) == getattr(known, name), name
    assert list(copy.addresses[0].lines) == ["1 Rose Lane", "Flat 2"]
    if format != "VCARD":
        assert list(copy.tags) == ["a", "b"]


def test_an_export_that_comes_in_again_changes_nothing(caller: Caller) -> None:
    a_contact(caller, **ADA)
    _, data = an_export(caller)
    assert counts(done(caller, data, match_keys=["id"])) == {"done": 1, "unchanged": 1}


def test_only_what_the_caller_may_see_goes_out(caller: Caller, colleague: Callable[..., Caller]) -> None:
    a_contact(caller, given_name="Hidden")
    clerk = colleague(grants={"contacts.contact.*": "own", "contacts.export.*": "all", "contacts.file.*": "all"})
    a_contact(clerk, given_name="Mine")
    _, data = an_export(clerk, columns=["given_name"])
    assert the_rows(data) == [{"given_name": "Mine"}]


def test_a_filter_narrows_what_goes_out(caller: Caller) -> None:
    for name in ("Ada", "Bo"):
        a_contact(caller, given_name=name)
    _, data = an_export(
        caller, columns=["given_name"], filter={"field": "given_name", "op": "eq", "value": {"string_value": "Bo"}}
    )
    assert the_rows(data) == [{"given_name": "Bo"}]


def test_a_workbook_is_one_that_spreadsheets_open(caller: Caller) -> None:
    a_contact(caller, **ADA)
    _, data = an_export(caller, format="XLSX", columns=["given_name", "job_title"])
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["given_name", "job_title"],
        ["Ada", ADA["job_title"]],
    ]
    assert sheet.cell(2, 2).data_type == "s"


def test_more_than_a_page_goes_out_whole(caller: Caller) -> None:
    lines = "".join(f"P{number}\n" for number in range(2300))
    done(caller, f"First name\n{lines}")
    _, data = an_export(caller, columns=["given_name"])
    assert {row["given_name"] for row in the_rows(data)} == {f"P{number}" for number in range(2300)}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"columns": ["shoe_size"]}, "export.columns[0]"),
        ({"noun": "account", "format": "VCARD"}, "export.format"),
        ({"filter": {"field": "shoe_size", "op": "eq", "value": {"number_value": 1}}}, "export.filter.field"),
        ({"noun": "horse"}, "export.noun"),
    ],
)
def test_what_does_not_fit_is_named(caller: Caller, fields: dict[str, Any], path: str) -> None:
    assert path in details(refused(an_export, caller, **fields))["violations"]


def test_whoever_may_not_read_the_noun_exports_none(colleague: Callable[..., Caller]) -> None:
    clerk = colleague(grants={"contacts.export.*": "all", "contacts.file.*": "all"})
    assert refusal(an_export, clerk) == "FORBIDDEN"


def test_a_card_reads_as_it_was_written(caller: Caller) -> None:
    a_contact(caller, **ADA)
    _, data = an_export(caller, format="VCARD")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    shape = shape_of(lambda: io.BufferedReader(io.BytesIO(data)), "a.vcf")  # type: ignore[arg-type]
    [(_, cells)] = rows(lambda: io.BufferedReader(io.BytesIO(data)), shape)  # type: ignore[arg-type]
    card = dict(zip(shape.headers, cells, strict=True))
    assert (card["Given name"], card["Family name"], card["Notes"]) == ("Ada", ADA["family_name"], ADA["description"])
