"""The newest records tell how frequent words are, by the same law as the index of words."""

import re

from bson.regex import Regex
from hypothesis import given
from hypothesis import strategies as st

from chassis.listing import TOKENS, search_tokens
from chassis.listing.sample import LEAST, Sample
from chassis.listing.words import begun, holding, together

NAMES = st.lists(
    st.sampled_from(["ann", "anna", "kow", "kowal", "li", "straße", "Олег", "Ольга", "+4915112345678"]), max_size=4
)
QUERIES = st.sampled_from(["a", "ann", "anna kow", "k an", "ol", "ол", "li ann", "0151 123", "kowal kow", "strasse"])


def finds(condition, tokens):
    """What MongoDB would say of the one condition on tokens."""
    sought = condition[TOKENS]
    if isinstance(sought, dict) and "$regex" in sought:
        sought = {"$in": [Regex(sought["$regex"])]}
    for each in sought["$in"] if isinstance(sought, dict) else [sought]:
        pattern = each.pattern if isinstance(each, Regex) else f"^{re.escape(each)}$"
        if any(re.search(pattern, token) for token in tokens):
            return True
    return False


@given(st.lists(NAMES, max_size=12), QUERIES)
def test_a_sample_finds_what_the_index_would(people, query):
    rows = [{TOKENS: search_tokens([" ".join(names)])} for names in people]
    sample = Sample(rows)
    for way in (*begun(query), *holding(query), *together(begun(query)[0])):
        for term in way:
            assert sample.having(term) == sum(finds(term.leading, row[TOKENS]) for row in rows)


@given(st.lists(st.sampled_from(["usr_1", "usr_2", None]), max_size=40))
def test_a_sample_knows_the_values_of_fields(owners):
    sample = Sample([{"owner_id": owner} for owner in owners], ["owner_id"])
    assert sample.valued("owner_id", "usr_1") == owners.count("usr_1")
    assert sample.valued("owner_id", {"$in": ["usr_1", "usr_2"]}) == owners.count("usr_1") + owners.count("usr_2")
    assert sample.valued("name", "x") == 0


def test_few_records_tell_nothing_of_what_is_frequent():
    assert not Sample([]).is_frequent(0)
    assert Sample([{}] * 20).is_frequent(LEAST)
    assert Sample([]).share(0) == 0.5
