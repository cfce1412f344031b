"""A search answers with whole words first, then beginnings, then, where asked, with words that are merely alike."""

import pytest
from crm.common.v1 import listing_pb2
from crm.sales.v1 import opportunity_pb2

from chassis import mirror
from chassis.listing import TOKENS, page, search_tokens, vocabulary
from chassis.listing import names as names_of
from chassis.refusals import Invalid

NARROW = {"tenant_id": "one", "deleted_time": None}


def keep(collection, *names, **fields):
    collection.insert_many(
        {"_id": f"opp_{number:03}", "tenant_id": "one", "name": name, TOKENS: search_tokens([name]), **fields}
        for number, name in enumerate(names, collection.count_documents({}))
    )
    vocabulary.learn(collection, "one", dict.fromkeys(word for name in names for word in names_of([name])))


def answer(collection, narrow=NARROW, **asked):
    return page(
        collection, opportunity_pb2.Opportunity, listing_pb2.ListRequest(**asked), narrow,
        opportunity_pb2.ListOpportunitiesResponse, as_wire=mirror.as_wire, max_time_ms=5_000,
    )  # fmt: skip


def names(collection, **asked):
    return [each.name for each in answer(collection, **asked).opportunities]


def test_whole_words_come_before_beginnings_and_newer_before_older(collection):
    keep(collection, "Ann Old", "Annabel", "Ann New", "Anne")
    assert names(collection, query="ann") == ["Ann New", "Ann Old", "Anne", "Annabel"]


def test_names_that_begin_so_come_before_words_that_stand_apart(collection):
    keep(
        collection, "Anna Kowalska", "Ann Maria Louise Kow", "Ann Kow", "Annabel Kowalski", "Louise Maria Kowalska Ann"
    )
    assert names(collection, query="kow ann") == [
        "Ann Kow", "Annabel Kowalski", "Anna Kowalska", "Ann Maria Louise Kow", "Louise Maria Kowalska Ann",
    ]  # fmt: skip


def test_an_order_that_is_asked_for_wins(collection):
    keep(collection, "Annabel", "Ann", "Bob")
    assert names(collection, query="ann", order_by=["-name"]) == ["Annabel", "Ann"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_walk_through_a_search_meets_every_record_once_in_order(collection, size):
    keep(collection, *["Ann", "Anna", "Ann Lee", "Annika", "Ann", "Hannes", "Ann Anna"] * 3)
    whole = names(collection, query="ann", page_size=100)
    walked, token = [], ""
    while True:
        found = answer(collection, query="ann", page_size=size, page_token=token)
        walked += [each.id for each in found.opportunities]
        if not (token := found.next_page_token):
            break
    assert len(walked) == len(set(walked)) == len(whole) == 18
    assert walked == [each.id for each in answer(collection, query="ann", page_size=100).opportunities]


def test_words_that_are_alike_come_last_and_only_where_asked(collection):
    keep(collection, "Jhon Smith", "John Smithson", "John Smith", "John Meyer")
    assert names(collection, query="jhon smith") == ["Jhon Smith"]
    assert names(collection, query="jhon smith", with_alike=True) == ["Jhon Smith", "John Smith", "John Smithson"]
    assert names(collection, query="john smiht", with_alike=True) == ["John Smith", "Jhon Smith"]


def test_the_most_alike_come_first(collection):
    keep(collection, "Kristopher", "Christophe", "Christopher")
    assert names(collection, query="cristopher", with_alike=True) == ["Christopher", "Kristopher", "Christophe"]


def test_a_full_page_has_nothing_that_is_merely_alike_and_fields_stay_as_asked(collection):
    keep(collection, "John", "John", "Jhon")
    assert names(collection, query="john", with_alike=True, page_size=2) == ["John", "John"]
    found = answer(collection, query="johm", with_alike=True, fields=["status"], page_size=2)
    assert [each.name for each in found.opportunities] == ["", ""]
    assert not found.next_page_token


def test_what_the_caller_may_not_see_is_not_alike(collection):
    keep(collection, "John", owner_id="usr_1")
    keep(collection, "John", owner_id="usr_2")
    own = NARROW | {"owner_id": "usr_1"}
    assert [each.id for each in answer(collection, own, query="jhon", with_alike=True).opportunities] == ["opp_000"]


def test_alike_beside_an_order_is_refused(collection):
    with pytest.raises(Invalid) as refused:
        names(collection, query="jhon", with_alike=True, order_by=["name"])
    assert refused.value.violations[0].field == "with_alike"


def test_a_total_of_a_search_counts_to_a_thousand(collection):
    keep(collection, *["Ann"] * 1_000)
    assert answer(collection, query="ann", with_total=True).total == listing_pb2.Total(value=1_000, relation="eq")
    keep(collection, "Anna")
    assert answer(collection, query="ann", with_total=True).total == listing_pb2.Total(value=1_000, relation="gte")


def test_a_word_of_another_tenant_or_noun_is_not_meant(collection):
    vocabulary.learn(collection, "two", ["trellis"])
    vocabulary.learn(collection.database["others"], "one", ["trellis"])
    assert vocabulary.meant(collection, "one", "trelis") == []
    assert vocabulary.meant(collection, "two", "trelis") == ["trellis"]


def test_a_word_is_learnt_once(collection):
    assert vocabulary.unknown(collection, "three", ["pergola", "door7", "oak", "a@b.example"]) == ["pergola"]
    vocabulary.learn(collection, "three", ["pergola"])
    assert vocabulary.unknown(collection, "three", ["pergola"]) == []
    vocabulary.learn(collection, "three", ["pergola"])
    assert vocabulary.meant(collection, "three", "pergloa") == ["pergola"]
