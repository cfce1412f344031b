"""Under which keys a record may be found by its likes, so that no record is compared with all others.

Two records are compared when they share a key. Exact keys name an identity: mailbox, telephone number, domain, external id.
The others each join two features that two typists seldom both get wrong; a pair with slips in some of them still shares
another. A key of two features stays selective: a few records of a million share it.
"""

from collections.abc import Iterator
from functools import lru_cache

from services.contacts.portrait import Place, Portrait

LONGEST = 200  # characters of a key
EXACT = ("email", "phone", "domain", "external_id")

_SOUNDS = {
    letter: digit for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in letters
}


def keys(portrait: Portrait) -> list[str]:
    """All keys of a record, each once, the exact ones first."""
    return list(dict.fromkeys(key[:LONGEST] for key in (*exact_keys(portrait), *_similar_keys(portrait))))


def exact_keys(portrait: Portrait) -> list[str]:
    """The keys that name an identity, as `email:ada@roseandthorn.example`."""
    found = [f"email:{each}" for each in sorted(portrait.mailboxes)]
    found += [f"phone:{each}" for each in sorted(portrait.phones)]
    found += [f"domain:{portrait.domain}"] if portrait.domain else []
    return found + [f"external_id:{system}/{id}" for system, id in sorted(portrait.external_ids)]


@lru_cache(maxsize=65536)  # a million people share some ten thousand names and towns
def sound(name: str) -> str:
    """How a name sounds: its first letter and up to three consonants of six kinds (American Soundex), `robert` → `r163`."""
    digits, before = "", _SOUNDS.get(name[0], 0)
    for letter in name[1:]:
        digit = _SOUNDS.get(letter, 0)
        if digit and digit != before:
            digits += str(digit)
        if letter not in "hw":
            before = digit
    return (name[0] + digits)[:4].ljust(4, "0")


def _similar_keys(portrait: Portrait) -> Iterator[str]:
    names = [name.replace(" ", "") for name in (portrait.given_name, portrait.family_name) if name]
    sounds = sorted({sound(name) for name in names})
    if len(sounds) > 1:
        yield f"names:{'/'.join(sounds)}"
    if portrait.birth_date:
        yield f"born:{portrait.birth_date}"
        # A slip is in one half of the date or the other.
        for each in sounds:
            yield f"born:{portrait.birth_date[:6]}/{each}"
            yield f"born:{portrait.birth_date[4:]}/{each}"
    if portrait.organisation:
        yield f"company:{''.join(sorted(portrait.organisation.split())[:3])}"
        yield f"company:{portrait.organisation.replace(' ', '')[:8]}"
    for place in portrait.places:
        yield from _place_keys(place, [*sounds, *portrait.organisation.split()[:1]])


def _place_keys(place: Place, names: list[str]) -> Iterator[str]:
    words = place.street.split()
    for name in names:
        if place.postal_code:
            yield f"lives:{place.postal_code}/{name}"
        if place.locality:
            yield f"lives:{sound(place.locality.replace(' ', ''))}/{name}"
    if place.postal_code and len(words) > 1:
        yield f"lives:{place.postal_code}/{words[0]}/{words[1][:3]}"
