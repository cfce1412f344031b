"""Users, teams and their rules, through the door."""

import threading

import grpc
import pytest
from crm.common.v1 import requests_pb2
from crm.identity.v1 import events_pb2, session_pb2, team_pb2, user_pb2

from chassis import today, transaction
from chassis.testing import details, reason
from tests.builders.identity import PASSWORD
from tests.refused import refusal


def update(caller, id, **fields):
    mask = {"paths": list(fields)}
    return caller.UpdateUser(user_pb2.UpdateUserRequest(user=user_pb2.User(id=id, **fields), update_mask=mask))


def move(caller, id, parent_id):
    team = team_pb2.Team(id=id, parent_id=parent_id)
    return caller.UpdateTeam(team_pb2.UpdateTeamRequest(team=team, update_mask={"paths": ["parent_id"]}))


def events_of(tenant_id, *, raw=False):
    rows = list(transaction.database()["events"].find({"tenant_id": tenant_id}).sort("_id"))
    return rows if raw else [row["type"].rpartition(".")[2] for row in rows]


# ---------------------------------------------------------------- users


def test_an_address_belongs_to_one_user_of_a_tenant(company):
    company.hire("bob")
    assert refusal(company.hire, "rob", email=company.address("BOB")) == "ALREADY_EXISTS"


def test_teams_and_managers_that_are_not_there_are_refused(company, stranger):
    theirs = stranger.team("North")
    with pytest.raises(grpc.RpcError) as caught:
        company.hire("bob", team_ids=[theirs.id], manager_id=stranger.hire("boss").id)
    assert set(details(caught.value)["violations"]) == {"user.team_ids[0]", "user.manager_id"}


def test_a_user_shows_from_when_until_when_it_was_in_which_team(company):
    north, south = company.team("North"), company.team("South")
    bob = company.hire("bob", team_ids=[north.id])
    assert [(each.team_id, each.since_date, each.until_date) for each in bob.memberships] == [(north.id, today(), "")]
    began = {"$set": {"memberships.0.since_date": "2026-01-01"}}
    transaction.database()["users"].update_one({"_id": bob.id}, began)
    bob = update(company.ada, bob.id, team_ids=[south.id])
    assert [(each.team_id, each.since_date, each.until_date) for each in bob.memberships] == [
        (north.id, "2026-01-01", today()), (south.id, today(), ""),
    ]  # fmt: skip
    assert refusal(update, company.ada, bob.id, memberships=[]) == "INVALID"


def test_who_was_there_before_memberships_were_kept_changes_the_own_name(company):
    bob = company.hire("bob", team_ids=[company.team("North").id])
    transaction.database()["users"].update_one({"_id": bob.id}, {"$unset": {"memberships": ""}})
    assert not update(company.signed_in(bob.email), bob.id, display_name="Bobby").memberships
    gone = update(company.ada, bob.id, team_ids=[])
    assert [(each.since_date, each.until_date) for each in gone.memberships] == [("", today())]


def test_nobody_is_the_own_manager(company):
    bob = company.hire("bob")
    assert refusal(update, company.ada, bob.id, manager_id=bob.id) == "INVALID"


def test_users_keep_their_own_profile_and_no_more(company):
    bob, cat = company.hire("bob"), company.hire("cat")
    caller = company.signed_in(bob.email)
    assert update(caller, bob.id, display_name="Bobby", time_zone="Europe/Oslo").display_name == "Bobby"
    assert refusal(update, caller, bob.id, roles=["administrator"]) == "FORBIDDEN"
    assert refusal(update, caller, bob.id, email=company.address("boss")) == "FORBIDDEN"
    assert refusal(update, caller, cat.id, display_name="Tom") == "FORBIDDEN"
    assert refusal(caller.DisableUser, user_pb2.DisableUserRequest(id=bob.id)) == "FORBIDDEN"
    assert refusal(caller.DeleteUser, requests_pb2.DeleteRequest(id=bob.id)) == "FORBIDDEN"
    new = user_pb2.User(email=company.address("eve"), display_name="Eve", roles=["administrator"])
    assert refusal(caller.CreateUser, user_pb2.CreateUserRequest(user=new)) == "FORBIDDEN"
    batch = user_pb2.BatchUsersRequest(items=[{"user": {"id": bob.id, "roles": ["administrator"]}}])
    assert caller.BatchUpdateUsers(batch).failed_count == 1
    assert company.ada.GetUser(requests_pb2.GetRequest(id=bob.id)).roles == ["sales_rep"]


