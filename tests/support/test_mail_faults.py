"""What goes wrong with mail, coming and going: nothing is lost, nothing is sent twice, nothing blocks the next one."""

import smtplib
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.support.v1 import delivery_pb2, mail_pb2, message_pb2, ticket_pb2

from chassis import now, transaction
from chassis.embedded import place
from chassis.testing import Caller, somebody
from services.support.listener import Listener
from services.support.post import Post
from tests.builders.support import ADA, a_mail
from tests.eventually import eventually
from tests.refused import refusal
from tests.support.conftest import Town, a_mailbox, messages, read, tickets
from tests.support.test_thread_door import Desk

Mail, Message = mail_pb2.Mail, message_pb2.Message


@pytest.fixture
def desk(town: Town, caller: Caller, mailbox: Any) -> Desk:
    return Desk(town, caller, mailbox)


def deliveries(caller: Caller) -> list[delivery_pb2.Delivery]:
    return list(caller.ListDeliveries(listing_pb2.ListRequest(order_by=["id"])).deliveries)


def answered(desk: Desk, to: str) -> message_pb2.Message:
    """An agent's answer to somebody; sent as far as it goes."""
    ticket = desk.caller.CreateTicket(ticket_pb2.CreateTicketRequest(ticket={"subject": "x", "requester_email": to}))
    message = desk.answer(ticket.id)
    waiting = (message_pb2.QUEUED, message_pb2.SENDING)
    eventually(lambda: all(each.state not in waiting for each in deliveries(desk.caller)))
    return message


def state(desk: Desk, message: message_pb2.Message) -> int:
    [said] = messages(desk.caller, message.ticket_id)
    return said.delivery_state


# -------------------------------------------------------------------- coming


def test_a_poison_mail_goes_to_quarantine_and_the_next_one_is_read(desk: Desk) -> None:
    part = b"--x\r\nContent-Type: image/png\r\n\r\n\r\n"
    poison = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 101 + b"--x--\r\n"
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(3000))
    for raw in (poison, deep, a_mail(to=desk.address)):
        desk.town.hand_in(raw, desk.address)
    broken, nested, good = read(desk.caller, 3)
    assert (broken.status, good.status) == (Mail.QUARANTINED, Mail.TAKEN)
    assert nested.status in (Mail.QUARANTINED, Mail.TAKEN)
    assert "attachments" in broken.fault
    assert desk.caller.GetRawMail(mail_pb2.GetRawMailRequest(id=broken.id)).content == poison
    desk.caller.RetryMail(mail_pb2.RetryMailRequest(id=broken.id))
    again = read(desk.caller, 3)[0]
    assert (again.status, again.attempts) == (Mail.QUARANTINED, 2)
    assert refusal(desk.caller.RetryMail, mail_pb2.RetryMailRequest(id=good.id)) == "MAIL_TAKEN"
    kinds = {row["type"].rpartition(".")[2] for row in transaction.database()["events"].find({"record_id": broken.id})}
    assert kinds == {"MailQuarantined"}


def test_mail_for_nobody_here_is_refused(desk: Desk) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        desk.town.hand_in(a_mail(to="nobody@nowhere.example"), "nobody@nowhere.example")
    assert refusal.value.recipients["nobody@nowhere.example"][0] == 550


def test_a_mail_that_is_too_large_is_refused(desk: Desk) -> None:
    with pytest.raises(smtplib.SMTPException):
        desk.town.hand_in(a_mail("x" * 70 + "\n" * 2_000_000, to=desk.address), desk.address)
    assert read(desk.caller, 0) == []


def test_a_line_longer_than_allowed_is_taken_all_the_same(desk: Desk) -> None:
    raw = b"From: a@b.example\r\nSubject: long\r\n\r\n" + b"x" * 100_000 + b"\r\n"
    desk.town.hand_in(raw, desk.address)
    [mail] = read(desk.caller, 1)
    assert (mail.status, mail.size) == (Mail.TAKEN, len(raw))


def test_one_mail_to_two_tenants_reaches_both_and_no_other(desk: Desk, town: Town) -> None:
    other = town.calling_as(somebody())
    theirs = a_mailbox(other)
    town.hand_in(a_mail(to=desk.address), desk.address, desk.address.replace("@", "+x@"), theirs.address)
    assert [len(read(each, 1)) for each in (desk.caller, other)] == [1, 1]
    assert tickets(desk.caller)[0].id != tickets(other)[0].id


def test_mail_to_a_mailbox_that_was_deleted_is_refused(desk: Desk) -> None:
    close_the_mailbox(desk)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        desk.town.hand_in(a_mail(to=desk.address), desk.address)


