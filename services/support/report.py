"""What a bounce or a complaint says: whose mailbox, what happened, and whether the address is bad for good.

First the machine-readable parts (RFC 3464, RFC 5965); where there are none, flufl.bounce, which knows the words of some fifty
mail systems; and where that finds nothing, the words that systems share.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any

from flufl.bounce import all_failures

from services.support import charset
from services.support.letter import Letter
from services.support.wording import is_gone, is_return_sender, is_return_subject, is_return_text


@dataclass(frozen=True)
class Report:
    """What is said of one recipient."""

    recipient: str
    action: str = ""
    status: str = ""
    diagnostic: str = ""
    hard: bool = False


COMPLAINED, FAILED, DELAYED = "complained", "failed", "delayed"

_TOLD_BY_MICROSOFT = "complaint about message from"  # its feedback loop has a form of its own
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.-])([45]\d\d)[ -](?=\S)")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'`=]{1,64}@[\w.-]{1,250}\.[A-Za-z][\w-]{0,60}")
_SAID = 8000  # characters of a bounce that are searched for words
# RFC 3463: addresses that do not exist, whatever is said beside.
_ABSENT = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.7.27")
# Of the sender, of policies, of the network and of contents: the recipient's address may be good.
_OTHERWISE = ("4.", "2.", "5.7.", "5.1.7", "5.1.8", "5.6.", "5.2.2", "5.2.3")


def complained(letter: Letter) -> list[Report]:
    """The complaint that a mail reports (RFC 5965); nothing when it is none."""
    for part in _parts(letter.mime):
        if part.get_content_type() == "message/feedback-report":
            fields = _fields(_content(part))
            kind = fields.get("feedback-type", "abuse").lower()
            recipient = _address(fields.get("original-rcpt-to", "") or fields.get("removal-recipient", ""))
            # An authentication failure report (RFC 6591) is no complaint of a person.
            return [Report(recipient, "relayed" if kind == "auth-failure" else COMPLAINED, diagnostic=kind)]
    if letter.header("x-hmxmroriginalrecipient") or letter.subject.lower().startswith(_TOLD_BY_MICROSOFT):
        return [Report(_address(letter.header("x-hmxmroriginalrecipient")), COMPLAINED, diagnostic="abuse")]
    told = _notification(letter)
    if told.get("notificationType") == "Complaint":
        people = told.get("complaint", {}).get("complainedRecipients", [])
        return [Report(str(each.get("emailAddress", "")).lower(), COMPLAINED, diagnostic="abuse") for each in people]
    return []


def looks_returned(letter: Letter) -> bool:
    """Whether a mail looks like one that a mail system returns."""
    return (
        is_return_sender(letter.sender.email)
        or is_return_subject(letter.subject)
        or bool(letter.header("x-failed-recipients"))
        or is_return_text(letter.text[:_SAID])
        or bool(_notification(letter))
    )


def bounced(letter: Letter) -> list[Report]:
    """What a bounce or a notice of delay says of each recipient; nothing when it says nothing."""
    return _standard(letter) or _notified(letter) or _worded(letter)


def hard(status: str, words: str) -> bool:
    """Whether an address is bad for good: it does not exist, by status (RFC 3463) or, where that is vague, by words."""
    if status.startswith(_OTHERWISE) and status not in _ABSENT:
        return False
    return is_gone(words, unless_said=status not in _ABSENT)


# -------------------------------------------------------------------- RFC 3464


def _standard(letter: Letter) -> list[Report]:
    found: dict[str, Report] = {}
    for part in _parts(letter.mime):
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            blocks = [_fields(block) for block in re.split(r"\n[ \t]*\n", _content(part).replace("\r\n", "\n"))]
            for block in blocks:
                if "action" in block or "final-recipient" in block:
                    report = _of_block(block, letter)
                    found.setdefault(report.recipient or str(len(found)), report)
    return [each for each in found.values() if each.recipient or each.status]


def _of_block(block: dict[str, str], letter: Letter) -> Report:
    recipient = _address(block.get("final-recipient", "")) or _address(block.get("original-recipient", ""))
    diagnostic = block.get("diagnostic-code", "").partition(";")[2].strip() or block.get("diagnostic-code", "")
    status = _first(_STATUS, block.get("status", ""))
    if _vague(status) and not _vague(better := _first(_STATUS, diagnostic)):
        status = better
    action = next(iter(re.findall(r"[a-z]+", block.get("action", FAILED).lower())), FAILED)
    words = diagnostic if len(diagnostic) > 15 else f"{diagnostic} {letter.text[:_SAID]}"
    return Report(recipient, action, status, diagnostic[:500], action == FAILED and hard(status, words))


# -------------------------------------------------------------------- services that tell in JSON


def _notification(letter: Letter) -> dict[str, Any]:
    if "notificationType" not in letter.text:
        return {}
    text = re.sub(r"\s*\n", "", letter.text)
    try:
        told = json.JSONDecoder().raw_decode(text[text.index("{") :])[0]
    except ValueError:
        return {}
    return told if isinstance(told, dict) and isinstance(told.get("mail"), dict) else {}


def _notified(letter: Letter) -> list[Report]:
    bounce = _notification(letter).get("bounce")
    if not isinstance(bounce, dict):
        return []
    found = []
    for each in bounce.get("bouncedRecipients") or []:
        diagnostic, status = str(each.get("diagnosticCode", "")), str(each.get("status", ""))
        status = status if _STATUS.fullmatch(status) else _first(_STATUS, diagnostic)
        bad = hard(status, diagnostic)
        found.append(Report(str(each.get("emailAddress", "")).lower(), FAILED, status, diagnostic[:500], bad))
    return found


# -------------------------------------------------------------------- words


def _worded(letter: Letter) -> list[Report]:
    words = letter.text[:_SAID]
    return [_of_words(recipient, action, words) for recipient, action in _named(letter, words)]


def _named(letter: Letter, words: str) -> list[tuple[str, str]]:
    try:
        temporary, permanent = all_failures(letter.mime)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
    ):  # detectors that meet mails unlike theirs
        temporary, permanent = frozenset(), frozenset()
    named = [(address, DELAYED) for address in temporary - permanent] + [(address, FAILED) for address in permanent]
    if named:
        return sorted((charset.text(address, "utf-8").lower(), action) for address, action in named)
    address = _first_address(letter.header("x-failed-recipients")) or _first_address(words)
    return [(address, FAILED)] if address else []


def _of_words(recipient: str, action: str, words: str) -> Report:
    near = max(words.lower().find(recipient), 0)
    said = words[max(near - 200, 0) : near + 2000]
    status = _first(_STATUS, said[200:] if near > 200 else said) or _first(_STATUS, words)
    line = next((each for each in said.split("\n") if _REPLY.search(each) or _STATUS.search(each)), said.strip()[:200])
    return Report(recipient, action, status, line.strip()[:500], action == FAILED and hard(status, said))


def _first_address(words: str) -> str:
    found = _ADDRESS.search(words)
    return found[0].lower().strip(".") if found else ""


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _vague(status: str) -> bool:
    return not status or status.endswith(".0")


def _address(value: str) -> str:
    return _first_address(value.partition(";")[2] or value)


# -------------------------------------------------------------------- parts


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    unfolded = re.sub(r"\n[ \t]+", " ", block.replace("\r\n", "\n"))
    for line in unfolded.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip() and " " not in name.strip():
            fields.setdefault(name.strip().lower(), charset.header(value))
    return fields


def _content(part: Any) -> str:
    payload = part.get_payload()
    if isinstance(payload, list):  # Python reads such a part as messages, often without a body
        return "\n\n".join(_printed(each) for each in payload)
    data = part.get_payload(decode=True)
    return charset.text(data, "utf-8") if isinstance(data, bytes) else str(payload)


def _printed(part: Any) -> str:
    headers = "\n".join(f"{key}: {value}" for key, value in part._headers)
    body = part.get_payload()
    return f"{headers}\n\n{body}" if isinstance(body, str) and body.strip() else headers


def _parts(root: Message) -> Iterator[Message]:
    waiting: list[Any] = [root]
    while waiting:
        part = waiting.pop(0)
        yield part
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting += payload
