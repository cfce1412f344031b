"""What the campaigns service reads from its environment, beside what every service reads."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis import config

_KEY = re.compile(r"[a-z0-9]{1,8}:[0-9a-f]{32,128}\Z")


def _keys(text: str) -> dict[str, bytes]:
    """Read `k2:<hex>,k1:<hex>`: keys of at least 16 bytes by their names; the first signs, all are believed."""
    entries = [entry.strip() for entry in text.split(",")]
    if not all(_KEY.match(entry) for entry in entries):
        raise ValueError("must be `name:hex` with at least 32 hex digits, several divided by commas")
    return {name: bytes.fromhex(key) for name, _, key in (entry.partition(":") for entry in entries)}


def _secret(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{32,128}", text):
        raise ValueError("must be at least 32 hex digits")
    return bytes.fromhex(text)


def _smtp(text: str) -> str:
    if urlsplit(text).scheme not in ("smtp", "smtp+starttls", "smtps") or not urlsplit(text).hostname:
        raise ValueError(f"{text!r} is no smtp://, smtp+starttls:// or smtps:// address")
    return text


@dataclass(frozen=True, kw_only=True)
class CampaignsSettings(config.ServiceSettings):
    """What the campaigns process reads."""

    tracking_keys: dict[str, bytes] = config.setting(
        "KITH_TRACKING_KEYS",
        "keys that sign links, `name:hex`, several divided by commas; the first signs, all are believed",
        parse=_keys,
    )
    address_key: bytes = config.setting(
        "KITH_ADDRESS_KEY",
        "key that hashes suppressed e-mail addresses, in hex; never to be changed",
        parse=_secret,
    )
    public_url: str = config.setting(
        "KITH_PUBLIC_URL", "address under which recipients reach the gateway", default="http://127.0.0.1:8080"
    )
    smtp_url: str = config.setting(
        "KITH_SMTP_URL",
        "where mail is handed over: `smtp://`, `smtp+starttls://` or `smtps://`, user and password, host:port",
        default="smtp://127.0.0.1:18026",
        parse=_smtp,
    )
    smtp_connections: int = config.setting(
        "KITH_SMTP_CONNECTIONS", "connections to it at a time", default=24, parse=config.positive
    )
    bounce_domain: str = config.setting(
        "KITH_BOUNCE_DOMAIN", "domain of the addresses that mails come back to", default="bounces.kith.example"
    )
