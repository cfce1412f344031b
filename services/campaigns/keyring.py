"""The secrets of campaigns: what signs links, return paths and forms, and what hashes addresses.

Tokens carry the name of their key, so that a new key can sign while links of mails sent before stay good. A token is bound to
its kind: the link out of a mail is no tracking link. MACs are HMAC-SHA256 cut to 128 bits (RFC 2104, section 5), and compared
in constant time.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Any

from services.campaigns.refusals import TokenUnknown

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
CLICK, OPEN, OUT, BOUNCE, FORM = "c", "o", "u", "b", "f"


class _Key:
    """A key that is hashed once, and not for every text again (RFC 2104, section 4)."""

    def __init__(self, key: bytes) -> None:
        self._begun = hmac.new(key, digestmod="sha256")

    def digest(self, text: str) -> bytes:
        """The whole HMAC-SHA256 of a text."""
        mac = self._begun.copy()
        mac.update(text.encode())
        return mac.digest()


@dataclass
class _Ring:
    tracking: dict[str, _Key]
    address: _Key
    public_url: str
    bounce_domain: str

    def __post_init__(self) -> None:
        self.signing = next(iter(self.tracking.items()), ("", _Key(b"")))


_ring = _Ring({}, _Key(b""), "", "")


def prepare(settings: Any) -> None:
    """Take the secrets of `settings`."""
    global _ring
    tracking = {name: _Key(key) for name, key in settings.tracking_keys.items()}
    _ring = _Ring(tracking, _Key(settings.address_key), settings.public_url.rstrip("/"), settings.bounce_domain)


def address_key(address: str) -> str:
    """The hash that stands for a mailbox: letters' case does not tell mailboxes apart at any provider."""
    return _ring.address.digest(address.strip().casefold()).hex()


def token(kind: str, subject: str, index: int = 0) -> str:
    """The token of `subject` (`dlv_01h…`): `1.<key>.<kind>.01h….<index>.<mac>`."""
    name, key = _ring.signing
    text = f"1.{name}.{kind}.{subject.partition('_')[2]}.{index}"
    return f"{text}.{_mac(key, text)}"


def read(text: str, kind: str) -> tuple[str, int]:
    """Subject (without its prefix) and index of a token of this kind. Refused with TokenUnknown for any other."""
    body, _, mac = text.rpartition(".")
    parts = body.split(".")
    if len(parts) != 5 or parts[0] != "1" or parts[2] != kind or not parts[4].isdigit():
        raise TokenUnknown
    key = _ring.tracking.get(parts[1])
    if key is None or not hmac.compare_digest(mac.encode(), _mac(key, body).encode()):
        raise TokenUnknown
    return parts[3], int(parts[4])


def link(kind: str, subject: str, index: int = 0) -> str:
    """The public address of a token: `https://…/t/c/…`."""
    return f"{_ring.public_url}/t/{kind}/{token(kind, subject, index)}"


def return_path(delivery_id: str) -> str:
    """The address that a mail comes back to (VERP): `b+<key>.01h….<mac>@…`, in lower case and under 64 characters."""
    name, key = _ring.signing
    bare = delivery_id.partition("_")[2]
    return f"b+{name}.{bare}.{_short_mac(key, bare)}@{_ring.bounce_domain}"


def returned(address: str) -> str:
    """The delivery whose mail came back to `address`. Refused with TokenUnknown."""
    parts = address.strip().lower().partition("@")[0].removeprefix("b+").split(".")
    key = _ring.tracking.get(parts[0])
    if len(parts) != 3 or key is None or not hmac.compare_digest(parts[2].encode(), _short_mac(key, parts[1]).encode()):
        raise TokenUnknown
    return f"dlv_{parts[1]}"


def _mac(key: _Key, text: str) -> str:
    return binascii.b2a_base64(key.digest(text)[:16], newline=False).translate(_URL_SAFE, b"=").decode()


def _short_mac(key: _Key, bare: str) -> str:
    # A local part may lose its case on the way (80 bits in base32), and is told apart from links by its kind.
    return base64.b32encode(key.digest(f"{BOUNCE}.{bare}")[:10]).decode().lower()
