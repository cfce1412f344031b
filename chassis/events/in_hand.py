"""The messages that this process has from one consumer and has not settled: kept alive, acknowledged, given back."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import nats
from nats.aio.msg import Msg

from chassis.bus import Bus

MOST = 1000
_KEEP_ALIVE_SECONDS = 3.0  # well below the time after which the server delivers again


class InHand:
    """At most `MOST` messages; all but `settle` runs on the bus's loop."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._messages: dict[str, tuple[Msg, float]] = {}  # by the address that each is acknowledged at
        self._settled: asyncio.Queue[str] = asyncio.Queue()
        self._room = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to acknowledge and to keep alive."""
        self._tasks = [asyncio.create_task(self._acknowledge()), asyncio.create_task(self._keep_alive())]

    async def stop(self) -> None:
        """Acknowledge what is settled and give back the rest, so that another process gets it at once."""
        for task in self._tasks:
            task.cancel()
        while not self._settled.empty():
            await self._ack(self._settled.get_nowait())
        for message, _ in self._messages.values():
            await _told(message.nak())
        self._messages.clear()

    async def room(self) -> int:
        """The number of messages that may come; waits until there is room for one."""
        while len(self._messages) >= MOST:
            self._room.clear()
            await self._room.wait()
        return MOST - len(self._messages)

    def add(self, message: Msg) -> None:
        """Keep a message until it is settled."""
        self._messages[message.reply] = message, time.monotonic()

    def settle(self, address: str) -> None:
        """Acknowledge a message soon; from any thread."""
        self._bus.loop.call_soon_threadsafe(self._settled.put_nowait, address)

    async def _acknowledge(self) -> None:
        while True:
            await self._ack(await self._settled.get())

    async def _ack(self, address: str) -> None:
        if kept := self._messages.pop(address, None):
            self._room.set()
            await _told(kept[0].ack())

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE_SECONDS)
            old = time.monotonic() - _KEEP_ALIVE_SECONDS
            for message, since in list(self._messages.values()):
                if since < old:
                    await _told(message.in_progress())


async def _told(word: Coroutine[Any, Any, None]) -> None:
    with suppress(nats.errors.Error):  # without a connection: the server delivers again, and the inbox knows the event
        await word