def test_the_own_password_takes_the_present_one(company):
    bob = company.hire("bob")
    caller = company.signed_in(bob.email)
    ask = user_pb2.SetUserPasswordRequest(id=bob.id, password="another good password")
    assert refusal(caller.SetUserPassword, ask) == "PASSWORD_WRONG"
    ask.current_password = PASSWORD
    caller.SetUserPassword(ask)
    assert company.sign_in(bob.email, "another good password").session_token
    assert refusal(company.sign_in, bob.email) == "CREDENTIAL_UNKNOWN"


def test_nobody_but_an_administrator_sets_the_password_of_another(company):
    bob, cat = company.hire("bob", "manager"), company.hire("cat")
    ask = user_pb2.SetUserPasswordRequest(id=cat.id, password="another good password")
    assert refusal(company.signed_in(bob.email).SetUserPassword, ask) == "FORBIDDEN"


@pytest.mark.parametrize("verb", ["disable", "delete", "password"])
def test_every_session_and_key_ends_at_once(company, verb):
    bob = company.hire("bob")
    began = company.sign_in(bob.email)
    key = company.key(company.calling(began.principal))
    if verb == "disable":
        company.ada.DisableUser(user_pb2.DisableUserRequest(id=bob.id))
    elif verb == "delete":
        company.ada.DeleteUser(requests_pb2.DeleteRequest(id=bob.id))
    else:
        company.ada.SetUserPassword(user_pb2.SetUserPasswordRequest(id=bob.id, password="another good password"))
    assert refusal(company.authenticate, session_token=began.session_token) == "CREDENTIAL_UNKNOWN"
    assert refusal(company.authenticate, api_key=key.secret) == "CREDENTIAL_UNKNOWN"
    assert company.ada.GetApiKey(requests_pb2.GetRequest(id=key.id)).HasField("deleted_time")


def test_what_ended_stays_ended_when_the_user_is_let_in_again(company):
    bob = company.hire("bob")
    began = company.sign_in(bob.email)
    company.ada.DisableUser(user_pb2.DisableUserRequest(id=bob.id))
    company.ada.EnableUser(user_pb2.EnableUserRequest(id=bob.id))
    assert refusal(company.authenticate, session_token=began.session_token) == "CREDENTIAL_UNKNOWN"
    assert company.sign_in(bob.email).session_token


def test_a_restored_user_signs_in_after_a_new_password(company):
    bob = company.hire("bob")
    company.ada.DeleteUser(requests_pb2.DeleteRequest(id=bob.id))
    company.ada.RestoreUser(requests_pb2.RestoreRequest(id=bob.id))
    assert refusal(company.sign_in, bob.email) == "CREDENTIAL_UNKNOWN"
    company.ada.SetUserPassword(user_pb2.SetUserPasswordRequest(id=bob.id, password=PASSWORD))
    assert company.sign_in(bob.email).session_token


def test_the_last_administrator_stays(company):
    ada = company.sign_in(company.address("ada")).principal
    caller = company.ada
    assert refusal(caller.DisableUser, user_pb2.DisableUserRequest(id=ada.user_id)) == "LAST_ADMINISTRATOR"
    assert refusal(caller.DeleteUser, requests_pb2.DeleteRequest(id=ada.user_id)) == "LAST_ADMINISTRATOR"
    assert refusal(update, caller, ada.user_id, roles=["manager"]) == "LAST_ADMINISTRATOR"
    batch = caller.BatchDeleteUsers(requests_pb2.BatchDeleteRequest(ids=[ada.user_id]))
    assert batch.failed_count == 1
    bob = company.hire("bob", "administrator")
    caller.DisableUser(user_pb2.DisableUserRequest(id=ada.user_id))
    assert (
        refusal(company.signed_in(bob.email).DisableUser, user_pb2.DisableUserRequest(id=bob.id))
        == "LAST_ADMINISTRATOR"
    )


def test_two_administrators_who_shut_each_other_out_leave_one(company):
    bob = company.hire("bob", "administrator")
    ada = company.sign_in(company.address("ada")).principal
    callers = (company.ada, bob.id), (company.signed_in(bob.email), ada.user_id)
    answers = []

    def shut_out(caller, id):
        try:
            answers.append(caller.DisableUser(user_pb2.DisableUserRequest(id=id)).id)
        except grpc.RpcError as error:
            answers.append(reason(error))

    threads = [threading.Thread(target=shut_out, args=pair) for pair in callers]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert "LAST_ADMINISTRATOR" in answers
    assert len(set(answers) & {bob.id, ada.user_id}) == 1


