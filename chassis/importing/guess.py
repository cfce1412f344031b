"""Which column goes where: headers of Outlook, Google, other CRMs and people, as targets of the noun that comes in.

Every rule gives several targets; the first that the noun has and that no column before has taken is the guess.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

_SEPARATORS = re.compile(r"[\s_/.:-]+")
_APOSTROPHES = re.compile("['\u2019]")
_PLACES = {
    "business": "work",
    "work": "work",
    "office": "work",
    "home": "home",
    "private": "home",
    "personal": "home",
    "other": "other",
    "company": "work",
}
_PHONES = {
    **_PLACES,
    "mobile": "mobile",
    "cell": "mobile",
    "car": "car",
    "company main": "main",
    "primary": "main",
    "main": "main",
    "direct": "direct",
}
_ADDRESS_PARTS = {
    "street": "lines", "street 1": "lines", "street 2": "lines", "street 3": "lines", "street address": "lines",
    "address": "lines",
    "address line 1": "lines", "address line 2": "lines", "address 1": "lines", "address 2": "lines",
    "address po box": "lines",
    "po box": "lines", "extended address": "lines", "city": "locality", "town": "locality", "locality": "locality",
    "state": "region",
    "province": "region", "region": "region", "state region": "region", "state province": "region", "county": "region",
    "zip": "postal_code", "zip code": "postal_code", "postal code": "postal_code", "postcode": "postal_code",
    "zip postal code": "postal_code", "country": "country_code", "country region": "country_code",
    "country code": "country_code",
    "type": "type",
}  # fmt: skip
_WORDS: dict[str, tuple[str, ...]] = {
    "first name": ("given_name",), "given name": ("given_name",), "firstname": ("given_name",),
    "forename": ("given_name",),
    "vorname": ("given_name",), "prenom": ("given_name",), "last name": ("family_name",),
    "family name": ("family_name",),
    "lastname": ("family_name",), "surname": ("family_name",), "nachname": ("family_name",), "nom": ("family_name",),
    "middle name": ("middle_name",), "additional name": ("middle_name",), "second name": ("middle_name",),
    "name suffix": ("suffix",), "name prefix": ("honorific",), "salutation": ("honorific",), "anrede": ("honorific",),
    "given name yomi": ("phonetic_given_name",), "family name yomi": ("phonetic_family_name",),
    "full name": ("name",), "name": ("name",), "contact name": ("name",), "job title": ("job_title",),
    "position": ("job_title",),
    "occupation": ("job_title",), "role": ("job_title",), "department": ("department",), "abteilung": ("department",),
    "company": ("account.name", "company_name", "name"), "company name": ("account.name", "company_name", "name"),
    "organization": ("account.name", "company_name", "name"), "organisation": ("account.name", "company_name", "name"),
    "account name": ("account.name", "company_name", "name"), "account": ("account.name", "company_name"),
    "firma": ("account.name", "company_name", "name"), "security": (), "birthday": ("birth_date",),
    "birth date": ("birth_date",),
    "date of birth": ("birth_date",), "geburtstag": ("birth_date",), "notes": ("description",),
    "note": ("description",),
    "comments": ("description",), "categories": ("tags",), "labels": ("tags",), "group membership": ("tags",),
    "language": ("language_code",), "timezone": ("time_zone",), "domain name": ("domain",),
    "company domain": ("account.domain", "domain"), "employees": ("employee_count",),
    "number of employees": ("employee_count",),
    "revenue": ("annual_revenue",), "turnover": ("annual_revenue",),
    "currency": ("annual_revenue.currency_code", "estimated_value.currency_code"),
    "founded": ("founded_year",), "year established": ("founded_year",), "sector": ("industry",),
    "lead source": ("source",),
    "value": ("estimated_value",), "amount": ("estimated_value",), "owner": ("owner_id",), "team": ("team_id",),
}  # fmt: skip
_IDS = frozenset(
    {"external id", "uid", "record id", "contact id", "account id", "lead id", "customer id", "company id"}
)

_EMAIL = re.compile(
    r"(?:(?P<place>[a-z]+) )?e ?mail(?: address)?(?: (?P<number>\d))?(?P<rest>| value| address| type)\Z"
)
_PHONE = re.compile(
    r"(?:(?P<place>[a-z ]+?) )?(?:tele)?(?P<kind>phone|fax|mobile|cell|pager)(?: number| no)?(?: (?P<number>\d))?"
    r"(?P<rest>| value| type)\Z"
)
_WEBSITE = re.compile(
    r"(?:(?P<place>[a-z]+) )?(?:web ?(?:site|page)|home ?page|url)(?: (?P<number>\d))?(?P<rest>| value| url| type)\Z"
)
_ADDRESS = re.compile(
    r"(?:(?P<place>business|work|office|home|other|billing|shipping|mailing) )?(?:address (?P<number>\d) )?(?P<part>.+)\Z"
)


def guess(headers: Sequence[str], fields: Mapping[str, str], exists: Callable[[str], bool], system: str) -> list[str]:
    """A target for each header, empty where none fits. `fields` are the noun's own names with what they mean; `system` is
    whose ids these are.
    """
    own = {_plain(name): target for name, target in fields.items()}
    taken: set[str] = set()
    found: list[str] = []
    plain = [_plain(header) for header in headers]
    for header, name in zip(headers, plain, strict=True):
        options = [
            header,
            own.get(name, ""),
            *_WORDS.get(name, ()),
            *_of_title(name, plain),
            *_of_lists(name, " - " in header, set(plain)),
            *_of_id(name, system),
        ]
        target = next((each for each in options if each and _free(each, taken) and exists(each)), "")
        if target:
            taken.add(target)
        found.append(target)
    if {"given_name", "family_name"} & taken:  # the parts say more than the whole
        found = ["" if target == "name" and not exists("name[]") else target for target in found]
    return found


def _plain(header: str) -> str:
    return _SEPARATORS.sub(" ", _APOSTROPHES.sub("", header.casefold())).strip()


def _free(target: str, taken: set[str]) -> bool:
    return target not in taken or target.endswith(".lines")  # lines of an address come one after the other


def _of_title(name: str, beside: Sequence[str]) -> tuple[str, ...]:
    if name != "title":
        return ()
    return (
        ("honorific",) if "job title" in beside else ("job_title",)
    )  # Outlook has both, others mean what somebody does


def _of_id(name: str, system: str) -> tuple[str, ...]:
    return (f"external_ids[{system}].id",) if name in _IDS else ()


def _of_lists(name: str, dashed: bool, beside: set[str]) -> Iterable[str]:
    if name.endswith(" type") and not dashed:  # Google's say what kind it is; Outlook's `E-mail 2 Type` is SMTP or EX
        return ()
    if found := _EMAIL.match(name):
        return _entry(found, "emails", "address", "email")
    if found := _PHONE.match(name):
        return _phone(found)
    if found := _WEBSITE.match(name):
        return _entry(found, "websites", "url", "website")
    if (found := _ADDRESS.match(name)) and found["part"] in _ADDRESS_PARTS:
        return _address(found, beside)
    return ()


def _entry(found: re.Match[str], entries: str, part: str, alone: str) -> Iterable[str]:
    """An entry of a list; `alone` is the field of nouns that have no more than one."""
    place, number, rest = found["place"], found["number"] or "1", found["rest"].strip()
    if place and place not in _PLACES:
        return ()
    if rest == "type":
        return (f"{entries}[{number}].type",)
    label = _PLACES[place] if place else number
    return (f"{entries}[{label}].{part}", *((alone,) if number == "1" else ()))


def _phone(found: re.Match[str]) -> Iterable[str]:
    place, kind, number, rest = found["place"] or "", found["kind"], found["number"] or "", found["rest"].strip()
    if place and place not in _PHONES:
        return ()
    if rest == "type":
        return (f"phones[{number or 1}].type",)
    if kind in ("mobile", "cell"):
        label = "mobile"
    elif kind in ("fax", "pager"):
        label = f"{_PHONES[place]} {kind}" if place else kind
    else:
        label = _PHONES.get(place, "")
    label = f"{label} {number}".strip() if label else number or "1"
    return (f"phones[{label}].number", *(("phone",) if kind == "phone" and number in ("", "1") else ()))


def _address(found: re.Match[str], beside: set[str]) -> Iterable[str]:
    place, number, part = found["place"] or "", found["number"] or "", _ADDRESS_PARTS[found["part"]]
    if part == "type" and not number:
        return ()
    if not place and not number and part in ("region",) and "city" not in beside:
        return ()  # a sales region, not a part of an address
    label = _PLACES.get(place, place) or number or "1"
    return (f"addresses[{label}].{part}",)
