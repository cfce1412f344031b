"""Reads a raw mail, however broken, into what a ticket needs of it. Nothing here raises for what a mail says.

Python's parser with its lenient policy finds the parts; headers and texts are decoded here, because mails in the wild name
charsets that do not exist, cut characters in two, and send bytes where none may be.
"""

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.utils import getaddresses
from functools import cached_property
from typing import Any

from services.support import charset, markup, quoting

MOST_PARTS = 1000
LONGEST_ID = 300

_MAILBOX = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,255}")
_ID = re.compile(r"<\s*([^<>\s]+)\s*>")


class TooManyParts(Exception):
    """The mail has more parts, or more attachments, than we look at."""


@dataclass(frozen=True)
class File:
    """An attachment, without its bytes."""

    name: str
    media_type: str
    size: int
    content_id: str
    part: int


@dataclass(frozen=True)
class Person:
    """A mailbox and the name beside it."""

    email: str
    name: str = ""


@dataclass
class Letter:
    """A mail that was read."""

    raw: bytes
    most_files: int = 100
    files: list[File] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _htmls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mime: Message = email.message_from_bytes(self.raw)
        for place, part in enumerate(_leaves(self.mime)):
            self._read(place, part)

    # ---------------------------------------------------------------- headers

    def all(self, name: str) -> list[str]:
        """The values of every header of this name, decoded and unfolded."""
        return [charset.header(value) for key, value in self.mime._headers if key.lower() == name.lower()]  # type: ignore[attr-defined]

    def header(self, name: str) -> str:
        """The first header of this name; empty when there is none."""
        return next(iter(self.all(name)), "")

    @property
    def subject(self) -> str:
        """The subject in one line."""
        return self.header("subject")[:255]

    @property
    def sender(self) -> Person:
        """Who wrote it: From, else Sender, else Return-Path; an empty mailbox when nobody is named."""
        for name in ("from", "sender", "return-path"):
            if found := self.people(name):
                return found[0]
        return Person("")

    def people(self, *headers: str) -> list[Person]:
        """The mailboxes of these headers, each once."""
        found: dict[str, Person] = {}
        for header in headers:
            for key, value in self.mime._headers:  # type: ignore[attr-defined]
                if key.lower() == header:
                    for person in _people(charset.unfolded(value)):
                        found.setdefault(person.email, person)
        return list(found.values())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the raw mail."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def message_id(self) -> str:
        """Message-ID without brackets; made of the digest where the mail has none."""
        return next(iter(ids(self.header("message-id"))), "") or f"{self.digest}@no-message-id.invalid"

    @property
    def in_reply_to(self) -> str:
        """The Message-ID that it answers; empty when it answers none."""
        return next(iter(ids(self.header("in-reply-to"))), "")

    @property
    def references(self) -> list[str]:
        """The Message-IDs that it refers to, with what it answers, oldest first; at most 100, the root and the latest."""
        found = list(dict.fromkeys([*ids(" ".join(self.all("references"))), *filter(None, [self.in_reply_to])]))
        return found if len(found) <= 100 else [found[0], *found[-99:]]

    # ---------------------------------------------------------------- body

    @property
    def text(self) -> str:
        """The whole text; made of the HTML where there is none."""
        return "\n".join(self._texts) if any(each.strip() for each in self._texts) else markup.text(self.html)

    @property
    def html(self) -> str:
        """The HTML as it came, not yet harmless."""
        return "\n".join(self._htmls)

    @property
    def new_text(self) -> str:
        """What is new in it: without quoted text of earlier mails and without signature."""
        if any(each.strip() for each in self._texts):
            return quoting.own_words("\n".join(self._texts))
        return quoting.own_words(markup.text(markup.unquoted_html(self.html)))

    def _read(self, place: int, part: Message) -> None:
        kind, named = part.get_content_type(), _file_name(part)
        attached = _disposition(part) == "attachment" or named
        if kind in ("text/plain", "text/html") and not attached:
            body = charset.text(_payload(part), _charset(part))
            (self._texts if kind == "text/plain" else self._htmls).append(body)
        elif part is not self.mime or attached or not kind.startswith("text/"):
            if len(self.files) == self.most_files:
                raise TooManyParts(f"there are more than {self.most_files} attachments")
            content_id = next(iter(ids(charset.unfolded(part.get("content-id", "")))), "")
            self.files.append(File(named or _named_for(kind, place), kind, _size(part), content_id, place))
        else:
            self._texts.append(charset.text(_payload(part), _charset(part)))


def _people(value: str) -> list[Person]:
    named = [Person(address.lower(), charset.header(name)[:255]) for name, address in getaddresses([value])]
    # What the parser cannot make out, or is too strict for, still names mailboxes.
    return [each for each in named if _is_mailbox(each.email)] or [
        Person(address.lower()) for address in _MAILBOX.findall(value[:10_000]) if _is_mailbox(address)
    ]


def ids(header: str) -> list[str]:
    """The message ids in a header; a value without brackets counts as one, as some programs send it."""
    found = _ID.findall(header)
    if not found and (bare := header.strip()) and "@" in bare and " " not in bare:
        found = [bare.strip("<>")]
    return [each if len(each) <= LONGEST_ID else hashlib.sha256(each.encode()).hexdigest() for each in found]


def _leaves(root: Message) -> Iterator[Message]:
    # Not `walk`, which recurses; what is forwarded whole is one attachment.
    waiting: list[Any] = [root]
    seen = 0
    while waiting:
        part, seen = waiting.pop(0), seen + 1
        if seen > MOST_PARTS:
            raise TooManyParts(f"there are more than {MOST_PARTS} parts")
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting[:0] = payload
        else:
            yield part


def _payload(part: Message) -> bytes:
    try:
        found = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):  # encodings that only look like ones
        found = None
    if isinstance(found, bytes):
        return found
    text = part.get_payload()
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""


def _size(part: Any) -> int:
    payload = part.get_payload()
    if not isinstance(payload, list):
        return len(_payload(part))
    return sum(_size(each) for each in payload) + sum(len(str(key)) + len(str(value)) for key, value in part._headers)


def _charset(part: Message) -> str:
    return _parameter(part, "charset", "content-type")


def _disposition(part: Message) -> str:
    return charset.unfolded(part.get("content-disposition", "")).partition(";")[0].strip().lower()


def _file_name(part: Message) -> str:
    name = _parameter(part, "filename", "content-disposition") or _parameter(part, "name", "content-type")
    bare = re.split(r"[/\\]", charset.header(name))[-1]  # a name is no path
    return "".join(each for each in bare if each.isprintable()).strip()[:255]


def _parameter(part: Message, name: str, header: str) -> str:
    try:
        value = part.get_param(name, "", header)
    except (ValueError, LookupError, TypeError):  # RFC 2231 that is none
        return ""
    if isinstance(value, tuple):
        return charset.text(value[2].encode("latin-1", "replace"), value[0] or "utf-8")
    return charset.unfolded(str(value))


def _named_for(kind: str, place: int) -> str:
    return "message.eml" if kind == "message/rfc822" else f"part-{place}"


def _is_mailbox(address: str) -> bool:
    local, at, domain = address.rpartition("@")
    return bool(local and at and domain) and len(address) <= 254 and not re.search(r"[\s<>,;\"\x00-\x1f]", address)
