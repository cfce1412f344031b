"""Interactions that users log, and who sees them."""

from collections.abc import Callable
from typing import Any

import pytest
from crm.common.v1.listing_pb2 import ListRequest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest, RestoreRequest
from crm.contacts.v1 import interaction_pb2
from crm.contacts.v1.interaction_pb2 import Interaction, TimelineRequest

from chassis.testing import Caller, somebody
from tests.builders.contacts import MORNING, an_interaction_message
from tests.contacts.cases import ACCOUNT, CONTACT
from tests.refused import refusal, violations


def logged(caller: Caller, **fields: Any) -> Interaction:
    return caller.CreateInteraction(
        interaction_pb2.CreateInteractionRequest(interaction=an_interaction_message(**fields))
    )


def retitled(caller: Caller, id: str, title: str) -> Interaction:
    request = interaction_pb2.UpdateInteractionRequest(
        interaction={"id": id, "title": title}, update_mask={"paths": ["title"]}
    )
    return caller.UpdateInteraction(request)


def on(caller: Caller, account: Any, **asked: Any) -> list[str]:
    page = caller.ListAccountTimeline(TimelineRequest(id=account.id, **asked))
    return [each.id for each in page.interactions]


def test_a_call_that_is_logged_stands_on_the_timelines_of_all_whom_it_names(caller: Caller) -> None:
    account, ada = ACCOUNT.create(caller), CONTACT.create(caller)
    call = logged(caller, account_ids=[account.id, account.id], contact_ids=[ada.id], direction="INBOUND")
    assert (call.source, call.source_id, call.actor_id) == ("contacts", "", caller.whom.user_id)
    assert list(call.account_ids) == [account.id]
    assert call.HasField("occur_time")
    assert on(caller, account) == [call.id]
    assert list(caller.ListContactTimeline(TimelineRequest(id=ada.id)).interactions) == [call]


def test_an_interaction_with_nobody_is_refused(caller: Caller) -> None:
    assert list(violations(logged, caller)) == ["interaction.account_ids"]


