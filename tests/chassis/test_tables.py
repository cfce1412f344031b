"""Files of records as they are written out there: CSV, workbooks, vCards, lines of JSON."""

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.tables import CSV, NDJSON, VCARD, XLSX, Broken, Shape, Unreadable, rows, shape_of
from chassis.tables.delimited import delimiter_of, encoding_of
from chassis.tables.sinks import Cards, Csv, Xlsx

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

real = pytest.mark.skipif(not DATA.exists(), reason=f"the corpora are not at {DATA}")

# Where the corpus says otherwise than we read, and why.
DIFFERENT = {
    "newlines_crlf.csv": "on its way here the file lost the carriage returns that its answer has inside quotes",
    "location_coordinates.csv": "its answer is one record, not a list, and has another telephone number than the file",
}


def opening(data: bytes) -> Any:
    return lambda: io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]


def records(data: bytes, name: str = "a.csv", **told: Any) -> list[dict[str, Any]]:
    shape = shape_of(opening(data), name, **told)
    return [
        dict(zip(shape.headers, cells, strict=True)) for cells in read(data, shape) if not isinstance(cells, Broken)
    ]


def read(data: bytes, shape: Shape) -> list[Any]:
    return [cells for _, cells in rows(opening(data), shape)]


def broken(data: bytes, name: str = "a.csv", **told: Any) -> dict[int, Broken]:
    """The rows that cannot be read, by their number."""
    shape = shape_of(opening(data), name, **told)
    return {number: row for number, row in rows(opening(data), shape) if isinstance(row, Broken)}


@real
@pytest.mark.parametrize("path", sorted((DATA / "csv-spectrum/csvs").glob("*.csv")), ids=lambda path: path.name)
def test_every_file_of_the_spectrum_is_read_as_its_answer_says(path: Path) -> None:
    answer = json.loads((DATA / "csv-spectrum/json" / f"{path.stem}.json").read_text())
    found = records(path.read_bytes(), path.name)
    if path.name not in DIFFERENT:
        assert found == answer
    elif path.name == "newlines_crlf.csv":
        assert found == json.loads(json.dumps(answer).replace("\\r\\n", "\\n"))
    else:
        assert [each | {"Contact Phone Number": ""} for each in found] == [answer | {"Contact Phone Number": ""}]


@real
@pytest.mark.parametrize(
    ("name", "cards", "phones"),
    [
        ("John_Doe_ANDROID", 6, 9), ("John_Doe_GMAIL", 1, 2), ("John_Doe_IPHONE", 1, 7), ("John_Doe_MAC_ADDRESS_BOOK", 1, 7),
        ("John_Doe_MS_OUTLOOK", 1, 2), ("gmail-list", 3, 0), ("gmail-single", 1, 2), ("outlook-2007", 1, 4),
        ("rfc2426-example", 2, 4), ("rfc6350-example", 1, 2),
    ],
)  # fmt: skip
def test_every_card_and_every_telephone_of_the_wild_is_found(name: str, cards: int, phones: int) -> None:
    found = records((DATA / f"vcards/{name}.vcf").read_bytes(), f"{name}.vcf")
    told = [value for card in found for key, value in card.items() if key.startswith("Phone") and key.endswith("Value")]
    assert (len(found), sum(1 for value in told if value)) == (cards, phones)


@real
def test_names_companies_and_birthdays_of_cards_are_told_apart() -> None:
    [card] = records((DATA / "vcards/John_Doe_MAC_ADDRESS_BOOK.vcf").read_bytes(), "a.vcf")
    assert (card["Given name"], card["Family name"], card["Company"]) == ("John", "Doe", "IBM")
    assert (card["Birthday"], card["Phone 3 - Type"], card["E-mail 1 - Type"]) == ("2012-06-06", "mobile", "work")
    assert card["Website 1 - Value"] == "http://www.ibm.com"
    [card] = records((DATA / "vcards/rfc6350-example.vcf").read_bytes(), "a.vcf")
    assert "Birthday" not in card or not card["Birthday"], "a birthday without its year is none that a record keeps"
    assert "Time zone" not in card, "an offset is no time zone"
    assert (card["Address 1 - Street"], card["Phone 1 - Value"]) == ("2875 Laurier", "+1-418-656-9254 ext. 102")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp1251", "shift_jis", "gb18030"])
