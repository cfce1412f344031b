"""A walk over pages meets every record once, in order, and answers what was asked."""

import base64
import random

import pytest
from crm.common.v1 import listing_pb2
from crm.sales.v1 import opportunity_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.listing import TOKENS, page, tokens
from chassis.listing import token as token_module
from chassis.listing.order import order, sorting
from chassis.listing.token import fingerprint, position, token
from chassis.refusals import Invalid
from tests.chassis.listing.records import FIELDS, OPPORTUNITY, RECORDS, a_filter

ON_MONGOD = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
SORTABLE = [
    "id", "name", "account_id", "status", "probability", "days_to_close", "amount.units", "amount.currency_code",
    "open_date", "create_time",
]  # fmt: skip
RESPONSE = opportunity_pb2.ListOpportunitiesResponse
NARROW = {"tenant_id": "one"}


def as_wire(row):
    named = {"_id": "id", "revision": "etag"}
    wire = {
        named.get(key, key): value
        for key, value in row.items()
        if key not in ("tenant_id", TOKENS) and value is not None
    }
    return wire | ({"etag": str(wire["etag"])} if "etag" in wire else {})


def a_page(collection, narrow=NARROW, **asked):
    request = listing_pb2.ListRequest(**asked)
    return page(collection, OPPORTUNITY, request, narrow, RESPONSE, as_wire=as_wire, max_time_ms=5_000)


def refused(call):
    with pytest.raises(Invalid) as refusal:
        call()
    return [each.field for each in refusal.value.violations]


def keep(collection, *records, tenant="one"):
    rows = [
        {"_id": f"opp_{tenant}_{at:04}", "revision": 1, "tenant_id": tenant} | record
        for at, record in enumerate(records)
    ]
    collection.insert_many(rows)
    return rows


ORDERS = st.lists(st.sampled_from(SORTABLE), max_size=3, unique=True).flatmap(
    lambda names: st.tuples(*[st.sampled_from([name, f"-{name}"]) for name in names]).map(list)
)
# The rows that the walk is about have each value or a way of missing it; only their sort values matter here.
LISTS = ("lines", "tags", "contacts")
SORTED_ROWS = st.lists(
    RECORDS.map(lambda row: {key: value for key, value in row.items() if key not in LISTS}), min_size=1, max_size=14
)


@settings(ON_MONGOD, max_examples=150)
@given(SORTED_ROWS, SORTED_ROWS, ORDERS, st.integers(1, 5), st.randoms())
def test_a_walk_meets_every_stable_row_once_while_others_come_and_go(
    collection, stable, passing, order_by, size, chance
):
    collection.delete_many({})
    kept = [row["_id"] for row in keep(collection, *stable)]
    # Their ids fall between those of the stable rows, before and behind the place of the walk.
    ids = chance.sample(range(14), len(passing))
    comers = [{"_id": f"opp_one_{at:04}+", "tenant_id": "one", **row} for at, row in zip(ids, passing, strict=True)]
    seen, asked = [], ""
    while True:
        answer = a_page(collection, order_by=order_by, page_size=size, page_token=asked, fields=["id"])
        seen += [each.id for each in answer.opportunities]
        asked = answer.next_page_token
        if not asked:
            break
        if comers:
            collection.insert_one(comers.pop())
        if chance.random() < 0.5:
            collection.delete_one({"_id": {"$nin": kept}})
    assert sorted(each for each in seen if each in kept) == sorted(kept)
    in_order = [each["_id"] for each in collection.find({"_id": {"$in": kept}}, sort=sorting(order(order_by, FIELDS)))]
    assert [each for each in seen if each in kept] == in_order


