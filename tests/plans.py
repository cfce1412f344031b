"""How MongoDB would answer a query: the stages of its plan and the indexes it goes by."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pymongo.collection import Collection


def plan(
    collection: Collection[dict[str, Any]], query: Mapping[str, Any], sort: Sequence[tuple[str, int]] = (("_id", -1),)
) -> tuple[set[str], set[tuple[str, ...]]]:
    """The stages, `IXSCAN` and so on, and the fields of each index that is used."""
    explained = collection.find(query, sort=list(sort), limit=6).explain()
    found = list(_stages(explained["queryPlanner"]["winningPlan"]))
    return {each["stage"] for each in found}, {tuple(each["keyPattern"]) for each in found if "keyPattern" in each}


def _stages(stage: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield stage
    for inner in (stage.get("inputStage"), *stage.get("inputStages", ())):
        if inner:
            yield from _stages(inner)
