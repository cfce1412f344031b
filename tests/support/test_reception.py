"""Mails that come at the same time share a transaction, and nothing else."""

import asyncio

from crm.support.v1 import mailbox_pb2

from chassis import transaction
from chassis.testing import Caller
from services.support.mailbox import Mailbox
from services.support.reception import Arrival, Reception
from tests.support.conftest import Town


def an_arrival(mailbox: mailbox_pb2.Mailbox, number: int, sender: str = "ada@rose.example") -> Arrival:
    row = Mailbox.of_recipient(mailbox.address)
    assert row
    raw = f"From: {number}@rose.example\r\nMessage-ID: <{number}@rose.example>\r\n\r\nRoses {number}".encode()
    return Arrival(raw, row, sender, mailbox.address)


def kept(caller: Caller) -> list[bytes]:
    return sorted(row["raw"] for row in transaction.database()["raw_mails"].find({"tenant_id": caller.whom.tenant_id}))


def test_every_mail_of_many_at_once_is_kept_once(town: Town, caller: Caller, mailbox: mailbox_pb2.Mailbox) -> None:
    arrivals = [an_arrival(mailbox, number) for number in range(30)]

    async def work() -> None:
        reception = Reception()
        await asyncio.gather(*(reception.keep([each]) for each in arrivals))

    asyncio.run(work())
    assert kept(caller) == sorted(each.raw for each in arrivals)


def test_a_mail_that_cannot_be_kept_takes_no_other_with_it(
    town: Town, caller: Caller, mailbox: mailbox_pb2.Mailbox
) -> None:
    good, bad = an_arrival(mailbox, 1), an_arrival(mailbox, 2, sender="a\udcff@rose.example")

    async def work() -> None:
        reception = Reception()
        [first, second] = await asyncio.gather(reception.keep([good]), reception.keep([bad]), return_exceptions=True)
        assert first is None
        assert isinstance(second, ValueError)

    asyncio.run(work())
    assert kept(caller) == [good.raw]


def test_a_sender_who_hangs_up_stops_nobody(town: Town, caller: Caller, mailbox: mailbox_pb2.Mailbox) -> None:
    arrivals = [an_arrival(mailbox, number) for number in range(2)]

    async def work() -> None:
        reception = Reception()
        first, second = (asyncio.create_task(reception.keep([each])) for each in arrivals)
        await asyncio.sleep(0)
        first.cancel()
        await second

    asyncio.run(work())
    assert arrivals[1].raw in kept(caller)
