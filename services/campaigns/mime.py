"""A mail as it travels, built by hand: the standard library's message classes take twelve times as long per recipient.

RFC 5322 headers, RFC 2045 to 2047 encodings, RFC 2369 and RFC 8058 headers for unsubscribing with one click. Signing (DKIM) is
left to the server that takes the mail over.
"""

import binascii
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

import idna

_LONGEST_LINE = 989  # RFC 5322 allows 998
_SPECIAL = set('()<>[]:;@\\,."')


@dataclass(frozen=True)
class Letter:
    """What one recipient gets."""

    id: str  # unique: becomes the Message-ID
    from_name: str
    from_address: str
    to_name: str
    to_address: str
    reply_to: str
    subject: str
    html: str
    text: str
    unsubscribe_url: str
    list_id: str


def build(letter: Letter, at: datetime) -> bytes:
    """The message, lines ended by CRLF."""
    domain = letter.from_address.rpartition("@")[2]
    headers = [
        f"From: {_mailbox(letter.from_name, letter.from_address)}",
        f"To: {_mailbox(letter.to_name, letter.to_address)}",
        f"Subject: {_words(letter.subject)}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{letter.id}@{wire_domain(domain)}>",
        f"List-ID: <{letter.list_id}.{wire_domain(domain)}>",
        f"List-Unsubscribe: <{letter.unsubscribe_url}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{letter.id}"',
    ]
    if letter.reply_to:
        headers.insert(2, f"Reply-To: {wire_address(letter.reply_to)}")
    parts = [_part(letter.id, "plain", letter.text), _part(letter.id, "html", letter.html)]
    head = "\r\n".join(headers).encode()
    return head + b"\r\n\r\n" + b"".join(parts) + f"--{letter.id}--\r\n".encode()


def wire_address(address: str) -> str:
    """An address with its domain in IDNA."""
    local, _, domain = address.rpartition("@")
    return f"{_one_line(local)}@{wire_domain(domain)}"


def wire_domain(domain: str) -> str:
    """A domain in IDNA (RFC 5891)."""
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()


def _part(boundary: str, subtype: str, text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if lines.isascii() and _fits(lines):
        encoding, body = "7bit", lines.encode()
    else:
        encoding, body = "quoted-printable", binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)
    head = (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body.replace(b"\n", b"\r\n") + b"\r\n"


def _fits(text: str) -> bool:
    """Whether every line is short enough: behind each end of a line comes another one in time, or the text's."""
    at = 0
    while len(text) - at > _LONGEST_LINE:
        at = text.rfind("\n", at, at + _LONGEST_LINE + 1) + 1
        if not at:
            return False
    return True


def _mailbox(name: str, address: str) -> str:
    name = _one_line(name)
    if not name:
        return wire_address(address)
    if not name.isascii():
        return f"{_words(name)} <{wire_address(address)}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{wire_address(address)}>' if set(name) & _SPECIAL else f"{name} <{wire_address(address)}>"


def _words(text: str) -> str:
    """Text as RFC 2047 encodes it: words of at most 75 characters, folded, each whole in UTF-8."""
    text = _one_line(text)
    if text.isascii() and len(text) < 900:
        return text
    words, chunk = [], b""
    for letter in text:
        encoded = letter.encode("utf-8", "replace")
        if len(chunk) + len(encoded) > 45:
            words.append(chunk)
            chunk = b""
        chunk += encoded
    return "\r\n ".join(f"=?utf-8?B?{b64encode(word).decode()}?=" for word in [*words, chunk])


def _one_line(text: str) -> str:
    # What a header holds never ends it.
    return " ".join(text.split()) if text else ""