def test_what_was_logged_is_changed_deleted_and_restored(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    call = logged(caller, account_ids=[account.id])
    assert retitled(caller, call.id, "Asked about June").title == "Asked about June"
    caller.DeleteInteraction(DeleteRequest(id=call.id))
    assert on(caller, account) == []
    caller.RestoreInteraction(RestoreRequest(id=call.id))
    assert on(caller, account) == [call.id]


def test_an_interaction_is_upserted_by_its_name_elsewhere(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    request = interaction_pb2.UpsertInteractionRequest(
        system="phone", external_id="call-1", interaction=an_interaction_message(account_ids=[account.id])
    )
    assert caller.UpsertInteraction(request) == caller.UpsertInteraction(request)
    assert len(on(caller, account)) == 1


def test_a_timeline_is_told_newest_first_page_by_page_and_by_kind(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    days = [3, 1, 5, 2, 4, 2]
    kinds = ["CALL", "MEETING", "CALL", "NOTE", "CALL", "MEETING"]
    made = [
        logged(caller, account_ids=[account.id], occur_time=MORNING.replace(day=day), kind=kind)
        for day, kind in zip(days, kinds, strict=True)
    ]
    newest_first = sorted(made, key=lambda each: (each.occur_time.seconds, each.id), reverse=True)
    met, request = [], TimelineRequest(id=account.id, page_size=4)
    while True:
        page = caller.ListAccountTimeline(request)
        met += page.interactions
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert met == newest_first
    assert on(caller, account, kinds=["CALL"]) == [each.id for each in newest_first if each.kind == Interaction.CALL]
    assert len(on(caller, account, kinds=["MEETING", "NOTE"])) == 3


def test_a_timeline_is_narrowed_to_a_time_and_a_direction(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    first, second, third = (
        logged(caller, account_ids=[account.id], occur_time=MORNING.replace(day=day), direction=direction)
        for day, direction in ((1, "INBOUND"), (2, "OUTBOUND"), (3, "INBOUND"))
    )
    noon, later = MORNING.replace(day=2), MORNING.replace(day=3)
    assert on(caller, account, start_time=noon) == [third.id, second.id]
    assert on(caller, account, end_time=later) == [second.id, first.id]
    assert on(caller, account, start_time=noon, end_time=later) == [second.id]
    assert on(caller, account, direction="INBOUND", kinds=["CALL"]) == [third.id, first.id]
    assert on(caller, account, direction="INBOUND", start_time=noon, page_size=1) == [third.id]


def test_who_took_part_is_known_by_record_or_by_what_was_said(caller: Caller) -> None:
    account, ada = ACCOUNT.create(caller), CONTACT.create(caller)
    people = [{"contact_id": ada.id, "role": "to"}, {"address": "someone@else.example", "role": "cc"}]
    mail = logged(caller, kind="EMAIL", account_ids=[account.id], participants=people)
    assert [each.role for each in caller.GetInteraction(GetRequest(id=mail.id)).participants] == ["to", "cc"]


@pytest.mark.parametrize(
    ("participant", "place"),
    [({"contact_id": "con_01m80nk41xeqr8nx3htck6pmz2"}, "participants[0].contact_id"), ({}, "participants[0]")],
)
def test_who_is_nobody_takes_no_part(caller: Caller, participant: dict[str, str], place: str) -> None:
    account = ACCOUNT.create(caller)
    fields = violations(logged, caller, account_ids=[account.id], participants=[participant])
    assert list(fields) == [f"interaction.{place}"]


def test_a_page_token_is_good_for_its_own_timeline_only(caller: Caller) -> None:
    account, other = ACCOUNT.create(caller), ACCOUNT.create(caller)
    for _ in range(2):
        logged(caller, account_ids=[account.id])
    token = caller.ListAccountTimeline(TimelineRequest(id=account.id, page_size=1)).next_page_token
    assert refusal(caller.ListAccountTimeline, TimelineRequest(id=other.id, page_token=token)) == "INVALID"


def test_who_sees_the_account_sees_all_that_stands_on_its_timeline(
    caller: Caller, colleague: Callable[..., Caller]
) -> None:
    rep = colleague(grants={"contacts.*.*": "own"})
    theirs, hidden = ACCOUNT.create(caller, owner_id=rep.whom.user_id), ACCOUNT.create(caller)
    seen, unseen = logged(caller, account_ids=[theirs.id]), logged(caller, account_ids=[hidden.id])
    assert on(rep, theirs) == [seen.id]
    assert refusal(rep.ListAccountTimeline, TimelineRequest(id=hidden.id)) == "NOT_FOUND"
    assert [each.id for each in rep.ListInteractions(ListRequest()).interactions] == [seen.id]
    assert rep.GetInteraction(GetRequest(id=seen.id)) == seen
    assert refusal(rep.GetInteraction, GetRequest(id=unseen.id)) == "NOT_FOUND"
    assert refusal(retitled, rep, seen.id, "mine now") == "FORBIDDEN"
    assert refusal(retitled, rep, unseen.id, "mine now") == "NOT_FOUND"
    mine = logged(rep, account_ids=[theirs.id])
    assert retitled(rep, mine.id, "Sent the offer").title == "Sent the offer"


def test_interactions_of_one_tenant_are_not_there_for_another(caller: Caller, door: Any) -> None:
    account = ACCOUNT.create(caller)
    call, stranger = logged(caller, account_ids=[account.id]), door(somebody())
    assert refusal(stranger.GetInteraction, GetRequest(id=call.id)) == "NOT_FOUND"
    assert refusal(retitled, stranger, call.id, "x") == "NOT_FOUND"
    assert refusal(stranger.DeleteInteraction, DeleteRequest(id=call.id)) == "NOT_FOUND"
    assert list(stranger.ListInteractions(ListRequest()).interactions) == []