class TestTokens:
    def test_a_token_is_right_also_when_the_wire_takes_the_rows_apart(self, collection):
        keep(collection, {"name": "a"}, {"name": "b"})

        def taking_apart(row):
            return as_wire({key: row.pop(key) for key in list(row)})

        request = listing_pb2.ListRequest(page_size=1)
        first = page(collection, OPPORTUNITY, request, NARROW, RESPONSE, as_wire=taking_apart, max_time_ms=5_000)
        assert [each.name for each in a_page(collection, page_token=first.next_page_token).opportunities] == ["a"]

    def test_a_token_goes_on_where_its_row_was_even_when_the_row_is_gone(self, collection):
        keep(collection, *[{"name": name} for name in "abcd"])
        first = a_page(collection, order_by=["name"], page_size=2)
        collection.delete_one({"name": "b"})
        rest = a_page(collection, order_by=["name"], page_token=first.next_page_token)
        assert [each.name for each in rest.opportunities] == ["c", "d"]

    @pytest.mark.parametrize(
        "other",
        [{"order_by": ["-name"]}, {"order_by": []}, {"query": "a"}, {"with_deleted": True},
         {"filter": a_filter({"field": "name", "op": "ne", "value": "z"})}],
    )  # fmt: skip
    def test_a_token_of_another_list_is_refused(self, collection, other):
        keep(collection, {"name": "a"}, {"name": "b"})
        taken = a_page(collection, order_by=["name"], page_size=1).next_page_token
        asked = {"order_by": ["name"], "page_token": taken} | other
        assert refused(lambda: a_page(collection, **asked)) == ["page_token"]

    def test_a_token_of_another_tenant_is_refused(self, collection):
        keep(collection, {"name": "a"}, {"name": "b"})
        taken = a_page(collection, page_size=1).next_page_token
        assert refused(lambda: a_page(collection, {"tenant_id": "two"}, page_token=taken)) == ["page_token"]

    def test_page_size_fields_and_total_may_change_on_the_way(self, collection):
        keep(collection, {"name": "a"}, {"name": "b"}, {"name": "c"})
        taken = a_page(collection, page_size=1).next_page_token
        answer = a_page(collection, page_size=5, fields=["name"], with_total=True, page_token=taken)
        assert [each.name for each in answer.opportunities] == ["b", "a"]

    @given(st.data())
    def test_an_altered_token_is_refused(self, data):
        keys, bound = order(["name"], FIELDS), fingerprint("one", "noun", listing_pb2.ListRequest())
        taken = token({"_id": "opp_1", "name": "ab"}, keys, bound)
        assert position(taken, keys, bound) == ["ab", "opp_1"]
        raw = bytearray(base64.urlsafe_b64decode(taken + "=" * (-len(taken) % 4)))
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
        altered = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        assert refused(lambda: position(altered, keys, bound)) == ["page_token"]

    @given(st.text(max_size=60))
    def test_any_text_is_refused(self, text):
        bound = fingerprint("one", "noun", listing_pb2.ListRequest())
        assert refused(lambda: position(text, order([], FIELDS), bound)) == ["page_token"]

    @pytest.mark.parametrize(
        "payload",
        [
            b'[{"$gt":""}]',
            b'[{"$where":"1"}]',
            b"[1]",
            b'["\\ud800"]',
            b"[true]",
            b"[null]",
            b"[[]]",
            b"{}",
            b"[",
            b"[" * 9000,
        ],
    )
    def test_a_forged_token_holds_no_operator(self, payload):
        bound = fingerprint("one", "noun", listing_pb2.ListRequest())
        forged = base64.urlsafe_b64encode(token_module._digest(payload, bound) + payload).decode().rstrip("=")
        assert refused(lambda: position(forged, order([], FIELDS), bound)) == ["page_token"]


@pytest.mark.parametrize(
    ("order_by", "places"),
    [
        (["nonsense"], ["order_by[0]"]), (["name", "-name"], ["order_by[1]"]), (["tags"], ["order_by[0]"]),
        (["lines.quantity"], ["order_by[0]"]), (["amount"], ["order_by[0]"]), (["tenant_id"], ["order_by[0]"]),
        (["--name"], ["order_by[0]"]), (["$natural"], ["order_by[0]"]), (["description"], ["order_by[0]"]),
        ([""], ["order_by[0]"]),
        (["name", "stage", "source", "status"], ["order_by[3]"]), (["etag"], ["order_by[0]"]),
    ],
)  # fmt: skip
def test_what_is_no_order_is_refused(order_by, places):
    assert refused(lambda: order(order_by, FIELDS)) == places


