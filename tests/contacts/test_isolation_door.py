"""Who sees what: tenants never each other, and below the scope `all` only what is one's own or one's teams'."""

from collections.abc import Callable
from typing import Any

import pytest
from crm.common.v1.listing_pb2 import ListRequest
from crm.common.v1.requests_pb2 import BatchGetRequest, DeleteRequest, GetRequest, RestoreRequest
from crm.contacts.v1 import account_pb2, contact_pb2, interaction_pb2, lead_pb2

from chassis import new_id
from chassis.testing import Caller, details, somebody
from tests.builders.contacts import a_contact_message, an_account_message, an_interaction_message
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD, Case, every_noun
from tests.refused import refusal, refused, violations

TEAM = "team_01m80nk41xeqr8nx3htck6pmz2"


@every_noun
def test_nothing_of_one_tenant_is_there_for_another(case: Case, caller: Caller, door: Any) -> None:
    made = case.upsert(caller, "erp", "4711")
    stranger = door(somebody())
    assert refusal(case.call, stranger, "Get", GetRequest(id=made.id)) == "NOT_FOUND"
    assert refusal(case.update, stranger, made.id, description="x") == "NOT_FOUND"
    assert refusal(case.call, stranger, "Delete", DeleteRequest(id=made.id)) == "NOT_FOUND"
    assert refusal(case.call, stranger, "Restore", RestoreRequest(id=made.id)) == "NOT_FOUND"
    assert case.call(stranger, "BatchGet", BatchGetRequest(ids=[made.id])).failed_count == 1
    assert case.ids(stranger, ListRequest(with_deleted=True)) == []
    assert case.upsert(stranger, "erp", "4711").id != made.id
    assert case.call(caller, "Get", GetRequest(id=made.id)) == made


@every_noun
def test_the_scope_own_reaches_what_one_owns(case: Case, caller: Caller, colleague: Callable[..., Caller]) -> None:
    rep = colleague(grants={"contacts.*.*": "own"})
    others, mine = case.create(caller), case.create(rep)
    assert case.ids(rep, ListRequest()) == [mine.id]
    assert refusal(case.call, rep, "Get", GetRequest(id=others.id)) == "NOT_FOUND"
    assert refusal(case.update, rep, others.id, description="x") == "NOT_FOUND"
    assert case.update(rep, mine.id, description="x").description == "x"
    assert refusal(case.create, rep, owner_id=caller.whom.user_id) == "FORBIDDEN"


@every_noun
def test_the_scope_team_reaches_what_ones_teams_share(
    case: Case, caller: Caller, colleague: Callable[..., Caller]
) -> None:
    member = colleague(grants={"contacts.*.*": "team"}, team_ids=(TEAM,))
    hidden, shared = case.create(caller), case.create(caller, team_id=TEAM)
    assert case.ids(member, ListRequest()) == [shared.id]
    assert refusal(case.call, member, "Get", GetRequest(id=hidden.id)) == "NOT_FOUND"
    mine = case.create(member)
    assert mine.team_id == TEAM


@every_noun
def test_what_may_only_be_read_is_not_written(case: Case, caller: Caller, colleague: Callable[..., Caller]) -> None:
    made = case.create(caller)
    reader = colleague(grants={"contacts.*.read": "all"})
    assert case.call(reader, "Get", GetRequest(id=made.id)) == made
    assert refusal(case.update, reader, made.id, description="x") == "FORBIDDEN"
    assert refusal(case.create, reader) == "FORBIDDEN"
    partly = colleague(grants={"contacts.*.read": "all", "contacts.*.write": "own"})
    told = details(refused(case.update, partly, made.id, description="x"))
    assert told["reason"] == "FORBIDDEN"
    assert told["keywords"]["permission"] == f"contacts.{case.field}.write for this {case.field}", (
        "it is there, but not for this"
    )
    assert refusal(case.call, colleague(grants={"sales.*.*": "all"}), "Get", GetRequest(id=made.id)) == "FORBIDDEN"


@pytest.mark.parametrize("whose", ["made_up", "foreign", "hidden", "deleted"])
def test_every_id_that_a_request_names_must_be_known_to_its_caller(
    whose: str, caller: Caller, colleague: Callable[..., Caller], door: Any
) -> None:
    writer = caller
    if whose == "made_up":
        account, contact = new_id("acc"), new_id("con")
    else:
        other = {"foreign": door(somebody()), "hidden": caller, "deleted": caller}[whose]
        account, contact = ACCOUNT.create(other).id, CONTACT.create(other).id
        if whose == "hidden":
            writer = colleague(grants={"contacts.*.*": "own"})
        if whose == "deleted":
            ACCOUNT.call(other, "Delete", DeleteRequest(id=account))
            CONTACT.call(other, "Delete", DeleteRequest(id=contact))
    account_of = an_account_message(parent_id=account)
    contact_of = a_contact_message(account_id=account)
    call_with = an_interaction_message(account_ids=[account], contact_ids=[contact])
    assert list(violations(writer.CreateAccount, account_pb2.CreateAccountRequest(account=account_of))) == [
        "account.parent_id"
    ]
    assert list(violations(writer.CreateContact, contact_pb2.CreateContactRequest(contact=contact_of))) == [
        "contact.account_id"
    ]
    logging = interaction_pb2.CreateInteractionRequest(interaction=call_with)
    assert list(violations(writer.CreateInteraction, logging)) == ["interaction.account_ids[0]"]
    logging.interaction.ClearField("account_ids")
    assert list(violations(writer.CreateInteraction, logging)) == ["interaction.contact_ids[0]"]
    lead = LEAD.create(writer)
    for field, id in (("account_id", account), ("contact_id", contact)):
        assert list(violations(writer.ConvertLead, lead_pb2.ConvertLeadRequest(id=lead.id, **{field: id}))) == [field]
    mine = ACCOUNT.create(writer)
    below = account_pb2.UpdateAccountRequest(
        account={"id": mine.id, "parent_id": account}, update_mask={"paths": ["parent_id"]}
    )
    assert list(violations(writer.UpdateAccount, below)) == ["account.parent_id"]
    batch = CONTACT.batch(writer, "Create", [{"contact": a_contact_message(account_id=account)}])
    assert batch.failed_count == 1
    timeline = interaction_pb2.TimelineRequest(id=account)
    assert refusal(writer.ListAccountTimeline, timeline) == "NOT_FOUND"
    assert refusal(writer.ListContactTimeline, interaction_pb2.TimelineRequest(id=contact)) == "NOT_FOUND"


def test_who_does_not_see_a_contacts_account_can_still_change_the_contact(
    caller: Caller, colleague: Callable[..., Caller]
) -> None:
    rep = colleague(grants={"contacts.*.*": "own"})
    account = ACCOUNT.create(caller)
    contact = CONTACT.create(caller, account_id=account.id, owner_id=rep.whom.user_id)
    changed = CONTACT.update(rep, contact.id, account_id=account.id, job_title="Buyer")
    assert (changed.account_id, changed.job_title) == (account.id, "Buyer")
