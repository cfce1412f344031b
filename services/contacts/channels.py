"""How people and companies are reached: e-mail addresses, languages and domains, each in one written form.

Everything here is pure: nouns call it when they settle, conversion when it compares.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import idna

from chassis import Invalid, Violation

Entry = dict[str, Any]  # the stored shape of EmailAddress and PhoneNumber

# Mailboxes there belong to people, not to a company, so the domain says nothing about whom somebody works for.
# The providers are those with the most private mailboxes worldwide and in the larger language areas.
FREE_MAIL = frozenset(
    {
        "126.com", "163.com", "aol.com", "bigpond.com", "bluewin.ch", "bol.com.br", "btinternet.com", "comcast.net",
        "daum.net", "fastmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net",
        "googlemail.com", "hanmail.net", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr", "hotmail.it",
        "hushmail.com", "icloud.com", "inbox.ru", "laposte.net", "libero.it", "list.ru", "live.com", "mac.com", "mail.com",
        "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com", "orange.fr", "outlook.com", "outlook.de", "pm.me",
        "posteo.de", "proton.me", "protonmail.com", "qq.com", "rediffmail.com", "rocketmail.com", "seznam.cz", "sfr.fr",
        "sina.com", "t-online.de", "terra.com.br", "tuta.com", "tutanota.com", "uol.com.br", "verizon.net", "virgilio.it",
        "wanadoo.fr", "web.de", "wp.pl", "ya.ru", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com",
        "yahoo.com.br", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru", "yeah.net", "ymail.com",
        "zoho.com",
    }
)  # fmt: skip


_SCRIPT = re.compile(r"[a-z]{4}")


def normal_domain(domain: str) -> str:
    """A domain as registries write it: in lower case and IDNA (RFC 5891), without the root's dot and a `www.` before it.

    `WWW.Bücher.example.` → `xn--bcher-kva.example`. Raises idna.IDNAError for what is no domain.
    """
    lower = domain.strip().rstrip(".").lower()
    # Plain ASCII needs no encoding, and the library would refuse old names such as `ab--cd.example`.
    plain = lower if lower.isascii() else idna.encode(lower, uts46=True).decode("ascii")
    while plain.startswith("www.") and plain.count(".") > 1:
        plain = plain.removeprefix("www.")
    return plain


def normal_address(address: str) -> str:
    """An e-mail address with its domain in lower case; what stands before the `@` is its owner's own (RFC 5321, 2.4).

    Only in Unicode's form NFC, for two ways to write one letter are one mailbox (RFC 6532, 3.1).
    """
    local, at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local}{at}{domain.lower()}"


def domain_of(address: str) -> str:
    """The domain of an e-mail address, as `normal_domain` writes it; empty where there is none."""
    return normal_domain(address.rpartition("@")[2]) if "@" in address else ""


def company_domain(address: str) -> str:
    """The domain of an e-mail address where it names a company; empty for free mail."""
    domain = domain_of(address)
    return "" if domain in FREE_MAIL else domain


def same_mailbox(one: str, other: str) -> bool:
    """Whether two e-mail addresses reach the same person: no provider tells mailboxes apart by case."""
    return mailbox(one) == mailbox(other)


def with_one_primary(entries: list[Entry], path: str) -> list[Entry]:
    """The entries with exactly one primary: the first when none is marked. Refused with Invalid when two are."""
    marked = [place for place, entry in enumerate(entries) if entry.get("primary")]
    if len(marked) > 1:
        raise Invalid(Violation(f"{path}[{place}].primary", "another one is primary already") for place in marked[1:])
    chosen = marked[0] if marked else 0
    return [{**entry, "primary": place == chosen} for place, entry in enumerate(entries)]


def normal_language(tag: str) -> str:
    """A language tag as BCP 47 writes it (RFC 5646, 2.1.1): `PT-br` → `pt-BR`, `zh-hant-tw` → `zh-Hant-TW`."""
    first, *rest = tag.lower().split("-")
    written, extended = [first], len(first) == 1
    for part in rest:
        own = not extended and len(part) > 1
        written.append(
            part.title() if own and _SCRIPT.fullmatch(part) else part.upper() if own and len(part) == 2 else part
        )
        extended = extended or len(part) == 1  # after a singleton, as in `x-…` and `u-…`, all is in lower case
    return "-".join(written)


def without_repeats(values: Iterable[str]) -> list[str]:
    """The values in their order, each once."""
    return list(dict.fromkeys(values))


def tagged(tags: Iterable[str]) -> list[str]:
    """Tags without blanks around them, each once; a blank one is none."""
    return without_repeats(tag for each in tags if (tag := each.strip()))


def mailbox(address: str) -> str:
    """An e-mail address in the form in which mailboxes are compared."""
    return f"{address.strip().rpartition('@')[0].casefold()}@{domain_of(address)}"