def test_what_a_mailbox_took_before_it_was_deleted_is_still_read(desk: Desk) -> None:
    noted = desk.write("I am away.\n", Auto_Submitted="auto-replied")
    close_the_mailbox(desk)
    desk.caller.RetryMail(mail_pb2.RetryMailRequest(id=noted.id, by_person=True))
    [taken] = read(desk.caller, 1)
    assert taken.status == Mail.TAKEN
    [ticket] = tickets(desk.caller)
    assert (ticket.id, ticket.mailbox_id) == (taken.ticket_id, "")


def close_the_mailbox(desk: Desk) -> None:
    [mailbox] = desk.caller.ListMailboxes(listing_pb2.ListRequest()).mailboxes
    desk.caller.DeleteMailbox(requests_pb2.DeleteRequest(id=mailbox.id))


def test_many_senders_at_once_lose_nothing(desk: Desk) -> None:
    def send(sender: int) -> None:
        with closing(smtplib.SMTP("127.0.0.1", desk.town.port, timeout=30)) as smtp:
            for n in range(5):
                raw = a_mail(to=desk.address, Message_ID=f"<{sender}.{n}@rose.example>")
                smtp.sendmail(ADA, [desk.address], raw)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {mail.status for mail in read(desk.caller, 40)} == {Mail.TAKEN}
    numbers = [int(ticket.number[-6:]) for ticket in tickets(desk.caller)]
    assert sorted(numbers) == list(range(1, 41))


def test_lmtp_answers_for_every_recipient(desk: Desk, town: Town) -> None:
    port = place.free_port()
    listener = Listener(replace(town.support.settings, mail_lmtp=True, mail_listen=f"127.0.0.1:{port}"), lambda: None)
    listener.start()
    other = a_mailbox(desk.caller)
    try:
        with closing(smtplib.LMTP("127.0.0.1", port, timeout=20)) as lmtp:
            assert not lmtp.sendmail(ADA, [desk.address, other.address], a_mail(to=desk.address))
            assert lmtp.noop()[0] == 250
    finally:
        listener.stop()
    assert len(read(desk.caller, 2)) == 2


