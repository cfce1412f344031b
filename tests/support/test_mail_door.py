"""Mail in and mail out: from the listener to the ticket, and from the answer to the sink."""

from typing import Any

from crm.support.v1 import events_pb2, mail_pb2, message_pb2, ticket_pb2

from chassis import transaction
from chassis.testing import Caller
from tests.builders.support import ADA, EVE, a_bounce, a_mail
from tests.eventually import eventually
from tests.support.conftest import Town, got, messages, read, tickets

Ticket, Mail, Message = ticket_pb2.Ticket, mail_pb2.Mail, message_pb2.Message


def test_a_mail_opens_a_ticket_with_its_words(town: Town, caller: Caller, mailbox: Any) -> None:
    raw = a_mail(to=mailbox.address, sender=f"Ada Thorn <{ADA}>", Message_ID="<1@rose.example>")
    assert not town.hand_in(raw, mailbox.address)
    [mail] = read(caller, 1)
    assert (mail.status, mail.message_id, mail.auto_class) == (Mail.TAKEN, "1@rose.example", Message.NONE)
    [ticket] = tickets(caller)
    assert mail.ticket_id == ticket.id
    assert (ticket.subject, ticket.requester_email, ticket.requester_name) == ("Dry roses", ADA, "Ada Thorn")
    assert (ticket.status, ticket.channel, ticket.owner_id) == (Ticket.NEW, Ticket.EMAIL, "")
    assert ticket.number.startswith("SUP-")
    assert ticket.HasField("oldest_unanswered_time")
    [message] = messages(caller, ticket.id)
    assert message.body_text == "The roses arrived dry."
    assert caller.GetRawMail(mail_pb2.GetRawMailRequest(id=mail.id)).content == raw


def test_the_answer_goes_out_once_and_the_customers_answer_comes_back(town: Town, caller: Caller, mailbox: Any) -> None:
    town.hand_in(a_mail(to=mailbox.address, Message_ID="<q@rose.example>"), mailbox.address)
    read(caller, 1)
    [ticket] = tickets(caller)
    reply = message_pb2.ReplyToTicketRequest(id=ticket.id, body_text="We send new ones.", then="PENDING")
    sent = caller.ReplyToTicket(reply)
    [out] = eventually(lambda: [each for each in town.sink.mails if mailbox.address.split("@")[1] in each[1]])
    _, envelope_from, recipients, content = out
    assert recipients == [ADA]
    assert b"<q@rose.example>" in content
    pending = got(caller, ticket.id)
    assert (pending.status, pending.HasField("oldest_unanswered_time")) == (Ticket.PENDING, False)
    assert pending.HasField("first_public_reply_time")
    answer = a_mail("Thank you!\n", to=mailbox.address, In_Reply_To=f"<{sent.message_id}>", Subject="Re: Dry roses")
    town.hand_in(answer, mailbox.address)
    second = read(caller, 2)[1]
    assert (second.ticket_id, second.thread) == (ticket.id, Mail.SIGNED_ID)
    assert got(caller, ticket.id).status == Ticket.OPEN
    assert [each.direction for each in messages(caller, ticket.id)] == [
        Message.INBOUND,
        Message.OUTBOUND,
        Message.INBOUND,
    ]
    state = eventually(lambda: messages(caller, ticket.id)[1].delivery_state)
    assert state == message_pb2.ACCEPTED
    town.hand_in(a_mail("By token\n", to=envelope_from), envelope_from)
    third = read(caller, 3)[2]
    assert (third.ticket_id, third.thread) == (ticket.id, Mail.TOKEN)


def test_a_stranger_never_joins_a_ticket(town: Town, caller: Caller, mailbox: Any) -> None:
    town.hand_in(a_mail(to=mailbox.address, Message_ID="<q@rose.example>"), mailbox.address)
    read(caller, 1)
    [ticket] = tickets(caller)
    town.hand_in(a_mail("Mine!\n", to=mailbox.address, sender=EVE, In_Reply_To="<q@rose.example>"), mailbox.address)
    second = read(caller, 2)[1]
    assert second.ticket_id != ticket.id
    assert got(caller, second.ticket_id).related_to == ticket.id
    assert len(messages(caller, ticket.id)) == 1


def test_what_came_back_is_announced_once_with_what_it_says(town: Town, caller: Caller, mailbox: Any) -> None:
    local, _, domain = mailbox.address.partition("@")
    returned = f"{local}+k1.01h.proof@{domain}"
    town.hand_in(a_bounce("1@kith.example", "ada@rose.example"), returned, sender="")
    read(caller, 1)
    mine = {"type": "crm.support.v1.BounceReceived", "tenant_id": caller.whom.tenant_id}
    [event] = transaction.database()["events"].find(mine)
    mail = events_pb2.BounceReceived.FromString(event["body"]).mail
    assert (mail.envelope_to, mail.status) == (returned, mail_pb2.Mail.NOTED)
    assert [(each.recipient, each.action, each.status, each.hard) for each in mail.reports] == [
        ("ada@rose.example", "failed", "5.1.1", True)
    ]


def test_what_people_and_programs_write_is_no_bounce(town: Town, caller: Caller, mailbox: Any) -> None:
    plain = b"From: ada@rose.example\r\nSubject: Roses\r\n\r\nThey arrived dry.\r\n"
    town.hand_in(plain, mailbox.address)
    town.hand_in(plain.replace(b"Subject", b"Auto-Submitted: auto-replied\r\nSubject"), mailbox.address)
    read(caller, 2)
    mine = {"type": "crm.support.v1.BounceReceived", "tenant_id": caller.whom.tenant_id}
    assert not list(transaction.database()["events"].find(mine))
