"""Hands the mails of running campaigns over: one thread with one event loop and several connections.

A batch of lines is leased at a time and prepared from the audience as it is now. Then each connection takes mail after mail:
what it tells (the last mail's outcome) and asks (whether the next one may go out) is gathered with what the other connections
tell and ask at that moment, and written at once, while it builds the next mail. So a mail goes out only after its line is durably
SENDING, at most one line per connection can be in doubt, and the ledger takes one write for many mails. Consent and suppression
are looked up in that turn.
"""

import asyncio
import threading
import uuid
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from chassis import now
from services.campaigns import ledger
from services.campaigns.ledger import FAILED, Outcome
from services.campaigns.letters import Letters, Prepared
from services.campaigns.mime import wire_address
from services.campaigns.smtp import Connection
from services.campaigns.turns import Turns
from services.campaigns.wording import Broken

BATCH = 400
IDLE_SECONDS = 0.3
RECONNECT_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Sender:
    """A companion of the service's process."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings
        self._holder = uuid.uuid4().hex
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), name="sender", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the mails that are being handed over, and give the others back."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(self._settings.shutdown_seconds)

    async def _work(self) -> None:
        letters, turns = Letters(), Turns(self._holder)
        queue: asyncio.Queue[Prepared | None] = asyncio.Queue(maxsize=BATCH)
        connections = [Connection(self._settings.smtp_url) for _ in range(self._settings.smtp_connections)]
        tasks = [asyncio.create_task(self._serve(connection, queue, turns)) for connection in connections]
        tasks.append(asyncio.create_task(turns.run()))
        try:
            while not self._stopping.is_set():
                if not await self._feed(letters, queue):
                    await asyncio.sleep(IDLE_SECONDS)
        finally:
            for _ in connections:
                await queue.put(None)
            await asyncio.gather(*tasks[:-1])
            turns.end()
            await tasks[-1]
            await asyncio.to_thread(ledger.give_back, {"holder": self._holder})

    async def _feed(self, letters: Letters, queue: asyncio.Queue[Prepared | None]) -> bool:
        """Lease and prepare one batch of each running campaign; whether there was anything."""
        try:
            found = False
            for campaign in await asyncio.to_thread(letters.running):
                batch = await asyncio.to_thread(letters.lease, campaign, self._holder, BATCH)
                found = found or bool(batch)
                for prepared in batch:
                    await queue.put(prepared)
                    if self._stopping.is_set():
                        return found
            return found
        except PyMongoError as fault:
            _log.warning("the ledger cannot be read", error=repr(fault))
            return False

    async def _serve(self, connection: Connection, queue: asyncio.Queue[Prepared | None], turns: Turns) -> None:
        last: Outcome | None = None
        while True:
            if queue.empty() and last is not None:
                await turns.tell(last)  # nobody waits for a mail, so this one's fate waits for none
                last = None
            prepared = await queue.get()
            if prepared is None or self._stopping.is_set():
                if last is not None:
                    await turns.tell(last)
                    last = None
                if prepared is None:
                    break
                continue
            while not await connection.ready() and not self._stopping.is_set():
                if last is not None:
                    await turns.tell(last)
                    last = None
                await asyncio.sleep(RECONNECT_SECONDS)  # the line's lease may end meanwhile; it is then queued again
            answer = turns.ask(last, prepared)
            message = _built(prepared)  # while the turn is written
            last = await self._hand_over(connection, prepared, message) if await answer else None
        await connection.close()

    async def _hand_over(self, connection: Connection, prepared: Prepared, message: bytes | Broken) -> Outcome:
        if isinstance(message, Broken):
            return Outcome(prepared.id, FAILED, "render", str(message))
        return await connection.hand_over(
            prepared.id, prepared.attempt, prepared.return_path, wire_address(prepared.address), message
        )


def _built(prepared: Prepared) -> bytes | Broken:
    try:
        return prepared.build(now())
    except Broken as fault:
        return fault
