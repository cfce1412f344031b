"""vCards 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350) as rows whose columns are called as Outlook and people call them.

Read here and not by a library: those that are kept lose the types of 2.1 (`TEL;CELL:`), or stop at photographs of telephones.
"""

import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chassis.tables.broken import Broken

_ESCAPE = re.compile(r"\\(.)")
_PARAMETER = re.compile(r'((?:"[^"]*"|[^";])+)')
_LABEL = re.compile(r"_\$!<(.*)>!\$_\Z")
_NOT_TYPES = frozenset(
    {"voice", "pref", "internet", "x400", "msg", "text", "parcel", "postal", "intl", "dom", "quoted-printable", "8bit"}
)
_SAME = {"cell": "mobile", "iphone": "mobile"}
_LONGEST = 1 << 20  # characters of one line; photographs are longer, and nothing here needs them

Row = dict[str, str]

_ENDLESS = "is a card without END:VCARD: the file may have been cut off"


@dataclass(frozen=True)
class Line:
    """One property of a card."""

    group: str
    name: str
    types: tuple[str, ...]
    params: dict[str, str]
    value: str


def read(text: Iterable[str]) -> Iterator[Row | Broken]:
    """The cards, each as a row: `Given name`, `E-mail 1 - Value`, `Phone 2 - Type`, `Address 1 - Street`, …"""
    card: list[Line] | None = None
    for raw in _unfolded(text):
        upper = raw.strip().upper()
        if upper == "BEGIN:VCARD":
            if card is not None:
                yield Broken(_ENDLESS, [line.value for line in card])
            card = []
        elif upper == "END:VCARD" and card is not None:
            yield _row(card)
            card = None
        elif card is not None and (line := _line(raw)):
            card.append(line)
    if card is not None:
        yield Broken(_ENDLESS, [line.value for line in card])


def _unfolded(text: Iterable[str]) -> Iterator[str]:
    held = ""
    for raw in text:
        line = raw.rstrip("\r\n")
        soft = held.endswith("=") and "QUOTED-PRINTABLE" in held.partition(":")[0].upper()
        if soft:
            held = held[:-1] + line.lstrip(" \t") if line[:1] in " \t" else held[:-1] + line
        elif line[:1] in (" ", "\t"):
            held += line[1:] if len(held) < _LONGEST else ""
        else:
            if held:
                yield held
            held = line
    if held:
        yield held


def _line(raw: str) -> Line | None:
    head, colon, value = _cut(raw)
    if not colon:
        return None
    name, *given = _PARAMETER.findall(head)
    group, _, name = name.rpartition(".")
    types, params = [], {}
    for param in given:
        key, equals, told = param.partition("=")
        if not equals or key.upper() == "TYPE":  # 2.1 writes types alone
            types += [each.strip().lower() for each in (told if equals else key).strip('"').split(",")]
        else:
            params[key.upper()] = told.strip('"')
    if "quoted-printable" in types or params.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        data = quopri.decodestring(value.encode("utf-8", "surrogateescape"))
        try:
            value = data.decode(params.get("CHARSET", "utf-8"), "surrogateescape")
        except LookupError:
            value = data.decode("utf-8", "surrogateescape")
    return Line(group, name.upper(), tuple(types), params, value)


def _cut(raw: str) -> tuple[str, str, str]:
    quoted = False
    for at, letter in enumerate(raw):
        if letter == '"':
            quoted = not quoted
        elif letter == ":" and not quoted:
            return raw[:at], ":", raw[at + 1 :]
    return raw, "", ""


def _split(text: str, mark: str) -> list[str]:
    """The parts between marks that are not escaped."""
    parts, part, escaped = [], "", False
    for letter in text:
        if letter == mark and not escaped:
            parts.append(part)
            part = ""
            continue
        escaped = letter == "\\" and not escaped
        part += letter
    return [*parts, part]


