"""Keeps mails for good. Those that come while others are being written wait for the next transaction, and share it.

One alone is written at once; of many senders, each waits for two transactions at most, and the disk for few of them.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from bson.errors import BSONError
from pymongo.errors import PyMongoError

from chassis import acting_as, of_service, transaction
from services.support.mail import Mail

_MOST_BYTES = 16 * 1024 * 1024  # of one transaction, unless a single mail has more

_FAULTS = (PyMongoError, BSONError, ValueError)  # what an address that is no text ends in


@dataclass(frozen=True)
class Arrival:
    """A mail for one mailbox."""

    raw: bytes
    mailbox: dict[str, Any]
    sender: str
    recipient: str


class Reception:
    """Where mails wait to be kept."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()  # one transaction at a time: the others wait, and grow
        self._filling: _Batch | None = None

    async def keep(self, arrivals: list[Arrival]) -> None:
        """Return when all of these are kept. Raises PyMongoError, or what makes them unfit to be stored, when none of them is."""
        batch = self._batch_for(arrivals)
        try:
            await asyncio.shield(batch.written)  # a sender who hangs up stops nobody else's mail
        except _FAULTS:
            if len(batch.arrivals) == len(arrivals):
                raise
            await asyncio.to_thread(_keep, arrivals)  # it may be another's mail that cannot be kept

    def _batch_for(self, arrivals: list[Arrival]) -> "_Batch":
        batch = self._filling
        if batch is None or batch.size + _size(arrivals) > _MOST_BYTES:
            batch = self._filling = _Batch()
            batch.written = asyncio.create_task(self._write(batch))
        batch.arrivals += arrivals
        return batch

    async def _write(self, batch: "_Batch") -> None:
        async with self._turn:
            if self._filling is batch:
                self._filling = None
            await asyncio.to_thread(_keep, batch.arrivals)


@dataclass
class _Batch:
    arrivals: list[Arrival] = field(default_factory=list)
    written: "asyncio.Task[None]" = field(init=False)

    @property
    def size(self) -> int:
        return _size(self.arrivals)


def _size(arrivals: list[Arrival]) -> int:
    return sum(len(each.raw) for each in arrivals)


def _keep(arrivals: list[Arrival]) -> None:
    def receive() -> None:
        for each in arrivals:
            with acting_as(of_service("support", each.mailbox["tenant_id"])):
                Mail.receive(each.raw, each.mailbox["_id"], each.sender, each.recipient)

    transaction.run(receive)
