"""Which ticket a mail joins, in the order of the ways, and who may speak there; over the listener."""

from datetime import timedelta
from typing import Any

import pytest
from crm.contacts.v1 import events_pb2 as contacts
from crm.support.v1 import mail_pb2, message_pb2, ticket_pb2

from chassis import new_id, now, transaction
from chassis.testing import Caller
from tests.builders.support import ADA, EVE, a_mail
from tests.eventually import eventually
from tests.support.conftest import Town, got, messages, read, tickets
from tests.support.hearing import hear

Ticket, Mail, Message = ticket_pb2.Ticket, mail_pb2.Mail, message_pb2.Message
BOB = "bob@rose-thorn.example"


class Desk:
    """A customer's conversation with one mailbox."""

    def __init__(self, town: Town, caller: Caller, mailbox: Any) -> None:
        self.town, self.caller, self.address, self.count = town, caller, mailbox.address, 0

    def write(self, text: str = "The roses arrived dry.\n", *, to: str = "", **headers: str) -> mail_pb2.Mail:
        """Write a mail; what became of it."""
        self.count += 1
        to = to or self.address
        self.town.hand_in(a_mail(text, to=headers.pop("To", to), **headers), to)
        return read(self.caller, self.count)[-1]

    def answer(self, ticket_id: str, **fields: Any) -> message_pb2.Message:
        """Answer as an agent."""
        asked = message_pb2.ReplyToTicketRequest(id=ticket_id, body_text="We send new ones.", **fields)
        return self.caller.ReplyToTicket(asked)


@pytest.fixture
def desk(town: Town, caller: Caller, mailbox: Any) -> Desk:
    return Desk(town, caller, mailbox)


def test_a_known_id_joins_newest_first(desk: Desk) -> None:
    first = desk.write(Message_ID="<1@rose.example>")
    other = desk.write(Message_ID="<2@rose.example>", Subject="Other")
    assert first.ticket_id != other.ticket_id
    joined = desk.write(References="<1@rose.example> <2@rose.example>", Subject="Re: Other")
    assert (joined.ticket_id, joined.thread) == (other.ticket_id, Mail.KNOWN_ID)
    joined = desk.write(In_Reply_To="<1@rose.example>", References="<1@rose.example> <2@rose.example>")
    assert joined.ticket_id == first.ticket_id


def test_two_branches_of_an_outside_thread_join_at_their_unseen_root(desk: Desk) -> None:
    first = desk.write(sender=BOB, Cc=ADA, References="<root@elsewhere.example>", Message_ID="<b@rose.example>")
    second = desk.write(sender=ADA, In_Reply_To="<root@elsewhere.example>", Message_ID="<a@rose.example>")
    assert (second.ticket_id, second.thread) == (first.ticket_id, Mail.SHARED_ROOT)


def test_an_answer_that_comes_before_its_question_is_joined_by_it(desk: Desk) -> None:
    answer = desk.write("And?\n", In_Reply_To="<first@rose.example>", Message_ID="<second@rose.example>")
    question = desk.write(Message_ID="<first@rose.example>")
    assert (question.ticket_id, question.thread) == (answer.ticket_id, Mail.SHARED_ROOT)


def test_the_number_in_the_subject_joins_only_who_takes_part(desk: Desk) -> None:
    first = desk.write()
    number = got(desk.caller, first.ticket_id).number
    joined = desk.write(Subject=f"Re: roses [#{number}]")
    assert (joined.ticket_id, joined.thread) == (first.ticket_id, Mail.SUBJECT_TAG)
    stranger = desk.write(Subject=f"Re: roses [#{number}]", sender=EVE)
    assert stranger.ticket_id != first.ticket_id
    assert got(desk.caller, stranger.ticket_id).related_to == ""


def test_the_number_in_the_subject_joins_a_colleague_of_the_same_account(desk: Desk) -> None:
    account = new_id("acc")
    for email in (ADA, BOB):
        contact = {"id": new_id("con"), "display_name": email, "account_id": account, "emails": [{"address": email}]}
        hear(desk.caller, contacts.ContactCreated(contact=contact), contact["id"])
    first = desk.write()
    joined = desk.write(Subject=f"[#{got(desk.caller, first.ticket_id).number}]", sender=BOB)
    assert joined.ticket_id == first.ticket_id


def test_the_requester_may_write_from_any_address_of_the_same_contact(desk: Desk) -> None:
    private = "ada@home.example"
    contact = {"id": new_id("con"), "emails": [{"address": ADA}, {"address": private}]}
    hear(desk.caller, contacts.ContactCreated(contact=contact), contact["id"])
    first = desk.write(Message_ID="<1@rose.example>")
    joined = desk.write(sender=private, In_Reply_To="<1@rose.example>")
    assert joined.ticket_id == first.ticket_id


def test_a_token_in_strange_hands_opens_nothing_but_a_ticket_of_its_own(desk: Desk) -> None:
    first = desk.write()
    sent = desk.answer(first.ticket_id)
    out = eventually(lambda: [each for each in desk.town.sink.mails if sent.message_id.encode() in each[3]])
    stolen = desk.write("I am Ada, too\n", to=out[0][1], sender=EVE)
    ticket = got(desk.caller, stolen.ticket_id)
    assert (stolen.ticket_id != first.ticket_id, ticket.related_to) == (True, first.ticket_id)
    forged = out[0][1].replace("+t", "+t1")
    assert desk.write("forged\n", to=forged, sender=EVE).thread == Mail.THREAD_UNSPECIFIED


