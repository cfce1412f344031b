"""The laws of likeness, and what it says of people whom typists met twice."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.blocking import EXACT, exact_keys, keys, sound
from services.contacts.likeness import LIKELY, MODEL, compare, probability, slip
from services.contacts.portrait import Place, Portrait, of_company, of_person, plain, plain_company
from tests.contacts import febrl

names = st.text("abcdeilmnorst ", max_size=9).map(str.strip)
digits = st.text("0123456789", min_size=8, max_size=8)
places = st.builds(Place, street=names, locality=names, region=names, postal_code=st.text("0123456789", max_size=5))
portraits = st.builds(
    Portrait,
    given_name=names,
    family_name=names,
    organisation=names,
    birth_date=st.one_of(st.just(""), digits),
    places=st.lists(places, max_size=2).map(tuple),
    mailboxes=st.frozensets(st.sampled_from(["a@x.example", "b@x.example", "c@x.example"]), max_size=2),
    phones=st.frozensets(st.sampled_from(["+4915123456789", "+4915123456780"]), max_size=2),
    domain=st.sampled_from(["", "x.example", "y.example"]),
    external_ids=st.frozensets(st.tuples(st.sampled_from(["erp", "shop"]), st.sampled_from("123")), max_size=2),
)

ADA = {
    "given_name": "Ada", "family_name": "Thorn", "birth_date": "1981-04-12",
    "emails": [{"address": "Ada@roseandthorn.example"}], "phones": [{"number": "+4915123456789"}],
    "addresses": [{"lines": ["12 Garden Lane"], "locality": "Ghent", "postal_code": "9000"}],
}  # fmt: skip


def alike(**fields: object) -> float:
    """How much somebody who differs from Ada in these fields is like her."""
    return compare(of_person(ADA), of_person(ADA | fields)).score


@given(portraits, portraits)
def test_likeness_is_the_same_in_either_order(one, other):
    there, back = compare(one, other), compare(other, one)
    assert there.weight == pytest.approx(back.weight)
    assert sorted(there.reasons) == sorted(back.reasons)


@given(portraits, portraits)
def test_nobody_is_more_like_somebody_than_the_same(one, other):
    assert compare(one, one).weight >= compare(one, other).weight - 1e-9


@given(portraits, portraits)
def test_a_score_is_a_probability(one, other):
    assert 0 <= compare(one, other).score <= 1


@given(portraits, portraits, st.sampled_from(["organisation", "birth_date", "mailboxes", "phones", "domain", "places"]))
def test_agreeing_on_what_is_known_never_makes_less_alike(one, other, field):
    if getattr(one, field):
        agreeing = replace(other, **{field: getattr(one, field)})
        if getattr(other, field):
            assert compare(one, agreeing).weight >= compare(one, other).weight - 1e-9


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_more_evidence_is_a_higher_probability(one, other):
    assert (probability(one) <= probability(other)) == (one <= other) or probability(one) == probability(other)


@given(portraits)
def test_the_same_record_shares_all_its_keys(portrait):
    assert keys(portrait) == keys(replace(portrait))
    assert set(exact_keys(portrait)) <= set(keys(portrait))
    assert all(key.split(":")[0] in EXACT for key in exact_keys(portrait))


@pytest.mark.parametrize("feature", MODEL)
def test_the_probabilities_of_a_feature_are_those_of_all_cases(feature):
    levels = MODEL[feature].values()
    assert sum(level.m for level in levels) == pytest.approx(1)
    assert sum(level.u for level in levels) == pytest.approx(1)
    weights = [level.weight for level in levels]
    assert weights == sorted(weights, reverse=True), "agreeing more weighs more"
    assert weights[0] > 0 > weights[-1]


@pytest.mark.parametrize(
    "fields",
    [
        {"given_name": "Thorn", "family_name": "Ada"},
        {"given_name": "Áda", "family_name": "THORN"},
        {"given_name": "Ада", "family_name": "Торн"},
        {"family_name": "Thron", "birth_date": "1981-04-21"},
        {"birth_date": "1981-12-04"},
        {"emails": [], "addresses": []},
        {"emails": [{"address": "ada@home.example"}], "addresses": [{"lines": ["3 Elm Row"], "locality": "Leeds"}]},
    ],
)
def test_somebody_who_is_typed_in_otherwise_is_the_same(fields):
    assert alike(**fields) > 0.9


@pytest.mark.parametrize(
    "fields",
    [
        {"given_name": "Ben", "birth_date": "1979-11-30", "emails": []},  # who lives with her and has her telephone
        {"given_name": "Zoe", "birth_date": "2009-01-03", "emails": [], "phones": []},
        {"birth_date": "1950-06-30", "emails": [], "phones": [], "addresses": []},  # whose name is hers
    ],
)
def test_somebody_of_the_same_house_or_name_is_another(fields):
    assert alike(**fields) < 0.5


def test_the_reasons_are_told_the_weightiest_first():
    told = compare(of_person(ADA), of_person(ADA | {"given_name": "Adda", "birth_date": ""}))
    assert told.reasons[:2] == ("email:same", "family_name:same")
    assert "given_name:close" in told.reasons
    assert not any(reason.startswith("birth_date") for reason in told.reasons)


def test_companies_are_known_without_their_legal_form():
    vale = of_company({"name": "Vale Gardens Ltd.", "domain": "www.Vale.example"})
    assert vale.organisation == plain_company("VALE GARDENS")
    assert compare(vale, of_company({"name": "Vale Gardens S.A.", "domain": "vale.example"})).score > 0.9
    assert plain_company("SE") == "se"
    assert of_company({"name": "Ada", "domain": "gmail.com"}).domain == ""


def test_names_in_every_script_are_read_in_latin_letters():
    assert [plain(name) for name in ("Łódź-Widzew", "Шишкин", "Ελένη", None)] == [
        "lodz widzew",
        "shishkin",
        "eleni",
        "",
    ]
    assert plain("山田") == plain("山田 ")
    assert [sound(name) for name in ("robert", "rupert", "tymczak", "pfister")] == ["r163", "r163", "t522", "p236"]


def test_one_slip_of_the_finger_is_seen():
    assert all(slip(*pair) for pair in (("19810412", "19810421"), ("19810412", "19811204"), ("9000", "900")))
    assert not slip("19810412", "19820421")


@pytest.mark.skipif(not febrl.DATA.exists(), reason=f"the persons are not in {febrl.DATA}")
@pytest.mark.parametrize(("dataset", "precision", "recall"), [(1, 0.98, 0.95), (3, 0.97, 0.90)])
def test_planted_doubles_are_found(dataset, precision, recall):
    [at_default] = febrl.measure(dataset, [LIKELY])
    assert at_default.precision >= precision
    assert at_default.recall >= recall
    assert at_default.compared < at_default.pairs / 500, "hardly any pair is compared"
