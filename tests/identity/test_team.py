"""The tree of teams: what its members reach."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.identity.team import reach

NAMES = st.sampled_from("abcdefgh")
FORESTS = st.dictionaries(NAMES, st.one_of(st.none(), NAMES))  # rings and missing parents included


def test_a_team_reaches_its_sub_teams_at_any_depth():
    parents = {"sales": None, "north": "sales", "oslo": "north", "support": None}
    assert reach(["sales"], parents) == ["sales", "north", "oslo"]


def test_the_first_team_of_a_user_comes_first():
    assert reach(["north", "sales"], {"sales": None, "north": "sales", "south": "sales"})[0] == "north"


def test_a_team_that_was_deleted_counts_for_nothing():
    assert reach(["gone"], {"below": "gone"}) == []


@given(st.lists(NAMES, unique=True), FORESTS)
def test_reach_is_closed_under_sub_teams_and_names_each_team_once(teams, parents):
    reached = reach(teams, parents)
    assert len(reached) == len(set(reached))
    assert set(reached) <= parents.keys()
    assert all(team in reached for team in teams if team in parents)
    assert all(team in reached for team, parent in parents.items() if parent in reached)


@given(st.lists(NAMES, unique=True), FORESTS)
def test_reach_goes_no_further_than_the_way_up_leads_back(teams, parents):
    for team in reach(teams, parents):
        way, at = [], team
        while at is not None and at not in way:
            way.append(at)
            at = parents.get(at)
        assert set(way) & set(teams)
