"""What a record may refer to: only what its writer may see, in its own tenant."""

from typing import Any

from chassis import Invalid, Noun, Violation


def refer(record: Noun, field: str, noun: type[Noun]) -> None:
    """Refuse ids that `field` newly holds and that name no record of `noun` which the caller may see, each with its place.

    Made-up, deleted, hidden and foreign ids all get the same answer. Ids that stood there before are not asked about, so that
    a record can be changed by somebody who does not see all that it refers to.
    """
    held = getattr(record, field)
    places = {f"{field}[{place}]": id for place, id in enumerate(held)} if isinstance(held, list) else {field: held}
    before = _many((record._before or {}).get(field))
    fresh = {place: id for place, id in places.items() if id and id not in before}
    if not fresh:
        return
    found = seen(noun, list(fresh.values()))
    about, referred = record.about().noun, noun.about().noun
    unknown = {place: id for place, id in fresh.items() if id not in found}
    if unknown:
        raise Invalid(Violation(f"{about}.{place}", f"there is no {referred} {id}") for place, id in unknown.items())


def seen(noun: type[Noun], ids: list[str]) -> set[str]:
    """Those of the ids that name records which the caller may see."""
    query = {"_id": {"$in": ids}, "deleted_time": None, **noun.visible()}
    return set(noun.objects(__raw__=query).scalar("id"))


def _many(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