def test_what_is_forwarded_never_joins(desk: Desk) -> None:
    first = desk.write(Message_ID="<1@rose.example>")
    forwarded = desk.write(Subject="WG: Dry roses", In_Reply_To="<1@rose.example>")
    assert forwarded.ticket_id != first.ticket_id
    assert got(desk.caller, forwarded.ticket_id).related_to == first.ticket_id


def test_who_got_a_copy_takes_part_and_our_own_addresses_do_not(desk: Desk) -> None:
    first = desk.write(Cc=f"{BOB}, {desk.address}", Message_ID="<1@rose.example>")
    ticket = got(desk.caller, first.ticket_id)
    assert [each.email for each in ticket.participants] == [BOB]
    joined = desk.write(sender=BOB, In_Reply_To="<1@rose.example>")
    assert joined.ticket_id == first.ticket_id
    sent = desk.answer(first.ticket_id)
    assert (list(sent.to), list(sent.cc)) == ([ADA], [BOB])


def test_a_solved_ticket_is_reopened_by_a_person_and_not_by_a_machine(desk: Desk) -> None:
    first = desk.write(Message_ID="<1@rose.example>")
    desk.answer(first.ticket_id, then="SOLVED")
    machine = desk.write("I am away.\n", In_Reply_To="<1@rose.example>", Auto_Submitted="auto-replied")
    assert (machine.status, machine.ticket_id) == (Mail.TAKEN, first.ticket_id)
    ticket = got(desk.caller, first.ticket_id)
    assert (ticket.status, ticket.HasField("oldest_unanswered_time")) == (Ticket.SOLVED, False)
    desk.write("Still dry.\n", In_Reply_To="<1@rose.example>")
    ticket = got(desk.caller, first.ticket_id)
    assert (ticket.status, ticket.reopen_count) == (Ticket.OPEN, 1)


@pytest.mark.parametrize("over", ["closed", "solved long ago"])
def test_a_late_answer_opens_a_ticket_that_follows(desk: Desk, over: str) -> None:
    first = desk.write(Message_ID="<1@rose.example>")
    desk.caller.SolveTicket(ticket_pb2.SolveTicketRequest(id=first.ticket_id))
    if over == "closed":
        desk.caller.CloseTicket(ticket_pb2.CloseTicketRequest(id=first.ticket_id))
    else:
        long_ago = {"solved_time": now() - timedelta(days=8)}
        transaction.database()["tickets"].update_one({"_id": first.ticket_id}, {"$set": long_ago})
    late = desk.write("Dry again.\n", In_Reply_To="<1@rose.example>")
    follower = got(desk.caller, late.ticket_id)
    assert (follower.follow_up_of, follower.status) == (first.ticket_id, Ticket.NEW)
    assert len(messages(desk.caller, first.ticket_id)) == 1
    machine = desk.write("I am away.\n", In_Reply_To="<1@rose.example>", Auto_Submitted="auto-replied")
    assert machine.status in (Mail.NOTED, Mail.TAKEN)
    assert len(tickets(desk.caller)) == 2, "a machine opens no ticket that follows"


def test_nothing_joins_what_was_put_away_as_spam(desk: Desk) -> None:
    first = desk.write(Message_ID="<1@rose.example>")
    desk.caller.MarkTicketSpam(ticket_pb2.MarkTicketSpamRequest(id=first.ticket_id))
    second = desk.write(In_Reply_To="<1@rose.example>")
    assert second.ticket_id != first.ticket_id
    assert got(desk.caller, second.ticket_id).follow_up_of == ""


def test_a_message_id_is_taken_once_and_each_mailbox_has_its_own(desk: Desk, town: Town, caller: Caller) -> None:
    first = desk.write(Message_ID="<1@rose.example>")
    again = desk.write(Message_ID="<1@rose.example>")
    assert (again.status, again.ticket_id) == (Mail.DUPLICATE, first.ticket_id)
    assert len(messages(caller, first.ticket_id)) == 1
    nameless = [desk.write("no id\n", Subject="x") for _ in range(2)]
    assert [each.status for each in nameless] == [Mail.TAKEN, Mail.DUPLICATE]


def test_a_machines_mail_that_belongs_nowhere_is_noted_until_somebody_says_otherwise(desk: Desk) -> None:
    noted = desk.write("I am away.\n", Auto_Submitted="auto-replied", Subject="Out of office")
    assert (noted.status, noted.auto_class, noted.ticket_id) == (Mail.NOTED, Message.OUT_OF_OFFICE, "")
    assert tickets(desk.caller) == []
    desk.caller.RetryMail(mail_pb2.RetryMailRequest(id=noted.id, by_person=True))
    taken = read(desk.caller, 1)[0]
    assert (taken.status, taken.attempts) == (Mail.TAKEN, 2)
    assert len(tickets(desk.caller)) == 1


def test_a_mail_of_our_own_that_comes_back_is_only_noted(desk: Desk) -> None:
    first = desk.write()
    sent = desk.answer(first.ticket_id)
    [(_, sender, _, content), *_] = eventually(
        lambda: [each for each in desk.town.sink.mails if sent.message_id.encode() in each[3]]
    )
    desk.town.hand_in(content, desk.address, sender=sender)
    looped = read(desk.caller, 2)[-1]
    assert (looped.status, looped.auto_class) == (Mail.NOTED, Message.LOOP)