def test_a_text_is_read_in_its_own_encoding(encoding: str) -> None:
    text = {
        "cp1251": "Имя;Город\nАнна Сергеевна Каренина;Санкт-Петербург\nЛев Николаевич Толстой;Ясная Поляна\n",
        "shift_jis": "名前;都市\n山田太郎さん;東京都千代田区\n鈴木花子さん;大阪府大阪市\n",
        "gb18030": "姓名;城市\n张伟先生;北京市朝阳区\n王芳女士;上海市浦东新区\n",
    }.get(encoding, "Name;Ort\nJörg Müßig;Köln am Rhein\nFrançoise Étienne;Besançon\n")
    found = records(text.encode(encoding))
    assert [list(each.values()) for each in found] == [line.split(";") for line in text.splitlines()[1:]]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1252", "François Lefèvre, Hélène Doré"),
        ("cp1252", "José Muñoz, Ángel Peña"),
        ("cp1252", "João Conceição"),
        ("cp1252", "Søren Kjær, Åse Ødegård"),
        ("cp1252", "Niccolò Forlì"),
        ("cp1252", "Þór Guðrún"),
        ("cp1252", "Zoë Bœuf, Jürgen Groß, Åsa Öberg, Søren Kjær, José Muñoz, João Assunção"),
        ("cp1252", "O’Hara – “Wren” – 5 €"),
        ("cp1252", "René"),
        ("cp1250", "Łukasz Żółć, Świętosława Gęś"),
        ("cp1250", "Tomáš Dvořák, Jiří Černý"),
        ("cp1250", "Erdős Béla, Szűcs Győző"),
        ("cp1250", "Ionuţ Şerban"),
        ("cp1250", "Łukasz Żółć, Tomáš Dvořák, Jürgen Groß"),
        ("cp1251", "Анна Каренина"),
        ("cp1253", "Νίκος Παπαδόπουλος"),
        ("cp1254", "İbrahim Yılmaz, Ayşe Güneş, Çağrı Şimşek"),
        ("cp1255", "משה כהן"),
        ("cp932", "山田太郎、鈴木花子"),
        ("gb18030", "王小明 北京科技有限公司"),
        ("euc_kr", "김철수 삼성전자"),
        ("big5", "王小明 台北科技公司"),
    ],
)
@pytest.mark.parametrize("end", ["\n", ""])
def test_names_of_every_country_are_read_as_they_were_written(encoding: str, names: str, end: str) -> None:
    data = f"Name;Ort\n{names};Wien{end}".encode(encoding)
    assert [each["Name"] for each in records(data)] == [names]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_told_by_its_rows(delimiter: str) -> None:
    text = "\n".join(delimiter.join((f"a{n}", '"b, c; d"', "e")) for n in range(5))
    assert delimiter_of(text.encode(), "utf-8") == delimiter


def test_a_bad_byte_is_one_bad_cell() -> None:
    data = b"name\ngood\n" + b"x" * 300_000 + b"\n\xff\xfebad\n"
    cells = [row["name"] for row in records(data)]
    assert cells[0] == "good"
    with pytest.raises(UnicodeEncodeError):
        cells[2].encode()


def test_columns_of_one_name_are_told_apart() -> None:
    assert list(records(b"a,a,,a\n1,2,3,4\n")[0]) == ["a", "a (2)", "Column 3", "a (3)"]


def test_rows_without_a_header_have_numbered_columns() -> None:
    assert records(b"1,2\n3,4\n", has_header=False) == [
        {"Column 1": "1", "Column 2": "2"},
        {"Column 1": "3", "Column 2": "4"},
    ]


def test_rows_go_on_behind_those_that_were_read() -> None:
    data = b"a\n1\n2\n3\n"
    shape = shape_of(opening(data), "a.csv")
    assert list(rows(opening(data), shape, after=2)) == [(3, ["3"])]


def a_workbook(*lines: list[Any]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(out)
    return out.getvalue()


def test_a_workbook_has_numbers_and_else_what_people_would_type() -> None:
    import datetime

    data = a_workbook(["a", "b", "c", "d"], ["x", 7.0, datetime.datetime(2026, 1, 2), True], [None, 1.5, None, None])  # noqa: DTZ001
    assert shape_of(opening(data), "a.xlsx").format == XLSX
    assert records(data, "a.xlsx") == [
        {"a": "x", "b": 7, "c": "2026-01-02", "d": "true"}, {"a": "", "b": 1.5, "c": "", "d": ""},
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b"PK\x03\x04 no archive", b"not a workbook"])
def test_what_is_no_workbook_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(Unreadable):
        shape_of(opening(data), "a.xlsx", format=XLSX)


def test_lines_of_json_are_rows_and_a_bad_line_is_a_bad_row() -> None:
    data = b'nonsense\n{"a": 1}\n[1]\n{"b": [2]}\n'
    assert records(data, "a.ndjson", format=NDJSON) == [{"a": 1, "b": ""}, {"a": "", "b": [2]}]
    assert {number: row.reason.partition(":")[0] for number, row in broken(data, "a.ndjson", format=NDJSON).items()} == {
        1: "is no JSON", 3: "is no JSON object",
    }  # fmt: skip
    assert broken(data, "a.ndjson", format=NDJSON)[3].cells == ["[1]\n"]


