"""The cast of the sample company, by external id. `@key` stands for the id of the record with that key.

It is made up: the domains are reserved for examples (RFC 2606), the telephone numbers for drama (Ofcom, +44 1632 960…).
"""

from typing import Any

Cast = dict[str, dict[str, Any]]


def _euros(units: int) -> dict[str, Any]:
    return {"currency_code": "EUR", "units": str(units)}


def _mail(address: str) -> list[dict[str, Any]]:
    return [{"address": address, "type": "work", "primary": True}]


def _phone(number: str) -> list[dict[str, Any]]:
    return [{"number": number, "type": "work", "primary": True}]


ACCOUNTS: Cast = {
    "halcyon": {
        "name": "Halcyon Tea Works", "legal_name": "Halcyon Tea Works Ltd", "domain": "halcyon.example.com",
        "industry": "Food and drink", "employee_count": 180, "annual_revenue": _euros(24_000_000), "founded_year": 1974,
        "region": "Europe", "phones": _phone("+441632960101"), "tags": ["customer"],
    },
    "halcyon-retail": {
        "name": "Halcyon Tea Houses", "domain": "houses.halcyon.example.com", "industry": "Retail",
        "employee_count": 420, "region": "Europe", "parent_id": "@halcyon", "tags": ["customer"],
    },
    "northlight": {
        "name": "Northlight Observatory", "domain": "northlight.example.org", "industry": "Research",
        "employee_count": 65, "founded_year": 1921, "region": "Nordics",
    },
    "saltmarsh": {
        "name": "Saltmarsh Ferries", "legal_name": "Saltmarsh Ferries SE", "domain": "saltmarsh.example.net",
        "industry": "Transport", "employee_count": 950, "annual_revenue": _euros(118_000_000), "region": "Europe",
        "addresses": [
            {"type": "visit", "lines": ["Pier 4"], "locality": "Husum", "postal_code": "25813", "country_code": "DE"}
        ],
    },
    "quillstreet": {
        "name": "Quill Street Press", "domain": "quillstreet.example.com", "industry": "Publishing",
        "employee_count": 34, "founded_year": 1998, "region": "Americas",
    },
}  # fmt: skip

CONTACTS: Cast = {
    "ines-halloran": {
        "given_name": "Ines", "family_name": "Halloran", "emails": _mail("ines@halcyon.example.com"),
        "phones": _phone("+441632960111"), "account_id": "@halcyon", "job_title": "Head of operations",
        "language_code": "en-GB", "time_zone": "Europe/London",
    },
    "tomasz-wren": {
        "given_name": "Tomasz", "family_name": "Wren", "emails": _mail("tomasz@halcyon.example.com"),
        "account_id": "@halcyon", "job_title": "Buyer", "department": "Purchasing",
    },
    "mirela-oster": {
        "given_name": "Mirela", "family_name": "Oster", "emails": _mail("mirela@houses.halcyon.example.com"),
        "account_id": "@halcyon-retail", "job_title": "Managing director",
    },
    "aino-lindqvist": {
        "given_name": "Aino", "family_name": "Lindqvist", "emails": _mail("aino@northlight.example.org"),
        "account_id": "@northlight", "job_title": "Director", "language_code": "fi", "time_zone": "Europe/Helsinki",
    },
    "joris-behrend": {
        "given_name": "Joris", "family_name": "Behrend", "emails": _mail("joris@saltmarsh.example.net"),
        "phones": _phone("+441632960121"), "account_id": "@saltmarsh", "job_title": "Chief of fleet",
    },
    "dalia-finch": {
        "given_name": "Dalia", "family_name": "Finch", "emails": _mail("dalia@quillstreet.example.com"),
        "account_id": "@quillstreet", "job_title": "Publisher",
    },
}  # fmt: skip

LEADS: Cast = {
    "oren-castellan": {
        "given_name": "Oren", "family_name": "Castellan", "company_name": "Castellan Glass",
        "email": "oren@castellan.example.com", "phone": "+441632960131", "job_title": "Owner", "source": "website",
        "estimated_value": _euros(6_500),
    },
    "yuki-sandoval": {
        "given_name": "Yuki", "family_name": "Sandoval", "company_name": "Sandoval Cycles",
        "email": "yuki@sandoval.example.org", "job_title": "Operations lead", "source": "trade fair",
        "estimated_value": _euros(14_000),
    },
    "petra-lund": {
        "given_name": "Petra", "family_name": "Lund", "company_name": "Lund & Daughters",
        "email": "petra@lund.example.net", "source": "referral",
    },
}  # fmt: skip

