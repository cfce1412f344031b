"""What a record may refer to: only what its writer may see, in its own tenant."""

from collections.abc import Iterator
from typing import Any

from chassis import transaction
from chassis.document import Noun
from chassis.merging.survivors import standing
from chassis.refusals import Invalid, Violation


def refer(record: Noun, field: str, noun: type[Noun]) -> None:
    """Refuse ids that `field` newly holds and that name no record of `noun` which the caller may see, each with its place.

    `field` may lead into parts, as `arms.template_id` does. Made-up, deleted, hidden and foreign ids all get the same answer;
    a merged one names its survivor to whoever may see that.
    Ids that stood there before are not asked about, so that a record can be changed by somebody who does not see all that it
    refers to. Raises Invalid.
    """
    name, *path = field.split(".")
    before = {id for _, id in _ids((record._before or {}).get(name), path, name)}
    fresh = {place: id for place, id in _ids(getattr(record, name), path, name) if id not in before}
    if not fresh:
        return
    found = _seen(noun, list(fresh.values()))
    unknown = {place: id for place, id in fresh.items() if id not in found}
    if unknown:
        said = _unknown(noun, list(unknown.values()))
        raise Invalid(Violation(f"{record.about().noun}.{place}", said[id]) for place, id in unknown.items())


def introduce(noun: type[Noun], id: str) -> None:
    """Let this transaction's records refer to a record that it makes, which may be written at its end only."""
    transaction.remember(_key(noun, [id]), {id})


def _ids(held: Any, path: list[str], place: str) -> Iterator[tuple[str, str]]:
    if isinstance(held, list):
        for at, each in enumerate(held):
            yield from _ids(each, path, f"{place}[{at}]")
    elif held and path:
        yield from _ids(held.get(path[0]), path[1:], f"{place}.{path[0]}")
    elif held:
        yield place, held


def _unknown(noun: type[Noun], ids: list[str]) -> dict[str, str]:
    referred, survivors = noun.about().noun, standing(ids)
    seen = _seen(noun, sorted(set(survivors.values()))) if survivors else set()
    return {
        id: f"{referred} {id} was merged into {survivors[id]}"
        if survivors.get(id) in seen
        else f"there is no {referred} {id}"
        for id in ids
    }


def _seen(noun: type[Noun], ids: list[str]) -> set[str]:
    query = {"_id": {"$in": ids}, "deleted_time": None, **noun.visible()}
    rows = noun._get_collection()
    return transaction.remembered(
        _key(noun, ids), lambda: {row["_id"] for row in rows.find(query, {"_id": 1}, hint=transaction.BY_ID)}
    )


def _key(noun: type[Noun], ids: list[str]) -> Any:
    return noun, "seen", tuple(ids)
