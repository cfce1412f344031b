"""Which fields a client wants answered, as MongoDB's projection."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from chassis.listing.catalogue import INDEX, Catalogue
from chassis.listing.words import TOKENS
from chassis.refusals import Invalid, Violation

_ALWAYS = ("_id", "revision")


def projection(fields: Sequence[str], catalogue: Catalogue, also: Iterable[str] = ()) -> dict[str, int]:
    """The projection for the wire paths `fields`, all when empty; `id` and `etag` always come.

    `also` names stored paths that the caller needs besides. Refused with Invalid when a field is unknown.
    """
    unknown = [index for index, path in enumerate(fields) if path != "etag" and path not in catalogue]
    if unknown:
        raise Invalid(Violation(f"fields[{index}]", "is no field of this record") for index in unknown)
    if not fields:
        return {TOKENS: 0, INDEX: 0} | dict.fromkeys(catalogue.hidden, 0)
    return dict.fromkeys(sorted(_outermost(_wanted(fields, catalogue) | set(also))), 1)


def surplus(fields: Sequence[str], catalogue: Catalogue, also: Iterable[str]) -> list[str]:
    """The stored paths of `also` that a client who wants `fields` did not ask for."""
    if not fields:
        return []
    wanted = _wanted(fields, catalogue)
    return [path for path in also if path not in wanted and not _is_below(path, wanted)]


def _wanted(fields: Sequence[str], catalogue: Catalogue) -> set[str]:
    wanted = {catalogue[path].stored for path in fields if path != "etag"} | set(_ALWAYS)
    if catalogue.hidden and (whole := {path.partition(".")[0] for path in catalogue.hidden} & wanted):
        # MongoDB cannot leave out and pick at once, so the structure with hidden parts is picked part by part.
        wanted = wanted - whole | {
            each.stored for path, each in catalogue.items() if path.partition(".")[0] in whole - {path}
        }
    return wanted


def _outermost(paths: set[str]) -> set[str]:
    # MongoDB refuses a path beside one above it.
    return {path for path in paths if not _is_below(path, paths)}


def _is_below(path: str, others: Set[str]) -> bool:
    # By the paths above it, of which there are few, and not by the others, of which there are many.
    above = path.rpartition(".")[0]
    return bool(above) and (above in others or _is_below(above, others))


def without(row: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The row without the value at a stored path, and without a structure that only held it."""
    key, _, rest = path.partition(".")
    kept = {name: value for name, value in row.items() if name != key}
    if rest and isinstance(inner := row.get(key), Mapping) and (below := without(inner, rest)):
        kept[key] = below
    return kept
