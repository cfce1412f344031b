"""Hard cases put to the public API, and what it says to each: telephone numbers, e-mail addresses, naughty strings."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import phonenumbers

from tests.journeys.master_data.verdicts import Verdicts
from tests.rest import Client

_PICTURES = {0x2400 + code: chr(code) for code in range(33)}  # how the corpus writes control characters

# Why an address that an RFC allows is refused: nobody outside can write to it, or nobody should have to.
REASONS = {
    "ISEMAIL_VALID": "a domain of one label",
    "ISEMAIL_RFC5321_TLD": "a domain of one label",
    "ISEMAIL_RFC5321_TLDNUMERIC": "a numeric top-level domain",
    "ISEMAIL_RFC5321_QUOTEDSTRING": "a quoted local part",
    "ISEMAIL_RFC5321_ADDRESSLITERAL": "an address literal",
    "ISEMAIL_RFC5321_IPV6DEPRECATED": "an address literal",
    "ISEMAIL_CFWS_COMMENT": "a comment",
    "ISEMAIL_CFWS_FWS": "folding white space",
    "ISEMAIL_DEPREC_LOCALPART": "an obsolete form",
    "ISEMAIL_DEPREC_FWS": "an obsolete form",
    "ISEMAIL_DEPREC_QTEXT": "an obsolete form",
    "ISEMAIL_DEPREC_QP": "an obsolete form",
    "ISEMAIL_DEPREC_COMMENT": "an obsolete form",
    "ISEMAIL_DEPREC_CTEXT": "an obsolete form",
    "ISEMAIL_DEPREC_CFWS_NEAR_AT": "an obsolete form",
}
_ONLY_IN_HEADERS = "allowed in a header (RFC 5322), not in a mailbox to write to (RFC 5321)"


def telephones(client: Client, folder: Path) -> Verdicts:
    """Every example is read in its country's national form, and is valid."""
    examples = json.loads((folder / "examples.mobile.json").read_text(encoding="utf-8"))
    known = _known_numbers(folder.parent / "README.md")
    verdicts = Verdicts()
    items = [{"family_name": region, "phones": [{"raw": raw, "region": region}]} for region, raw in examples.items()]
    for contact, result in _made(client, items):
        region, taken = contact["family_name"], "contact" in result
        number, raw = (result["contact"]["phones"][0][name] for name in ("number", "raw")) if taken else ("", "")
        valid = taken and phonenumbers.is_valid_number(phonenumbers.parse(number))
        verdicts.judge(f"{region}: {number or result['error']}", taken, valid and raw == examples[region])
        if region in known:
            verdicts.hold(f"{region}: {number} instead of {known[region]}", number == known[region])
    return verdicts


def addresses(client: Client, folder: Path) -> Verdicts:
    """What no RFC allows is refused; what one allows is taken, or refused for a reason that is known."""
    verdicts, cases = Verdicts(), []
    for test in ElementTree.parse(folder / "tests.xml").getroot().findall("test"):
        address = (test.findtext("address") or "").translate(_PICTURES)
        cases.append((address, test.findtext("category") or "", test.findtext("diagnosis") or ""))
    items = [{"family_name": diagnosis, "emails": [{"address": address}]} for address, _, diagnosis in cases]
    for (address, category, diagnosis), (_, result) in zip(cases, _alone(client, items), strict=True):
        taken, valid = "contact" in result, category != "ISEMAIL_ERR"
        why = _ONLY_IN_HEADERS if category == "ISEMAIL_RFC5322" else REASONS.get(diagnosis, "")
        verdicts.judge(repr(address), taken, taken == valid, "" if taken else why)
        if not taken and _fields(result) != ["emails[0].address"]:
            verdicts.wrong.append(f"{address!r} is refused elsewhere: {result['error']}")
        if taken and result["contact"]["emails"][0]["address"] != address and address.isascii():
            verdicts.wrong.append(f"{address!r} became {result['contact']['emails'][0]['address']!r}")
    return verdicts


def strings(client: Client, folder: Path) -> Verdicts:
    """Every string comes back as it was, or is refused at the field that has it; and can be searched for."""
    texts = json.loads((folder / "blns.json").read_text(encoding="utf-8"))
    verdicts = Verdicts()
    items = [{"given_name": text, "family_name": "Naughty", "description": text} for text in texts]
    for text, (_, result) in zip(texts, _made(client, items), strict=True):
        taken, contact = "contact" in result, result.get("contact", {})
        kept = (contact.get("given_name", ""), contact.get("description", "")) == (text, text)
        verdicts.judge(repr(text), taken, kept, "" if taken else result["error"]["errors"][0]["detail"])
        if not taken and not set(_fields(result)) <= {"given_name", "description"}:
            verdicts.wrong.append(f"{text!r}: {result['error']}")
        answer = client.insist("POST", "/v1/contacts:search", {"query": text, "page_size": 1})
        if answer.status not in (200, 400):
            verdicts.wrong.append(f"searching for {text!r}: {answer.status}")
    return verdicts


def _made(client: Client, contacts: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each contact with what came of making it."""
    for first in range(0, len(contacts), 200):
        batch = contacts[first : first + 200]
        results = client.post("/v1/contacts:batchCreate", {"items": [{"contact": each} for each in batch]})["results"]
        yield from zip(batch, results, strict=True)


def _alone(client: Client, contacts: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The same with a request for each, for what no JSON document may hold, such as U+0000, refuses a whole batch."""
    for contact in contacts:
        answer = client.insist("POST", "/v1/contacts", contact)
        yield contact, {"contact" if answer.acknowledged else "error": answer.body}


def _fields(result: dict[str, Any]) -> list[str]:
    """The fields of a contact that a problem document names: `/items/3/contact/emails/0/address` → `emails[0].address`."""
    return [_dotted(each["pointer"]) for each in result["error"].get("errors", ())]


def _dotted(pointer: str) -> str:
    parts = re.sub(r"^#?/(items/\d+/)?(contact/)?", "", pointer).split("/")
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).removeprefix(".")


def _known_numbers(readme: Path) -> dict[str, str]:
    [text] = re.findall(r"\*\*phone-examples\*\* \(E\.164.*?\): (.*?)\. All", readme.read_text(encoding="utf-8"))
    return dict(each.split(" ") for each in text.split(", "))
