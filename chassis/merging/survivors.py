"""Who stands for whom: each merged record leads to the one that it became, which may have become another since."""

from collections.abc import Iterable
from typing import Any

from chassis import transaction
from chassis.principal import principal

ALIASES = "merge_aliases"
DEEPEST = 100  # merges of survivors that were merged themselves

Row = dict[str, Any]


def survivor_of(id: str) -> str:
    """The id of the record that stands for this one now: its own where it was not merged."""
    if not id:
        return id
    aliases, tenant = transaction.database()[ALIASES], principal().tenant_id
    for _ in range(DEEPEST):
        row = aliases.find_one({"_id": id, "tenant_id": tenant})
        if row is None:
            return id
        id = row["survivor_id"]
    return id


def standing(ids: Iterable[str]) -> dict[str, str]:
    """Those of the ids that were merged, each with the id of the record that stands for it now."""
    aliases, tenant = transaction.database()[ALIASES], principal().tenant_id
    found: dict[str, str] = {}
    wanted = set(ids)
    for _ in range(DEEPEST):
        rows = aliases.find({"_id": {"$in": sorted(wanted)}, "tenant_id": tenant}) if wanted else ()
        found |= (step := {row["_id"]: row["survivor_id"] for row in rows})
        if not step:
            break
        wanted = set(step.values())
    for id in found:
        while found[id] in found:
            found[id] = found[found[id]]
    return found


def survivors_of(ids: Iterable[str]) -> list[str]:
    """The ids of the records that stand for these now, each once."""
    return list(dict.fromkeys(survivor_of(id) for id in ids))


def aliases_in(value: Any, key: str) -> list[Row]:
    """What is kept of the merged records that a stored value names."""
    entries = value if isinstance(value, list) else [value]
    ids: set[str] = {id for each in entries if (id := each.get(key) if isinstance(each, dict) else each)}
    wanted = {"_id": {"$in": sorted(ids)}, "tenant_id": principal().tenant_id}
    return list(transaction.database()[ALIASES].find(wanted)) if ids else []
