"""Tickets by themselves: where they may go, and where not. No database."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis import Refused
from services.support.refusals import (
    SpamSettled,
    TicketAlreadyClosed,
    TicketAlreadySolved,
    TicketNotSolved,
    TicketNotUnwanted,
    TicketNotWaiting,
    TicketUnwanted,
)
from services.support.ticket import CLOSED, NEW, ON_HOLD, OPEN, PENDING, SOLVED, SPAM, Ticket
from tests.builders.support import ADA, EVE, MORNING, a_ticket

WEEK = timedelta(days=7)


def told(ticket: Ticket) -> list[str]:
    """The names of the events that the ticket would announce."""
    return [type(event).__name__ for event in ticket._recorded()]


def test_a_ticket_waits_for_its_customer_until_the_customer_writes() -> None:
    ticket = a_ticket(status=OPEN)
    ticket.wait()
    ticket.hear(MORNING)
    assert (ticket.status, told(ticket)) == (OPEN, ["TicketAwaited", "TicketResumed"])


def test_a_third_partys_turn_is_not_ended_by_the_customer() -> None:
    ticket = a_ticket(status=OPEN)
    ticket.hold(MORNING + WEEK)
    ticket.hear(MORNING)
    assert (ticket.status, ticket.oldest_unanswered_time) == (ON_HOLD, MORNING)
    ticket.resume()
    assert (ticket.status, ticket.wake_time) == (OPEN, None)


def test_the_first_answer_counts_and_nothing_is_unanswered_after_it() -> None:
    ticket = a_ticket(oldest_unanswered_time=MORNING)
    ticket.answer(MORNING + WEEK)
    ticket.hear(MORNING + 2 * WEEK)
    ticket.hear(MORNING + 3 * WEEK)
    assert (ticket.status, ticket.first_public_reply_time) == (OPEN, MORNING + WEEK)
    assert ticket.oldest_unanswered_time == MORNING + 2 * WEEK
    ticket.answer(MORNING + 4 * WEEK)
    assert (ticket.first_public_reply_time, ticket.oldest_unanswered_time) == (MORNING + WEEK, None)


def test_a_solved_ticket_is_reopened_by_its_customer_and_counted() -> None:
    ticket = a_ticket(status=OPEN)
    ticket.solve(MORNING, "sent new ones")
    assert ticket.reopenable(MORNING + WEEK, WEEK)
    assert not ticket.reopenable(MORNING + WEEK + timedelta(milliseconds=1), WEEK)
    ticket.hear(MORNING + timedelta(days=1))
    assert (ticket.status, ticket.reopen_count, ticket.solved_time) == (OPEN, 1, None)
    assert told(ticket) == ["TicketSolved", "TicketReopened"]


def test_a_note_moves_nothing() -> None:
    ticket = a_ticket(status=PENDING, oldest_unanswered_time=MORNING)
    ticket.note(MORNING + WEEK)
    assert (ticket.status, ticket.oldest_unanswered_time, ticket.first_public_reply_time) == (PENDING, MORNING, None)


@pytest.mark.parametrize(
    ("status", "verb", "refusal"),
    [
        (SOLVED, lambda ticket: ticket.solve(MORNING), TicketAlreadySolved),
        (SOLVED, lambda ticket: ticket.wait(), TicketAlreadySolved),
        (SOLVED, lambda ticket: ticket.hold(), TicketAlreadySolved),
        (CLOSED, lambda ticket: ticket.reopen(), TicketAlreadyClosed),
        (CLOSED, lambda ticket: ticket.answer(MORNING), TicketAlreadyClosed),
        (CLOSED, lambda ticket: ticket.note(MORNING), TicketAlreadyClosed),
        (CLOSED, lambda ticket: ticket.mark_spam(MORNING), TicketAlreadyClosed),
        (CLOSED, lambda ticket: ticket.assign("usr_1", "", ""), TicketAlreadyClosed),
        (OPEN, lambda ticket: ticket.reopen(), TicketNotSolved),
        (PENDING, lambda ticket: ticket.close(MORNING), TicketNotSolved),
        (NEW, lambda ticket: ticket.resume(), TicketNotWaiting),
        (SPAM, lambda ticket: ticket.solve(MORNING), TicketUnwanted),
        (OPEN, lambda ticket: ticket.unmark_spam(MORNING), TicketNotUnwanted),
    ],
)
def test_what_a_ticket_refuses(status: str, verb: Any, refusal: type[Refused]) -> None:
    ticket = a_ticket(status=status)
    with pytest.raises(refusal):
        verb(ticket)
    assert (ticket.status, told(ticket)) == (status, [])


def test_spam_comes_back_to_where_it_stood_for_a_day() -> None:
    ticket = a_ticket(status=PENDING)
    ticket.mark_spam(MORNING)
    with pytest.raises(SpamSettled):
        ticket.unmark_spam(MORNING + timedelta(hours=25))
    ticket.unmark_spam(MORNING + timedelta(hours=23))
    assert (ticket.status, ticket.spam_time, ticket.former_status) == (PENDING, None, None)


def test_everybody_takes_part_once_and_the_fifty_first_does_not() -> None:
    ticket = a_ticket()
    for name in (ADA.upper(), EVE, EVE.title(), *(f"{each}@many.example" for each in range(80))):
        ticket.join(name, "")
    assert len(ticket.participants) == 50
    assert ticket.participants[0]["email"] == EVE
    assert ticket.has_part(ADA.upper())


class Life(RuleBasedStateMachine):
    """Whatever is done to a ticket, in whatever order: its times and its status agree, and closed is for good."""

    def __init__(self) -> None:
        super().__init__()
        self.ticket, self.at, self.closed = a_ticket(), MORNING, False

    @rule(hours=st.integers(1, 400))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule(
        verb=st.sampled_from(
            ["wait", "hold", "resume", "reopen", "solve", "close", "mark_spam", "unmark_spam", "answer", "note", "hear"]
        )
    )
    def something_is_done(self, verb: str) -> None:
        was = self.ticket.status
        if verb == "hear" and was in (CLOSED, SPAM):
            return  # the intake opens another ticket
        timed = verb in ("solve", "close", "mark_spam", "unmark_spam", "answer", "note", "hear")
        try:
            getattr(self.ticket, verb)(*([self.at] if timed else []))
        except Refused:
            assert self.ticket.status == was
        self.closed = self.closed or self.ticket.status == CLOSED

    @invariant()
    def status_and_times_agree(self) -> None:
        ticket = self.ticket
        assert not self.closed or ticket.status == CLOSED
        assert ticket.status != NEW or ticket.first_public_reply_time is None
        standing = ticket.former_status if ticket.status == SPAM else ticket.status
        assert bool(ticket.solved_time) == (standing in (SOLVED, CLOSED))
        assert (ticket.closed_time is not None) == (ticket.status == CLOSED)


TestLife = Life.TestCase
