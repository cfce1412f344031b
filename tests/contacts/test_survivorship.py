"""Whose values a merged record has, and that parting gives back what was there."""

import pytest
from crm.contacts.v1 import contact_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis import Invalid, merging
from services.contacts.refusals import MergeTooBig
from services.contacts.survivorship import closed, join, opened, part

FIELDS = ("given_name", "family_name", "job_title", "emails", "phones", "websites", "tags", "external_ids", "owner_id")
ADA = {"_id": "con_1", "given_name": "Ada", "owner_id": "usr_1", "tags": ["vip"],
       "emails": [{"address": "ada@x.example", "primary": True}],
       "websites": [{"url": "https://ada.example", "type": "home"}]}  # fmt: skip
ALSO_ADA = {"_id": "con_2", "given_name": "A.", "family_name": "Thorn", "job_title": "Gardener", "owner_id": "usr_2",
            "emails": [{"address": "ADA@x.example", "primary": True}, {"address": "ada@home.example", "primary": False}],
            "websites": [{"url": "https://ada.example", "type": "work"}], "tags": ["rose", "vip"]}  # fmt: skip
LAST_ADA = {"_id": "con_3", "job_title": "Head gardener", "external_ids": [{"system": "erp", "id": "7"}]}

values = st.one_of(st.none(), st.lists(st.sampled_from("abcdef"), unique=True))


def test_lists_are_united_and_gaps_are_filled_in_order() -> None:
    joined, won = join(contact_pb2.Contact, FIELDS, ADA, [ALSO_ADA, LAST_ADA], {})
    assert joined == {
        "given_name": "Ada", "family_name": "Thorn", "job_title": "Gardener", "owner_id": "usr_1", "phones": None,
        "emails": [{"address": "ada@x.example", "primary": True}, {"address": "ada@home.example", "primary": False}],
        "websites": [{"url": "https://ada.example", "type": "home"}],
        "tags": ["vip", "rose"], "external_ids": [{"system": "erp", "id": "7"}],
    }  # fmt: skip
    assert won == {"family_name": "con_2", "job_title": "con_2"}


def test_a_caller_chooses_whose_value_wins() -> None:
    joined, won = join(contact_pb2.Contact, FIELDS, ADA, [ALSO_ADA, LAST_ADA], {"job_title": "con_3", "tags": "con_3"})
    assert (joined["job_title"], joined["tags"]) == ("Head gardener", None)
    assert (won["job_title"], won["tags"]) == ("con_3", "con_3")


@pytest.mark.parametrize(("winners", "field"), [({"nothing": "con_1"}, "nothing"), ({"tags": "con_9"}, "tags")])
def test_a_choice_that_cannot_be_is_refused_where_it_stands(winners: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        join(contact_pb2.Contact, FIELDS, ADA, [ALSO_ADA], winners)
    assert [each.field for each in refused.value.violations] == [f"winners.{field}"]


def test_nothing_is_cut_off_where_the_lists_are_too_long() -> None:
    many = {"_id": "con_2", "emails": [{"address": f"ada{number}@x.example"} for number in range(20)]}
    with pytest.raises(MergeTooBig):
        join(contact_pb2.Contact, FIELDS, ADA, [many], {})


def test_a_later_change_of_a_joined_field_stays_and_is_told() -> None:
    joined, _ = join(contact_pb2.Contact, FIELDS, ADA, [ALSO_ADA], {})
    later = joined | {"family_name": "Thorne", "tags": ["vip", "rose", "new"]}
    apart, conflicts = part(FIELDS, ADA, joined, later)
    assert conflicts == ["family_name"]
    assert (apart["family_name"], apart["tags"], apart["job_title"]) == ("Thorne", ["vip", "new"], None)


@given(values, values)
def test_what_nobody_changed_goes_back_to_what_it_was(before: list[str], after: list[str]) -> None:
    assert merging.parted(before, after, after) == before


@given(values, values)
def test_what_a_merge_did_not_touch_keeps_its_later_change(before: list[str], now: list[str]) -> None:
    assert merging.parted(before, before, now) in (now, before if now == before else now)


@given(values, values, values)
def test_parting_a_list_keeps_what_was_added_and_gives_back_what_was_taken(
    before: list, after: list, now: list
) -> None:
    apart = set(merging.parted(before, after, now) or ())
    before, after, now = (set(each or ()) for each in (before, after, now))
    if now != before:
        assert now - after <= apart, "later additions"
        assert before - after <= apart, "what the merge took"
        assert not ((after - before) & apart), "what the merge brought"


@given(st.lists(st.sampled_from(["a", "b", "c", "s"])))
def test_pointing_leaves_nobody_merged_and_nobody_twice(ids: list[str]) -> None:
    unique = list(dict.fromkeys(ids))
    pointed = merging.pointed(unique, "", ["a", "b"], "s")
    assert not {"a", "b"} & set(pointed)
    assert len(pointed) == len(set(pointed))
    assert ("s" in pointed) == bool({"a", "b", "s"} & set(unique))


@given(st.dictionaries(st.sampled_from("abc"), st.integers()), st.dictionaries(st.sampled_from("abc"), st.integers()))
def test_a_row_that_is_taken_apart_is_put_together_as_it_was(custom: dict[str, int], others: dict[str, int]) -> None:
    row = others | ({"custom_fields": custom} if custom else {})
    assert closed(opened(row)) == others | {"custom_fields": custom or None}