PRODUCTS: Cast = {
    "lantern": {"name": "Lantern", "code": "LAN-1", "family": "Sensors", "list_price": _euros(450)},
    "beacon": {"name": "Beacon", "code": "BEA-1", "family": "Sensors", "list_price": _euros(1_900)},
    "almanac": {"name": "Almanac, yearly", "code": "ALM-Y", "family": "Software", "list_price": _euros(3_600)},
    "watch": {"name": "Night watch, yearly", "code": "WAT-Y", "family": "Service", "list_price": _euros(9_800)},
}

# `won` and `lost` are the bodies of the verbs that close the opportunity.
OPPORTUNITIES: Cast = {
    "halcyon-warehouse": {
        "name": "Sensors for the new warehouse", "account_id": "@halcyon", "amount": _euros(36_500),
        "open_date": "2026-03-02", "expected_close_date": "2026-06-30", "source": "website",
        "contacts": [{"contact_id": "@ines-halloran", "role": "decision maker"}],
        "won": {"close_date": "2026-06-12"},
    },
    "halcyon-houses": {
        "name": "Night watch for forty tea houses", "account_id": "@halcyon-retail", "stage": "negotiation",
        "amount": _euros(392_000), "open_date": "2026-08-17", "expected_close_date": "2027-02-26",
        "contacts": [{"contact_id": "@mirela-oster", "role": "decision maker"}],
    },
    "northlight-dome": {
        "name": "Beacons around the dome", "account_id": "@northlight", "amount": _euros(22_800), "stage": "proposal",
        "open_date": "2026-09-21", "expected_close_date": "2027-01-15",
        "contacts": [{"contact_id": "@aino-lindqvist", "role": "decision maker"}],
    },
    "saltmarsh-fleet": {
        "name": "Almanac for the fleet", "account_id": "@saltmarsh", "amount": _euros(86_400),
        "open_date": "2026-05-04", "expected_close_date": "2026-10-30",
        "contacts": [{"contact_id": "@joris-behrend", "role": "decision maker"}],
        "lost": {"close_date": "2026-10-08", "reason": "No budget this year"},
    },
    "saltmarsh-pier": {
        "name": "Lanterns for pier 4", "account_id": "@saltmarsh", "amount": _euros(9_000), "stage": "prospecting",
        "open_date": "2026-10-26", "expected_close_date": "2026-12-18",
    },
    "quillstreet-archive": {
        "name": "Almanac for the archive", "account_id": "@quillstreet", "amount": _euros(10_800), "stage": "engaging",
        "open_date": "2026-11-02", "expected_close_date": "2027-01-29", "source": "referral",
        "contacts": [{"contact_id": "@dalia-finch", "role": "decision maker"}],
    },
}  # fmt: skip

MAILBOXES: Cast = {"help": {"address": "help@kith.example", "name": "Kith"}}

WEB_FORMS: Cast = {
    "write-to-us": {
        "name": "Write to us", "thanks": "We write back within a day.", "lead_source": "website",
        "fields": [
            {"key": "given_name", "label": "Given name"},
            {"key": "family_name", "label": "Family name", "required": True},
            {"key": "company_name", "label": "Company"},
            {"key": "email", "label": "E-mail", "kind": "EMAIL", "required": True},
            {"key": "description", "label": "What can we do for you?", "kind": "LONG_TEXT"},
        ],
        "consent_topic": "news", "consent_text": "Send me news now and then. I can say no at any time.",
        "consent_version": "2026-11",
    },
}  # fmt: skip

TEMPLATES: Cast = {
    "news": {
        "name": "News", "subject": "New lights, {{ contact.given_name | default: \"and old friends\" }}",
        "html": (
            "<p>Hello {{ contact.given_name | default: \"there\" }},</p><p>our beacons now blink in seven colours: "
            "<a href=\"https://www.example.com/beacons?from=news\">have a look</a>.</p>"
            "<p><a href=\"{{ unsubscribe_url }}\">No more news, please</a></p>"
        ),
    },
}  # fmt: skip

SEGMENTS: Cast = {
    "buyers": {
        "name": "Buyers", "description": "Who has ordered something.",
        "filter": {"field": "order_count", "op": "gte", "value": 1},
    },
}  # fmt: skip

# In the order in which they refer to each other.
CAST = {
    "accounts": ACCOUNTS,
    "contacts": CONTACTS,
    "leads": LEADS,
    "products": PRODUCTS,
    "opportunities": OPPORTUNITIES,
    "mailboxes": MAILBOXES,
    "web-forms": WEB_FORMS,
    "templates": TEMPLATES,
    "segments": SEGMENTS,
}
