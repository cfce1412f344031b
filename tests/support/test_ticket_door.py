"""The door of tickets: what agents may ask for, and what they are refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import grpc
import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.support.v1 import mailbox_pb2, message_pb2, ticket_pb2

from chassis import new_id, now, transaction
from chassis.principal import Principal
from chassis.testing import Caller, details, reason, somebody
from services.support.settings import SupportSettings
from services.support.timer import Timer
from tests.builders.support import a_ticket_message
from tests.refused import refusal, violations
from tests.support.conftest import KEYS, Town, a_mailbox, events_of, got, messages, opened, tickets

Ticket = ticket_pb2.Ticket
Door = Callable[[Principal], Caller]


def test_a_ticket_is_numbered_new_and_nobodys(caller: Caller) -> None:
    first, second = opened(caller), opened(caller)
    assert (first.status, first.priority, first.channel, first.owner_id) == (Ticket.NEW, Ticket.NORMAL, Ticket.API, "")
    assert first.number[:4] == "SUP-"
    assert int(second.number[-6:]) == int(first.number[-6:]) + 1
    assert events_of(first.id) == ["TicketOpened"]


def test_the_life_of_a_ticket(caller: Caller) -> None:
    ticket = opened(caller)
    steps = [
        (caller.AssignTicket, ticket_pb2.AssignTicketRequest(id=ticket.id), Ticket.OPEN),
        (caller.WaitTicket, ticket_pb2.WaitTicketRequest(id=ticket.id), Ticket.PENDING),
        (caller.ResumeTicket, ticket_pb2.ResumeTicketRequest(id=ticket.id), Ticket.OPEN),
        (caller.HoldTicket, ticket_pb2.HoldTicketRequest(id=ticket.id), Ticket.ON_HOLD),
        (caller.SolveTicket, ticket_pb2.SolveTicketRequest(id=ticket.id, resolution="sent"), Ticket.SOLVED),
        (caller.ReopenTicket, ticket_pb2.ReopenTicketRequest(id=ticket.id), Ticket.OPEN),
        (caller.SolveTicket, ticket_pb2.SolveTicketRequest(id=ticket.id), Ticket.SOLVED),
        (caller.CloseTicket, ticket_pb2.CloseTicketRequest(id=ticket.id), Ticket.CLOSED),
    ]
    for call, request, status in steps:
        assert call(request).status == status
    closed = got(caller, ticket.id)
    assert (closed.owner_id, closed.resolution, closed.reopen_count) == (caller.whom.user_id, "sent", 1)
    assert events_of(ticket.id) == [
        "TicketOpened", "TicketAssigned", "TicketAwaited", "TicketResumed", "TicketHeld", "TicketSolved", "TicketReopened",
        "TicketSolved", "TicketClosed",
    ]  # fmt: skip
    assert refusal(lambda: caller.ReopenTicket(ticket_pb2.ReopenTicketRequest(id=ticket.id))) == "TICKET_ALREADY_CLOSED"


def test_of_a_closed_ticket_only_tags_and_external_ids_change(caller: Caller) -> None:
    ticket = opened(caller, status="CLOSED", external_ids=[{"system": "old", "id": "1"}])

    def update(mask: str, **fields: Any) -> Any:
        asked = ticket_pb2.UpdateTicketRequest(ticket={"id": ticket.id, **fields}, update_mask={"paths": [mask]})
        return caller.UpdateTicket(asked)

    assert list(update("tags", tags=["a", "b", "a"]).tags) == ["a", "b"]
    assert refusal(lambda: update("subject", subject="other")) == "TICKET_ALREADY_CLOSED"
    assert got(caller, ticket.id).subject == ticket.subject
    again = ticket_pb2.UpsertTicketRequest(system="old", external_id="1", ticket=a_ticket_message())
    assert caller.UpsertTicket(again).id == ticket.id


def test_history_comes_in_with_its_dates(caller: Caller) -> None:
    times = {"open_time": "2023-05-01T08:00:00Z", "first_public_reply_time": "2023-05-01T09:00:00Z",
             "solved_time": "2023-05-02T08:00:00Z", "closed_time": "2023-05-09T08:00:00Z"}  # fmt: skip
    from google.protobuf import json_format

    message = json_format.ParseDict(times | {"subject": "old", "status": "CLOSED", "channel": "CHAT"}, Ticket())
    ticket = caller.CreateTicket(ticket_pb2.CreateTicketRequest(ticket=message))
    assert ticket.solved_time.ToJsonString() == "2023-05-02T08:00:00Z"
    assert ticket.closed_time.ToJsonString() == "2023-05-09T08:00:00Z"
    assert events_of(ticket.id) == ["TicketOpened", "TicketSolved", "TicketClosed"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"status": "SPAM"}, "ticket.status"),
        ({"status": "OPEN", "solved_time": {"seconds": 1}}, "ticket.solved_time"),
        ({"status": "SOLVED", "closed_time": {"seconds": 1}}, "ticket.closed_time"),
        ({"follow_up_of": new_id("tkt")}, "ticket.follow_up_of"),
        ({"mailbox_id": new_id("mbx")}, "ticket.mailbox_id"),
        ({"requester_email": "no address"}, "ticket.requester_email"),
        ({"subject": ""}, "ticket.subject"),
        ({"number": "SUP-2026-000001"}, "ticket.number"),
    ],
)
def test_bad_fields_are_refused_by_name(caller: Caller, fields: dict[str, Any], field: str) -> None:
    assert field in violations(opened, caller, **fields)


def test_status_moves_by_verbs_only(caller: Caller) -> None:
    ticket = opened(caller)
    asked = ticket_pb2.UpdateTicketRequest(
        ticket={"id": ticket.id, "status": "SOLVED"}, update_mask={"paths": ["status"]}
    )
    assert "ticket.status" in violations(caller.UpdateTicket, asked)


def test_a_team_alone_takes_a_ticket_from_its_agent(caller: Caller) -> None:
    ticket, team = opened(caller), new_id("team")
    caller.AssignTicket(ticket_pb2.AssignTicketRequest(id=ticket.id))
    given = caller.AssignTicket(ticket_pb2.AssignTicketRequest(id=ticket.id, team_id=team, queue="billing"))
    assert (given.owner_id, given.team_id, given.queue) == ("", team, "billing")
    queued = caller.AssignTicket(ticket_pb2.AssignTicketRequest(id=ticket.id, queue="returns"))
    assert (queued.team_id, queued.queue) == (team, "returns")


def test_spam_is_put_away_and_taken_back(caller: Caller) -> None:
    ticket = opened(caller)
    assert caller.MarkTicketSpam(ticket_pb2.MarkTicketSpamRequest(id=ticket.id)).status == Ticket.SPAM
    assert refusal(lambda: caller.SolveTicket(ticket_pb2.SolveTicketRequest(id=ticket.id))) == "TICKET_UNWANTED"
    assert caller.UnmarkTicketSpam(ticket_pb2.UnmarkTicketSpamRequest(id=ticket.id)).status == Ticket.NEW


def test_notes_stand_among_the_messages_in_their_order(caller: Caller) -> None:
    ticket = opened(caller)
    for text in ("one", "two"):
        caller.AddNote(message_pb2.AddNoteRequest(id=ticket.id, body_text=text))
    found = messages(caller, ticket.id)
    assert [each.body_text for each in found] == ["one", "two"]
    assert {each.visibility for each in found} == {message_pb2.Message.INTERNAL}
    assert {each.author.user_id for each in found} == {caller.whom.user_id}
    assert got(caller, ticket.id).HasField("last_message_time")
    assert not got(caller, ticket.id).HasField("first_public_reply_time")


def test_an_answer_needs_a_mailbox_and_an_address(caller: Caller) -> None:
    ticket = opened(caller)
    reply = message_pb2.ReplyToTicketRequest(id=ticket.id, body_text="Hello")
    assert refusal(lambda: caller.ReplyToTicket(reply)) == "TICKET_UNREACHABLE"
    a_mailbox(caller)
    assert caller.ReplyToTicket(reply).delivery_state == message_pb2.QUEUED
    nameless = opened(caller, requester_email="")
    reply.id = nameless.id
    assert refusal(lambda: caller.ReplyToTicket(reply)) == "TICKET_UNREACHABLE"


def test_an_answer_that_missed_something_is_refused(caller: Caller) -> None:
    a_mailbox(caller)
    ticket = opened(caller)
    first = caller.ReplyToTicket(message_pb2.ReplyToTicketRequest(id=ticket.id, body_text="one"))
    second = caller.ReplyToTicket(
        message_pb2.ReplyToTicketRequest(id=ticket.id, body_text="two", last_seen_message_id=first.id)
    )
    late = message_pb2.ReplyToTicketRequest(id=ticket.id, body_text="three", last_seen_message_id=first.id)
    with pytest.raises(grpc.RpcError) as error:
        caller.ReplyToTicket(late)
    assert reason(error.value) == "TICKET_MOVED_ON"
    assert details(error.value)["keywords"]["message"] == second.id
    late.ClearField("last_seen_message_id")
    assert caller.ReplyToTicket(late).references == [first.message_id, second.message_id]


def test_a_repeated_key_answers_once(caller: Caller) -> None:
    a_mailbox(caller)
    ticket, keyed = opened(caller), caller.saying(idempotency_key="k-1")
    reply = message_pb2.ReplyToTicketRequest(id=ticket.id, body_text="one", then="SOLVED")
    assert keyed.ReplyToTicket(reply) == keyed.ReplyToTicket(reply)
    assert len(messages(caller, ticket.id)) == 1
    assert got(caller, ticket.id).status == Ticket.SOLVED


def test_nobody_sees_another_tenant(door: Door, caller: Caller) -> None:
    ticket, stranger = opened(caller), door(somebody())
    caller.AddNote(message_pb2.AddNoteRequest(id=ticket.id, body_text="ours"))
    assert refusal(lambda: got(stranger, ticket.id)) == "NOT_FOUND"
    assert refusal(lambda: messages(stranger, ticket.id)) == "NOT_FOUND"
    assert refusal(lambda: stranger.SolveTicket(ticket_pb2.SolveTicketRequest(id=ticket.id))) == "NOT_FOUND"
    assert refusal(lambda: stranger.AddNote(message_pb2.AddNoteRequest(id=ticket.id, body_text="x"))) == "NOT_FOUND"
    assert tickets(stranger) == []
    assert not stranger.ListMessages(listing_pb2.ListRequest()).messages


def test_scopes_narrow_tickets_and_what_is_said_on_them(door: Door) -> None:
    tenant, team = new_id("ten"), new_id("team")
    agent = {"support.*.read": "team", "support.*.write": "team"}
    mine = door(somebody(tenant, grants=agent, team_ids=(team,)))
    elsewhere = door(somebody(tenant, grants=agent, team_ids=(new_id("team"),)))
    ticket = opened(mine)
    note = mine.AddNote(message_pb2.AddNoteRequest(id=ticket.id, body_text="ours"))
    assert (ticket.team_id, ticket.owner_id) == (team, "")
    assert refusal(lambda: got(elsewhere, ticket.id)) == "NOT_FOUND"
    assert refusal(lambda: elsewhere.GetMessage(requests_pb2.GetRequest(id=note.id))) == "NOT_FOUND"
    assert mine.GetMessage(requests_pb2.GetRequest(id=note.id)).body_text == "ours"
    away = ticket_pb2.AssignTicketRequest(id=ticket.id, team_id=new_id("team"))
    assert refusal(lambda: mine.AssignTicket(away)) == "FORBIDDEN"


def test_a_mailbox_belongs_to_one_tenant_of_the_suite(door: Door, caller: Caller) -> None:
    mailbox = a_mailbox(caller)
    stranger = door(somebody())
    assert refusal(lambda: a_mailbox(stranger, address=mailbox.address.upper())) == "ALREADY_EXISTS"
    for address in ("help+x@kith.example", f"{'x' * 31}@kith.example"):
        asked = mailbox_pb2.CreateMailboxRequest(mailbox={"address": address})
        assert "mailbox.address" in violations(caller.CreateMailbox, asked)


def test_time_wakes_and_closes_tickets(town: Town, caller: Caller) -> None:
    rows = transaction.database()["tickets"]
    held, solved, fresh = opened(caller), opened(caller), opened(caller)
    caller.HoldTicket(ticket_pb2.HoldTicketRequest(id=held.id, wake_time={"seconds": 4_000_000_000}))
    for each in (solved, fresh):
        caller.SolveTicket(ticket_pb2.SolveTicketRequest(id=each.id))
    rows.update_one({"_id": held.id}, {"$set": {"wake_time": now() - timedelta(minutes=1)}})
    rows.update_one({"_id": solved.id}, {"$set": {"solved_time": now() - timedelta(days=7, minutes=1)}})
    timer = Timer(a_settings(town))
    while timer.sweeper.sweep():
        pass
    assert [got(caller, each.id).status for each in (held, solved, fresh)] == [
        Ticket.OPEN,
        Ticket.CLOSED,
        Ticket.SOLVED,
    ]
    assert events_of(solved.id)[-1] == "TicketClosed"


def a_settings(town: Town) -> SupportSettings:
    assert town.support.settings.mail_keys == KEYS
    return town.support.settings


def test_a_batch_imports_tickets(caller: Caller) -> None:
    items = [
        {"client_ref": str(n), "ticket": a_ticket_message(external_ids=[{"system": "old", "id": str(n)}])}
        for n in range(50)
    ]
    batch = ticket_pb2.BatchTicketsRequest(items=items)
    assert caller.BatchUpsertTickets(batch).failed_count == 0
    assert {each.outcome for each in caller.BatchUpsertTickets(batch).results} == {requests_pb2.UNCHANGED}
    assert len(tickets(caller)) == 50
