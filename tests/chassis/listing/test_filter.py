"""What a filter means: MongoDB and the predicate agree on it, and nothing but a filter is taken for one."""

import re

import pytest
from crm.common.v1 import listing_pb2
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from chassis.listing.condition import condition
from chassis.listing.folding import fold, pattern
from chassis.listing.predicate import predicate
from chassis.listing.query import query
from chassis.refusals import Invalid
from tests.chassis.listing.records import FIELDS, FILTERS, RECORDS, TEXTS, a_filter

ON_MONGOD = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def depth_of(written):
    parts = [*written.get("all", ()), *written.get("any", ()), *([written["not"]] if "not" in written else [])]
    return 1 + max(map(depth_of, parts), default=0)


def read(written):
    return condition(a_filter(written), FIELDS)


def refused(written):
    with pytest.raises(Invalid) as refusal:
        condition(written if isinstance(written, listing_pb2.Filter) else a_filter(written), FIELDS)
    return [each.field for each in refusal.value.violations]


@settings(ON_MONGOD, max_examples=300)
@given(st.lists(RECORDS, min_size=1, max_size=8), st.lists(FILTERS, min_size=1, max_size=6))
def test_mongod_and_the_predicate_find_the_same_records(collection, records, filters):
    collection.delete_many({})
    collection.insert_many([record | {"_id": f"opp_{at}"} for at, record in enumerate(records)])
    stored = list(collection.find())
    for written in filters:
        assume(depth_of(written) <= 5)
        meant = read(written)
        holds = predicate(meant)
        found = {each["_id"] for each in collection.find(query(meant))}
        assert found == {each["_id"] for each in stored if holds(each)}, (written, query(meant))


@given(RECORDS, FILTERS)
def test_a_filter_and_its_opposite_part_the_records(record, written):
    assume(depth_of(written) <= 4)
    assert predicate(read(written))(record) != predicate(read({"not": written}))(record)


@pytest.mark.parametrize(
    ("record", "written", "holds"),
    [
        ({}, {"field": "probability", "op": "eq", "value": 0}, True),
        ({}, {"field": "days_to_close", "op": "eq", "value": 0}, False),
        ({"days_to_close": 0}, {"field": "days_to_close", "op": "exists", "value": True}, True),
        ({}, {"field": "amount.units", "op": "lt", "value": 5}, False),
        ({"amount": {"currency_code": "EUR"}}, {"field": "amount.units", "op": "lt", "value": 5}, True),
        ({"open_date": ""}, {"field": "open_date", "op": "lt", "value": "2026-01-01"}, False),
        ({"open_date": ""}, {"field": "open_date", "op": "empty", "value": True}, True),
        ({"tags": ["a", "b"]}, {"field": "tags", "op": "ne", "value": "a"}, False),
        ({"tags": ["a", "b"]}, {"field": "tags", "op": "eq", "value": "b"}, True),
        ({"lines": [{}]}, {"field": "lines", "op": "empty", "value": False}, True),
        ({"name": "Straßenfest"}, {"field": "name", "op": "contains", "value": "STRASSE"}, True),
        ({"name": "Ångström"}, {"field": "name", "op": "starts_with", "value": "angs"}, True),
        ({"name": "a.b"}, {"field": "name", "op": "contains", "value": ".*"}, False),
        ({}, {"field": "status", "op": "eq", "value": "STATUS_UNSPECIFIED"}, True),
        ({"amount": {"units": 2**53 + 1}}, {"field": "amount.units", "op": "eq", "value": str(2**53 + 1)}, True),
    ],
)
def test_a_filter_reads_what_the_wire_shows(record, written, holds):
    assert predicate(read(written))(record) is holds