def _plain(value: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def _parts(line: Line, count: int) -> list[str]:
    found = [_plain(part).rstrip(",") for part in _split(line.value, ";")]
    return (found + [""] * count)[:count]


def _row(card: list[Line]) -> Row:
    row: Row = {}
    labels = {line.group: _plain(line.value) for line in card if line.name == "X-ABLABEL"}
    counts: dict[str, int] = {}
    for line in card:
        if line.name in _MANY:
            number = counts[line.name] = counts.get(line.name, 0) + 1
            _MANY[line.name](row, line, number, _type(line, labels))
        elif line.name in _ONCE:
            _ONCE[line.name](row, line)
    if not row.get("Given name") and not row.get("Family name") and row.get("Name"):
        given, _, family = row["Name"].rpartition(" ")
        row |= {"Given name": given, "Family name": family}
    return {name: value for name, value in row.items() if value}


def _type(line: Line, labels: dict[str, str]) -> str:
    if label := labels.get(line.group, "") if line.group else "":
        return (_LABEL.sub(r"\1", label)).lower()
    told = [_SAME.get(each, each) for each in line.types if each and each not in _NOT_TYPES]
    told.sort(key=lambda each: each not in ("mobile", "fax", "pager"))  # the device says more than the place
    return told[0] if told else ""


_NAMES = ("Family name", "Given name", "Middle name", "Name prefix", "Name suffix")


def _names(row: Row, line: Line) -> None:
    row |= zip(
        _NAMES, (" ".join(map(_plain, _split(part, ","))).strip() for part in _split(line.value, ";")), strict=False
    )


def _organisation(row: Row, line: Line) -> None:
    row["Company"], row["Department"] = _parts(line, 2)


def _text(name: str) -> Any:
    return lambda row, line: row.setdefault(name, _plain(line.value))


def _date(row: Row, line: Line) -> None:
    told = line.value.partition("T")[0].strip()
    if not told.startswith("-"):  # a birthday without its year is none that a record can keep
        row["Birthday"] = told


def _zone(row: Row, line: Line) -> None:
    told = _plain(line.value)
    if "/" in told:  # an offset from UTC, `-0500`, holds for half a year and names no zone
        row.setdefault("Time zone", told)


def _tags(row: Row, line: Line) -> None:
    row["Tags"] = ";".join(filter(None, (_plain(each) for each in _split(line.value, ","))))


def _email(row: Row, line: Line, number: int, type: str) -> None:
    row |= {f"E-mail {number} - Value": _plain(line.value).removeprefix("mailto:"), f"E-mail {number} - Type": type}


def _phone(row: Row, line: Line, number: int, type: str) -> None:
    told, *parameters = _plain(line.value).removeprefix("tel:").split(";")
    told += "".join(each.replace("ext=", " ext. ") for each in parameters if each.startswith("ext="))  # RFC 3966, 3
    row |= {f"Phone {number} - Value": told, f"Phone {number} - Type": type}


def _website(row: Row, line: Line, number: int, type: str) -> None:
    row |= {f"Website {number} - Value": _plain(line.value), f"Website {number} - Type": type}


def _address(row: Row, line: Line, number: int, type: str) -> None:
    box, extended, street, city, region, code, country = _parts(line, 7)
    row |= {
        f"Address {number} - Type": type, f"Address {number} - PO Box": box, f"Address {number} - Extended Address": extended,
        f"Address {number} - Street": street, f"Address {number} - City": city, f"Address {number} - Region": region,
        f"Address {number} - Postal Code": code, f"Address {number} - Country": country,
    }  # fmt: skip


_MANY: dict[str, Any] = {"EMAIL": _email, "TEL": _phone, "ADR": _address, "URL": _website}
_ONCE: dict[str, Any] = {
    "N": _names, "FN": _text("Name"), "ORG": _organisation, "TITLE": _text("Job title"), "NOTE": _text("Notes"),
    "BDAY": _date, "UID": _text("UID"), "LANG": _text("Language"), "TZ": _zone,
    "CATEGORIES": _tags, "NICKNAME": _text("Nickname"),
}  # fmt: skip
