"""What a user record may go through; no connection needed."""

import unicodedata

import pytest
from crm.identity.v1 import events_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.identity.refusals import UserAlreadyDisabled, UserNotDisabled
from services.gateway.identity.throttle import FREE_FAILURES, LONGEST_WAIT, wait
from services.gateway.identity.user import normalised, since_then
from tests.builders.identity import a_user


def test_a_disabled_user_is_told():
    user = a_user()
    user.disable()
    [event] = user._recorded()
    assert isinstance(event, events_pb2.UserDisabled)
    assert event.user.disabled


def test_a_disabled_user_cannot_be_disabled():
    with pytest.raises(UserAlreadyDisabled):
        a_user(disabled=True).disable()


def test_an_enabled_user_is_told():
    user = a_user(disabled=True)
    user.enable()
    [event] = user._recorded()
    assert isinstance(event, events_pb2.UserEnabled)
    assert not event.user.disabled


def test_a_user_who_is_not_disabled_cannot_be_enabled():
    with pytest.raises(UserNotDisabled):
        a_user().enable()


def test_a_new_password_is_told_without_the_password():
    user = a_user()
    user.change_password()
    [event] = user._recorded()
    assert {field.name for field in events_pb2.UserPasswordSet.DESCRIPTOR.fields} == {"user"}
    assert event.user.email == user.email


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ada@Acorn.Example", "ada@acorn.example"),
        ("  ada@acorn.example ", "ada@acorn.example"),
        ("jose\u0301@acorn.example", "jos\u00e9@acorn.example"),
        ("STRASSE@acorn.example", "strasse@acorn.example"),
    ],
)
def test_addresses_are_compared_without_regard_to_case_and_composition(given, kept):
    assert normalised(given) == kept


@given(st.emails())
def test_an_address_has_one_form(email):
    once = normalised(email)
    assert normalised(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_the_first_failures_cost_nothing():
    assert all(not wait(failures) for failures in range(FREE_FAILURES + 1))


@given(st.integers(min_value=0, max_value=10**9))
def test_each_further_failure_waits_at_least_as_long_up_to_a_limit(failures):
    assert wait(failures) <= wait(failures + 1) <= LONGEST_WAIT


def test_waits_double():
    assert [wait(FREE_FAILURES + n).total_seconds() for n in range(1, 5)] == [1, 2, 4, 8]


DAYS = [f"2026-11-{day:02}" for day in range(1, 10)]
CHANGES = st.lists(st.tuples(st.sampled_from(DAYS), st.lists(st.sampled_from("abc"), unique=True)), max_size=8)


def held(memberships, day):
    """The teams of a day."""
    return {
        each["team_id"] for each in memberships if each.get("since_date", "") <= day < each.get("until_date", "9999")
    }


@given(st.lists(st.sampled_from("abc"), unique=True), CHANGES)
def test_of_every_day_the_memberships_say_the_teams_that_it_ended_with(first, changes):
    changes = sorted(changes, key=lambda change: change[0])
    known, teams, ended = [], first, {"2026-10-31": set(first)}
    for day, then in changes:
        known = since_then(known, teams, then, day)
        teams, ended[day] = then, set(then)
    if changes:
        for day in DAYS:
            assert held(known, day) == ended[max(each for each in ended if each <= day)]
        assert held(known, "2026-10-31") == set(first)
    assert all(each.get("since_date", "") < each.get("until_date", "9999") for each in known)


def test_what_is_over_stays_with_its_days():
    known = since_then([], (), ["north"], "2026-01-01")
    known = since_then(known, ["north"], ["south"], "2026-07-01")
    assert known == [
        {"team_id": "north", "since_date": "2026-01-01", "until_date": "2026-07-01"},
        {"team_id": "south", "since_date": "2026-07-01"},
    ]