@pytest.mark.parametrize(
    ("written", "places"),
    [
        ({}, ["filter"]),
        ({"all": []}, ["filter"]),
        ({"all": [{"field": "name", "op": "eq", "value": "a"}], "field": "name"}, ["filter"]),
        ({"field": "tenant_id", "op": "eq", "value": "a"}, ["filter.field"]),
        ({"field": "search_tokens", "op": "eq", "value": "a"}, ["filter.field"]),
        ({"field": "_id", "op": "eq", "value": "a"}, ["filter.field"]),
        ({"field": "etag", "op": "eq", "value": "1"}, ["filter.field"]),
        ({"field": "$where", "op": "eq", "value": "a"}, ["filter.field"]),
        ({"field": "__proto__", "op": "eq", "value": "a"}, ["filter.field"]),
        ({"field": "name.$ne", "op": "eq", "value": "a"}, ["filter.field"]),
        ({"field": "tags.0", "op": "eq", "value": "a"}, ["filter.field"]),
        ({"field": "name", "op": "$ne", "value": "a"}, ["filter.op"]),
        ({"field": "name", "op": "regex", "value": "a"}, ["filter.op"]),
        ({"field": "status", "op": "contains", "value": "O"}, ["filter.op"]),
        ({"field": "amount", "op": "eq", "value": {"units": 1}}, ["filter.op"]),
        ({"field": "name", "op": "eq"}, ["filter.value"]),
        ({"field": "name", "op": "eq", "value": {"$ne": ""}}, ["filter.value"]),
        ({"field": "name", "op": "eq", "value": {"$where": "sleep(1)"}}, ["filter.value"]),
        ({"field": "name", "op": "eq", "value": ["a"]}, ["filter.value"]),
        ({"field": "name", "op": "eq", "value": 1}, ["filter.value"]),
        ({"field": "name", "op": "eq", "value": "nul\0"}, ["filter.value"]),
        ({"field": "name", "op": "contains", "value": ""}, ["filter.value"]),
        ({"field": "name", "op": "contains", "value": "\u0301"}, ["filter.value"]),
        ({"field": "name", "op": "contains", "value": "a" * 101}, ["filter.value"]),
        ({"field": "name", "op": "gt", "value": ""}, ["filter.value"]),
        ({"field": "name", "op": "in", "value": []}, ["filter.value"]),
        ({"field": "name", "op": "in", "value": ["a"] * 201}, ["filter.value"]),
        ({"field": "name", "op": "in", "value": ["a", {"$gt": ""}]}, ["filter.value[1]"]),
        ({"field": "probability", "op": "between", "value": [1]}, ["filter.value"]),
        ({"field": "probability", "op": "eq", "value": 1.5}, ["filter.value"]),
        ({"field": "probability", "op": "eq", "value": "1e400"}, ["filter.value"]),
        ({"field": "amount.units", "op": "eq", "value": str(2**63)}, ["filter.value"]),
        ({"field": "status", "op": "eq", "value": "DREAMT"}, ["filter.value"]),
        ({"field": "open_date", "op": "gt", "value": "yesterday"}, ["filter.value"]),
        ({"field": "create_time", "op": "gt", "value": "2026-11-22"}, ["filter.value"]),
        ({"field": "create_time", "op": "gt", "value": "0001-01-01T00:00:00+14:00"}, ["filter.value"]),
        ({"field": "name", "op": "exists", "value": "yes"}, ["filter.value"]),
        (
            {"any": [{"not": {"field": "x", "op": "eq", "value": 1}}, {"all": [{}]}]},
            ["filter.any[0].not.field", "filter.any[1].all[0]"],
        ),
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused_where_it_stands(written, places):
    assert refused(written) == places


def test_a_null_is_no_value():
    written = listing_pb2.Filter(field="name", op="eq")
    written.value.null_value = 0
    assert refused(written) == ["filter.value"]


def test_conditions_nest_to_depth_five():
    written = {"field": "name", "op": "eq", "value": "a"}
    for _ in range(4):
        written = {"not": written}
    read(written)
    assert refused({"not": written}) == ["filter.not.not.not.not.not"]


def test_a_filter_holds_a_hundred_conditions():
    leaf = {"field": "name", "op": "eq", "value": "a"}
    read({"all": [leaf] * 99})
    assert refused({"all": [leaf] * 100}) == ["filter.all[99]"]
    assert len(refused({"all": [{"any": [leaf] * 99}] * 99})) == 1


@given(TEXTS)
def test_any_text_finds_itself(text):
    assume(pattern(text))
    for written in (text, text.upper()):
        record = {"name": f"{written} and more"}
        for op in ("contains", "starts_with"):
            found = {"field": "name", "op": op, "value": text}
            if text.upper().lower() == text.lower():
                assert predicate(read(found))(record)


@given(st.text(max_size=6), st.text(max_size=12))
def test_what_is_found_is_there_without_case_and_accents(sought, text):
    if pattern(sought) and re.search(pattern(sought), text):

        def bare(words):
            return "".join(fold(each) for each in words)

        assert bare(sought) in bare(text)


def test_the_longest_text_makes_a_pattern_that_mongod_takes(collection):
    collection.insert_one({"name": "x"})
    worst = {"field": "name", "op": "contains", "value": "ffi" * 33}
    assert list(collection.find(query(read(worst)))) == []