def test_who_comes_back_with_the_same_mail_leaves_one_message(desk: Desk) -> None:
    raw = a_mail(to=desk.address, Message_ID="<same@rose.example>")
    threads = [threading.Thread(target=desk.town.hand_in, args=(raw, desk.address)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(mail.status for mail in read(desk.caller, 6))
    assert statuses == [Mail.TAKEN] + [Mail.DUPLICATE] * 5
    [ticket] = tickets(desk.caller)
    assert len(messages(desk.caller, ticket.id)) == 1


# -------------------------------------------------------------------- going


def test_what_is_refused_for_good_has_failed_and_is_told(desk: Desk) -> None:
    message = answered(desk, "refuse@rose.example")
    [delivery] = deliveries(desk.caller)
    assert (delivery.state, delivery.attempts) == (message_pb2.FAILED, 1)
    assert delivery.answer.startswith("550")
    assert state(desk, message) == message_pb2.FAILED
    rows = transaction.database()["events"].find({"record_id": message.id})
    assert [row["type"].rpartition(".")[2] for row in rows] == ["MessageSent", "MessageUndelivered"]


def test_what_is_put_off_is_tried_again_later(desk: Desk) -> None:
    before = now()
    message = answered(desk, "defer@rose.example")
    [delivery] = deliveries(desk.caller)
    assert (delivery.state, state(desk, message)) == (message_pb2.DEFERRED, message_pb2.DEFERRED)
    wait = delivery.due_time.ToDatetime(tzinfo=before.tzinfo) - before
    assert timedelta(seconds=40) < wait < timedelta(seconds=120)
    transaction.database()["deliveries"].update_one({"_id": delivery.id}, {"$set": {"due_time": now()}})
    eventually(lambda: deliveries(desk.caller)[0].attempts == 2)


def test_what_was_interrupted_is_unknown_and_never_sent_again_by_itself(desk: Desk) -> None:
    message = answered(desk, "drop@rose.example")
    [delivery] = deliveries(desk.caller)
    assert (delivery.state, delivery.attempts) == (message_pb2.UNKNOWN, 1)
    sent = [each for each in desk.town.sink.mails if message.message_id.encode() in each[3]]
    assert len(sent) == 1
    other = answered(desk, ADA)
    assert state(desk, other) == message_pb2.ACCEPTED, "the next mail gets a connection of its own"
    assert deliveries(desk.caller)[0].state == message_pb2.UNKNOWN
    desk.caller.ResendDelivery(delivery_pb2.ResendDeliveryRequest(id=delivery.id))
    eventually(lambda: deliveries(desk.caller)[0].attempts == 2)


def test_what_a_dead_process_was_sending_is_unknown(desk: Desk, town: Town) -> None:
    message = answered(desk, "defer@rose.example")
    [delivery] = deliveries(desk.caller)
    died = {"$set": {"state": "SENDING", "sending_time": now() - timedelta(minutes=6)}, "$unset": {"due_time": ""}}
    transaction.database()["deliveries"].update_one({"_id": delivery.id}, died)
    Post(town.support.settings).sweepers[1].sweep()
    assert deliveries(desk.caller)[0].state == message_pb2.UNKNOWN
    assert state(desk, message) == message_pb2.UNKNOWN


def test_a_mail_server_that_is_away_defers_everything_and_loses_nothing(desk: Desk, town: Town) -> None:
    message = answered(desk, "defer@rose.example")
    [delivery] = deliveries(desk.caller)
    away = Post(replace(town.support.settings, smtp_url=f"smtp://127.0.0.1:{place.free_port()}"))

    def tried() -> bool:  # the service's own post may be faster
        transaction.database()["deliveries"].update_one({"_id": delivery.id}, {"$set": {"due_time": now()}})
        away.deliver((desk.caller.whom.tenant_id, delivery.id))
        return "Refused" in deliveries(desk.caller)[0].answer

    eventually(tried)
    assert deliveries(desk.caller)[0].state == message_pb2.DEFERRED
    assert state(desk, message) == message_pb2.DEFERRED


def test_what_was_delivered_is_not_sent_again_even_when_asked(desk: Desk) -> None:
    answered(desk, ADA)
    [delivery] = deliveries(desk.caller)
    again = delivery_pb2.ResendDeliveryRequest(id=delivery.id)
    assert refusal(desk.caller.ResendDelivery, again) == "DELIVERY_UNDER_WAY"


def test_two_who_send_at_once_send_once(desk: Desk, town: Town) -> None:
    message = answered(desk, "defer@rose.example")
    [delivery] = deliveries(desk.caller)
    rows = transaction.database()["deliveries"]
    posts = [Post(town.support.settings) for _ in range(4)]
    item = (desk.caller.whom.tenant_id, delivery.id)
    rows.update_one({"_id": delivery.id}, {"$set": {"recipient": "ada@once.example", "due_time": now()}})
    threads = [threading.Thread(target=post.sweepers[0].take, args=(item,)) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: deliveries(desk.caller)[0].state == message_pb2.ACCEPTED)
    sent = [each for each in town.sink.mails if message.message_id.encode() in each[3]]
    assert len(sent) == 1
    eventually(lambda: deliveries(desk.caller)[0].state == message_pb2.ACCEPTED)
    for post in posts:
        post.stop()


# -------------------------------------------------------------------- coming back


def a_bounce(original: bytes, to: str, recipient: str, status: str = "5.1.1") -> bytes:
    return (
        b"From: MAILER-DAEMON@mx.example\r\nTo: %b\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        b"Final-Recipient: rfc822; %b\r\nAction: failed\r\nStatus: %b\r\nDiagnostic-Code: smtp; 550 %b User unknown\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n%b\r\n--b--\r\n"
        % (to.encode(), recipient.encode(), status.encode(), status.encode(), original)
    )


def test_a_bounce_marks_the_mail_that_came_back(desk: Desk, town: Town) -> None:
    message = answered(desk, "gone@rose.example")
    [(_, sender, _, content)] = [each for each in town.sink.mails if message.message_id.encode() in each[3]]
    town.hand_in(a_bounce(content, sender, "gone@rose.example"), sender, sender="")
    [mail] = read(desk.caller, 1)
    assert (mail.status, mail.auto_class, mail.ticket_id) == (Mail.TAKEN, Message.BOUNCE, message.ticket_id)
    [report] = mail.reports
    assert (report.recipient, report.status, report.hard) == ("gone@rose.example", "5.1.1", True)
    [delivery] = deliveries(desk.caller)
    assert (delivery.state, delivery.answer) == (message_pb2.BOUNCED, "5.1.1 550 5.1.1 User unknown")
    out, back = messages(desk.caller, message.ticket_id)
    assert (out.delivery_state, back.visibility, back.author.kind) == (
        message_pb2.BOUNCED, Message.INTERNAL, Message.Author.SYSTEM,
    )  # fmt: skip


def test_a_bounce_without_proof_marks_nothing(desk: Desk, town: Town) -> None:
    message = answered(desk, "gone@rose.example")
    forged = a_bounce(b"Message-ID: <msg_forged.k1.aaaaaaaaaaaaaaaa@x>\r\n\r\n", desk.address, "gone@rose.example")
    town.hand_in(forged, desk.address, sender="")
    [mail] = read(desk.caller, 1)
    assert (mail.status, mail.ticket_id) == (Mail.NOTED, "")
    assert state(desk, message) == message_pb2.ACCEPTED
