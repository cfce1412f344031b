"""The formats that a string can be held to, each from its standard.

A test takes the text and says whether it has the format; it is never asked about an empty text.
"""

import re
import zoneinfo
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache
from urllib.parse import urlsplit

import idna
import phonenumbers
import pycountry
from crm.options.v1 import options_pb2
from email_validator import EmailNotValidError, validate_email

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_KEY = re.compile(r"[a-z0-9_-]+\Z")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}\Z")
_UNSAFE_IN_URL = re.compile(r"[\s\\<>\"^`{|}\x00-\x20\x7f]")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_HOST = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+\Z)[a-z0-9-]{2,63}\Z", re.IGNORECASE
)
# RFC 5646, section 2.1: `langtag` and `privateuse`. The grandfathered tags, all replaced since 2009, are left out.
_LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+)\Z",
    re.IGNORECASE | re.ASCII,
)


def is_date(text: str) -> bool:
    """An ISO 8601 calendar date in its long form, `2026-11-22`, from year 1 to 9999."""
    if not _DATE.match(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_email(text: str) -> bool:
    """An RFC 5321 mailbox, also internationalised (RFC 6531); whether it exists is not asked."""
    local, _, domain = text.rpartition("@")
    if len(local.encode()) > 64:  # RFC 5321, section 4.5.3.1.1, which the library leaves to its strict mode
        return False
    # A plain local part needs no library, and domains recur: this is ten times as fast and says the same.
    if len(text) <= 254 and _DOT_ATOM.match(local):
        return _is_mail_domain(domain)
    return _is_mailbox(text)


@lru_cache(maxsize=4096)
def _is_mail_domain(domain: str) -> bool:
    return _is_mailbox(f"a@{domain}")


def _is_mailbox(text: str) -> bool:
    try:
        # test_environment lets the reserved `.test` through: sample companies and our own tests live there.
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


@lru_cache(maxsize=4096)
def is_phone(text: str) -> bool:
    """An E.164 number of a length that its country knows."""
    number = telephone(text) if _E164.match(text) else None
    return number is not None and phonenumbers.is_possible_number(number)


@lru_cache(maxsize=4096)  # parsing costs as much as the rest of a contact's check, and its words need it once more
def telephone(text: str) -> phonenumbers.PhoneNumber | None:
    """The parts of a number in E.164; None where it has none."""
    try:
        return phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None


def is_url(text: str) -> bool:
    """An absolute http or https URL with a host (RFC 3986), without blanks."""
    if _UNSAFE_IN_URL.search(text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0


def is_domain(text: str) -> bool:
    """A domain name of at least two labels (RFC 1123), also internationalised (RFC 5891)."""
    if text.isascii():
        return bool(_HOST.match(text))
    try:
        return bool(_HOST.match(idna.encode(text, uts46=True).decode("ascii")))
    except idna.IDNAError:
        return False


@cache
def currencies() -> frozenset[str]:
    """The alphabetic codes of ISO 4217."""
    return frozenset(each.alpha_3 for each in pycountry.currencies)


@cache
def countries() -> frozenset[str]:
    """The alpha-2 codes of ISO 3166-1."""
    return frozenset(each.alpha_2 for each in pycountry.countries)


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA time zone database."""
    return frozenset(zoneinfo.available_timezones())  # reads a directory tree, so once


# Format → its test and what a text that fails it is told.
FORMATS: dict[int, tuple[Callable[[str], bool], str]] = {
    options_pb2.FORMAT_DATE: (is_date, "must be a date, such as 2026-11-22"),
    options_pb2.FORMAT_EMAIL: (is_email, "must be an e-mail address"),
    options_pb2.FORMAT_PHONE: (is_phone, "must be a telephone number in E.164, such as +4915123456789"),
    options_pb2.FORMAT_CURRENCY: (lambda text: text in currencies(), "must be an ISO 4217 currency code, such as EUR"),
    options_pb2.FORMAT_COUNTRY: (lambda text: text in countries(), "must be an ISO 3166-1 country code, such as CI"),
    options_pb2.FORMAT_LANGUAGE: (
        lambda text: bool(_LANGUAGE.match(text)),
        "must be a BCP 47 language tag, such as pt-BR",
    ),
    options_pb2.FORMAT_TIME_ZONE: (
        lambda text: text in time_zones(),
        "must be an IANA time zone, such as Europe/Berlin",
    ),
    options_pb2.FORMAT_URL: (is_url, "must be an absolute http or https URL"),
    options_pb2.FORMAT_DOMAIN: (is_domain, "must be a domain name, such as example.com"),
    options_pb2.FORMAT_KEY: (
        lambda text: bool(_KEY.match(text)),
        "must be a key of lower-case letters, digits, _ and -",
    ),
}