def test_racing_upserts_leave_one_user(company):
    caller, answers = company.ada, []
    user = user_pb2.User(email=company.address("bob"), display_name="Bob", roles=["sales_rep"])

    def upsert():
        answers.append(caller.UpsertUser(user_pb2.UpsertUserRequest(system="hr", external_id="7", user=user)).id)

    threads = [threading.Thread(target=upsert) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(answers) == 4
    assert len(set(answers)) == 1


# ---------------------------------------------------------------- teams


def test_members_reach_the_sub_teams_of_their_teams(company):
    sales = company.team("Sales")
    north = company.team("North", parent_id=sales.id)
    oslo = company.team("Oslo", parent_id=north.id)
    company.team("Support")
    bob = company.hire("bob", team_ids=[north.id])
    assert company.sign_in(bob.email).principal.team_ids == [north.id, oslo.id]


def test_the_members_of_a_deleted_team_lose_it_until_it_is_back(company):
    north = company.team("North")
    oslo = company.team("Oslo", parent_id=north.id)
    bob = company.hire("bob", team_ids=[north.id])
    company.ada.DeleteTeam(requests_pb2.DeleteRequest(id=north.id))
    assert company.sign_in(bob.email).principal.team_ids == []
    assert update(company.ada, bob.id, display_name="Bobby").team_ids == [north.id]
    company.ada.RestoreTeam(requests_pb2.RestoreRequest(id=north.id))
    assert company.sign_in(bob.email).principal.team_ids == [north.id, oslo.id]


def test_a_team_is_not_above_itself(company):
    top = company.team("Top")
    middle = company.team("Middle", parent_id=top.id)
    bottom = company.team("Bottom", parent_id=middle.id)
    for id in (top.id, middle.id, bottom.id):
        assert refusal(move, company.ada, top.id, id) == "INVALID"


def test_two_moves_do_not_close_a_ring_together(company):
    one, other = company.team("One"), company.team("Other")
    below_one, below_other = company.team("A", parent_id=one.id), company.team("B", parent_id=other.id)
    caller, refusals = company.ada, []

    def under(team, parent):
        try:
            move(caller, team.id, parent.id)
        except grpc.RpcError as error:
            refusals.append(reason(error))

    threads = [threading.Thread(target=under, args=pair) for pair in ((one, below_other), (other, below_one))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert refusals == ["INVALID"]


def test_a_team_name_is_unique_in_its_tenant(company, stranger):
    company.team("North")
    assert stranger.team("North").id
    assert refusal(company.team, "North") == "ALREADY_EXISTS"


# ---------------------------------------------------------------- events


def test_what_happens_to_a_user_is_told_and_never_with_a_secret(company):
    bob = company.hire("bob")
    key = company.key(company.signed_in(bob.email))
    company.ada.DisableUser(user_pb2.DisableUserRequest(id=bob.id))
    told = events_of(company.tenant.id)
    assert told[:2] == ["TenantCreated", "UserCreated"]
    assert told[2:] == ["UserCreated", "UserPasswordSet", "ApiKeyCreated", "UserDisabled", "ApiKeyDeleted"]
    bodies = b"".join(row["body"] for row in events_of(company.tenant.id, raw=True))
    assert key.secret.encode() not in bodies
    assert PASSWORD.encode() not in bodies
    assert b"argon2" not in bodies


def test_an_event_carries_the_user_as_it_is_now(company):
    bob = company.hire("bob")
    company.ada.DisableUser(user_pb2.DisableUserRequest(id=bob.id))
    [row] = [each for each in events_of(company.tenant.id, raw=True) if each["type"].endswith("UserDisabled")]
    event = events_pb2.UserDisabled.FromString(row["body"])
    assert event.user == company.ada.GetUser(requests_pb2.GetRequest(id=bob.id))


def test_me_is_whoever_asks(company):
    bob = company.hire("bob")
    me = company.signed_in(bob.email).GetMe(session_pb2.GetMeRequest())
    assert (me.user_id, me.email, me.tenant_id) == (bob.id, bob.email, company.tenant.id)
    assert me.grants["identity.api_key.*"] == "own"