def test_the_default_is_newest_first_and_ids_end_every_order():
    assert sorting(order([], FIELDS)) == [("_id", -1)]
    assert sorting(order(["name"], FIELDS)) == [("name", 1), ("_id", 1)]
    assert sorting(order(["name", "-amount.units"], FIELDS)) == [("name", 1), ("amount.units", -1), ("_id", -1)]
    assert sorting(order(["id", "name"], FIELDS)) == [("_id", 1)]


def test_only_the_asked_fields_come_with_id_and_etag(collection):
    keep(collection, {"name": "a", "stage": "s", "amount": {"currency_code": "EUR", "units": 5}, TOKENS: ["a"]})
    answer = a_page(collection, fields=["stage", "amount.currency_code"], order_by=["name", "amount.units"])
    expected = opportunity_pb2.Opportunity(id="opp_one_0000", etag="1", stage="s", amount={"currency_code": "EUR"})
    assert list(answer.opportunities) == [expected]
    bare = a_page(collection, fields=["etag"], order_by=["amount.units"]).opportunities[0]
    assert bare == opportunity_pb2.Opportunity(id="opp_one_0000", etag="1")
    both = a_page(collection, fields=["amount", "amount.units"]).opportunities[0]
    assert both.amount.units == 5
    assert a_page(collection).opportunities[0].name == "a"


@pytest.mark.parametrize(
    "path", ["nonsense", "$x", "tenant_id", "search_tokens", "revision", "_id", "amount.$", "", "name.x"]
)
def test_an_unknown_field_is_refused(collection, path):
    assert refused(lambda: a_page(collection, fields=["name", path])) == ["fields[1]"]


@pytest.mark.parametrize("size", [-1, 201, 2**31 - 1])
def test_a_size_out_of_bounds_is_refused(collection, size):
    assert refused(lambda: a_page(collection, page_size=size)) == ["page_size"]


def test_a_list_never_leaves_its_tenant(collection):
    keep(collection, {"name": "mine"})
    keep(collection, {"name": "theirs"}, tenant="two")
    wide = a_filter(
        {"any": [{"field": "name", "op": "exists", "value": True}, {"field": "name", "op": "empty", "value": True}]}
    )
    for asked in ({}, {"filter": wide}, {"query": ""}, {"filter": wide, "order_by": ["name"], "page_size": 1}):
        answer = a_page(collection, with_total=True, **asked)
        assert [each.name for each in answer.opportunities] == ["mine"]
        assert answer.total.value == 1


def test_query_filter_and_scope_narrow_together(collection):
    rows = [
        ("Blue Kettle", "usr_1", 5),
        ("Blue Pot", "usr_1", 9),
        ("Blue Kettle", "usr_2", 9),
        ("Red Kettle", "usr_1", 9),
    ]
    keep(
        collection,
        *[
            {"name": name, "owner_id": owner, "probability": chance, TOKENS: tokens([name])}
            for name, owner, chance in rows
        ],
    )
    scope = {"tenant_id": "one", "$and": [{"owner_id": "usr_1"}]}
    answer = a_page(
        collection,
        scope,
        query="blu",
        filter=a_filter({"field": "probability", "op": "gt", "value": 5}),
        with_total=True,
    )
    assert [each.name for each in answer.opportunities] == ["Blue Pot"]
    assert (answer.total.value, answer.total.relation) == (1, "eq")


def test_a_total_is_that_of_the_list_on_every_page_of_it(collection):
    keep(collection, *[{}] * 7)
    for size in (1, 6, 7, 8, 200):
        taken = ""
        while True:
            answer = a_page(collection, with_total=True, page_size=size, page_token=taken)
            assert (answer.total.value, answer.total.relation) == (7, "eq")
            if not (taken := answer.next_page_token):
                break


def test_a_total_is_exact_up_to_ten_thousand(collection):
    keep(collection, *[{}] * 10_000)
    total = a_page(collection, with_total=True, page_size=1).total
    assert (total.value, total.relation) == (10_000, "eq")
    collection.insert_one({"_id": f"opp_{random.random()}", "tenant_id": "one"})
    total = a_page(collection, with_total=True, page_size=1).total
    assert (total.value, total.relation) == (10_000, "gte")
    assert not a_page(collection).HasField("total")
