"""Conditions on a tenant's own fields: with and without an index MongoDB and the predicate find the same records."""

from typing import Any

import pytest
from crm.common.v1 import listing_pb2
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.collection import Collection

from chassis.embedded import Servers
from chassis.fields import value
from chassis.listing import Catalogue, condition, predicate, query
from chassis.testing import somebody
from tests.builders.fields import a_field, a_schema

OPTIONS = [{"value": "gold"}, {"value": "silver"}, {"value": "Bronze"}]
GIVEN = {
    "TEXT": st.sampled_from(["gold", "Göld", "silver", "a.b", "10"]),
    "MULTI_SELECT": st.lists(st.sampled_from(["gold", "silver", "Bronze"]), min_size=1),
    "INTEGER": st.integers(-3, 3),
    "DECIMAL": st.sampled_from(["-1.5", "0", "1", "1.50", "10", "9.999999999"]),
    "INSTANT": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z", "2025-12-31T23:00:00-01:00"]),
    "BOOLEAN": st.booleans(),
    "DATE": st.sampled_from(["2026-01-01", "2026-02-01"]),
}
OPERATORS = {
    "TEXT": ["eq", "ne", "in", "nin", "contains", "starts_with", "gt", "lte", "between", "empty", "exists"],
    "MULTI_SELECT": ["eq", "ne", "in", "nin", "contains", "starts_with", "empty", "exists"],
    "BOOLEAN": ["eq", "ne", "empty", "exists"],
}
ORDERED = ["eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "between", "empty", "exists"]


def schema(indexed: bool) -> Any:
    index = {"filters": indexed}
    options = {"MULTI_SELECT": {"options": OPTIONS}}
    return a_schema(*(a_field(name.lower(), type=name, index=index, **options.get(name, {})) for name in GIVEN))


SCHEMAS = {indexed: schema(indexed) for indexed in (True, False)}
FIELDS = {indexed: each.catalogue(Catalogue({}), somebody()) for indexed, each in SCHEMAS.items()}
VALUES = st.fixed_dictionaries({}, optional={name.lower(): each for name, each in GIVEN.items()})


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(GIVEN)))
    op = draw(st.sampled_from(OPERATORS.get(name, ORDERED)))
    one = GIVEN[name].map(lambda each: each[0] if isinstance(each, list) else each)
    operand = one
    if op in ("in", "nin"):
        operand = st.lists(
            one if name == "BOOLEAN" else one | st.just("") if name in ("TEXT", "DATE") else one, min_size=1
        )
    elif op == "between":
        operand = st.lists(one, min_size=2, max_size=2)
    elif op in ("empty", "exists"):
        operand = st.booleans()
    return {"field": f"custom_fields.{name.lower()}", "op": op, "value": draw(operand)}


@pytest.fixture(scope="module")
def collection(servers: Servers) -> Any:
    with MongoClient(servers.mongo_url("contacts"), tz_aware=True) as client:
        found = client.get_default_database()["custom_filtered"]
        found.create_index([("tenant_id", 1), ("custom_index.k", 1), ("custom_index.v", 1), ("_id", 1)])
        yield found
        found.drop()


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(records=st.lists(VALUES, min_size=1, max_size=6), filters=st.lists(conditions(), min_size=1, max_size=8))
def test_an_index_changes_nothing_of_what_is_found(
    collection: Collection, records: list[Any], filters: list[Any]
) -> None:
    collection.delete_many({})
    for at, given_values in enumerate(records):
        kept = {
            key: value.read(key.upper(), each, SCHEMAS[True].fields[key].choice) for key, each in given_values.items()
        }
        row = {"_id": at, "tenant_id": "ten_1", "custom_fields": kept, **SCHEMAS[True].entries(kept)}
        collection.insert_one(row)
    stored = list(collection.find())
    for written in filters:
        asked = json_format.ParseDict(written, listing_pb2.Filter())
        by_entry, by_path = (condition(asked, FIELDS[indexed]) for indexed in (True, False))
        holds = predicate(by_path)
        expected = {each["_id"] for each in stored if holds(each)}
        assert {each["_id"] for each in collection.find(query(by_path))} == expected, written
        assert {each["_id"] for each in collection.find({"tenant_id": "ten_1", **query(by_entry)})} == expected, written
