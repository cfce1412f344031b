"""How MongoDB would answer a query: the stages of its plan and the indexes it goes by."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pymongo.collection import Collection

from chassis import acting_as, merging, transaction
from chassis.testing import somebody


def plan(
    collection: Collection[dict[str, Any]], query: Mapping[str, Any], sort: Sequence[tuple[str, int]] = (("_id", -1),)
) -> tuple[set[str], set[tuple[str, ...]]]:
    """The stages, `IXSCAN` and so on, and the fields of each index that is used."""
    explained = collection.find(query, sort=list(sort), limit=6).explain()
    found = list(stages(explained["queryPlanner"]["winningPlan"]))
    return {each["stage"] for each in found}, {tuple(each["keyPattern"]) for each in found if "keyPattern" in each}


def demand_indexed(reference: merging.Reference) -> None:
    """Fail unless what a reference names is found by an index of its own."""
    records = transaction.database()[reference.collection]
    with acting_as(somebody()):
        stages, _ = plan(records, reference.naming(["x_1", "x_2"]))
    assert "COLLSCAN" not in stages
    begin = {tuple(name for name, _ in index["key"][:2]) for index in records.index_information().values()}
    assert ("tenant_id", reference.path) in begin


def stages(stage: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A stage of a plan and all below it; of a plan of the newer engine, those that it was made from."""
    stage = stage.get("queryPlan", stage)
    yield stage
    for inner in (stage.get("inputStage"), *stage.get("inputStages", ())):
        if inner:
            yield from stages(inner)