def test_a_row_with_more_cells_than_columns_is_a_bad_row() -> None:
    data = b"a,b\n1,2\n1,2,3\n1,2,,\n"
    assert records(data) == [{"a": "1", "b": "2"}, {"a": "1", "b": "2"}]
    assert broken(data) == {2: Broken("has 3 cells, but there are 2 columns", ["1", "2", "3"])}


def test_a_file_without_a_header_is_as_wide_as_its_rows() -> None:
    assert records(b"1\n2,3\n", has_header=False) == [
        {"Column 1": "1", "Column 2": ""}, {"Column 1": "2", "Column 2": "3"},
    ]  # fmt: skip


def test_a_row_without_a_letter_is_none() -> None:
    assert records(b"a,b\n,\n1,2\n\n,\n") == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "a,b".encode("utf-16-le"), bytes(100)])
def test_what_is_neither_a_text_nor_a_workbook_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(Unreadable):
        shape_of(opening(data), "a.csv")


def test_a_card_that_does_not_end_is_a_bad_row() -> None:
    card = "BEGIN:VCARD\nFN:{}\n"
    data = (card.format("Ada") + card.format("Bea") + "END:VCARD\n" + card.format("Eve")).encode()
    assert [each["Name"] for each in records(data, "a.vcf")] == ["Bea"]
    assert {number: row.cells for number, row in broken(data, "a.vcf").items()} == {1: ["Ada"], 3: ["Eve"]}


def test_a_name_in_a_card_may_have_several_words_and_a_comma() -> None:
    card = b"BEGIN:VCARD\nN:Thorn;Ada\\, Countess,Maria;;Dr.,Prof.\nEND:VCARD\n"
    [found] = records(card, "a.vcf")
    assert (found["Given name"], found["Name prefix"]) == ("Ada, Countess Maria", "Dr. Prof.")


@pytest.mark.parametrize(
    ("data", "name", "format"),
    [(b"a,b\n", "x", CSV), (b"BEGIN:VCARD\nEND:VCARD", "x", VCARD), (b'{"a":1}', "x", NDJSON), (b"", "x", CSV)],
)
def test_a_format_is_told_by_the_content(data: bytes, name: str, format: str) -> None:
    assert shape_of(opening(data), name).format == format


_CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n;,\"'"), max_size=20)
_TABLE = st.lists(st.lists(_CELLS, min_size=2, max_size=2).filter(any), min_size=1, max_size=5)


@given(_TABLE)
def test_csv_that_was_written_is_read_again(table: list[list[str]]) -> None:
    sink = Csv(";", raw=True)
    data = sink.head(["left", "right"]) + sink.rows(table) + sink.end()
    shape = Shape(CSV, "utf-8-sig", ";", headers=("left", "right"))
    assert [cells for _, cells in rows(opening(data), shape)] == table


@given(_TABLE)
def test_a_workbook_that_was_written_is_read_again(table: list[list[str]]) -> None:
    sink = Xlsx()
    data = sink.head(["left", "right"]) + sink.rows(table) + sink.end()
    shape = Shape(XLSX, headers=("left", "right"))
    assert [cells for _, cells in rows(opening(data), shape)] == table


@given(_CELLS.map(str.strip), _CELLS.map(str.strip))
def test_a_card_that_was_written_is_read_again(given_name: str, family_name: str) -> None:
    from hypothesis import assume

    assume(given_name and family_name and "," not in given_name + family_name)
    data = Cards().rows([[("N", [family_name, given_name, "", "", ""])]])
    [card] = records(data, "a.vcf")
    assert (card["Given name"], card["Family name"]) == (given_name, family_name)


def test_a_web_address_is_written_as_it_is_and_read_again() -> None:
    data = Cards().rows(
        [[("N", ["Thorn", "Ada"]), ("URL;TYPE=WORK", ["https://a.example/b,c;d"]), ("URL", ["https://e.example"])]]
    )
    assert b"\r\nURL;TYPE=WORK:https://a.example/b,c;d\r\n" in data
    [card] = records(data, "a.vcf")
    assert (card["Website 1 - Value"], card["Website 1 - Type"]) == ("https://a.example/b,c;d", "work")
    assert card["Website 2 - Value"] == "https://e.example"


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        records(data)
    except Unreadable:
        return


def test_a_sample_that_ends_inside_a_character_is_still_utf_8() -> None:
    assert encoding_of(("ä" * 100).encode()[:-1]) == "utf-8"
