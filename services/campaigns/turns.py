"""Gathers what connections tell and ask into few writes: while one turn is written, the next one fills.

One turn is written at a time, and waits a moment for the mails that are on their way. What a write costs the database hardly
depends on how many lines it holds, so several small ones would be slower than few that had the time to fill.
"""

import asyncio
import contextlib
from collections import defaultdict
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from services.campaigns import ledger, standing
from services.campaigns.ledger import Outcome, Turn
from services.campaigns.letters import Prepared

_log = structlog.get_logger(__name__)
_MOMENT = 0.004  # seconds; about what writing a turn takes
_PATIENCE = 0.5  # seconds between attempts while the database is away


class Turns:
    """One holder's way to the ledger."""

    def __init__(self, holder: str) -> None:
        self._holder = holder
        self._outcomes: list[tuple[Outcome, asyncio.Future[Any] | None]] = []
        self._asked: list[tuple[Prepared, asyncio.Future[bool]]] = []
        self._on_their_way = 0  # mails that may go out, and whose fate was not told
        self._something, self._ended = asyncio.Event(), False

    async def tell(self, outcome: Outcome) -> None:
        """Write what became of a mail; returns when it is durable."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._note(outcome, done)
        await done

    def ask(self, last: Outcome | None, prepared: Prepared) -> asyncio.Future[bool]:
        """Write what became of the last mail, and ask whether the next one may go out: its line is then durably SENDING."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked.append((prepared, answer))
        if last is not None:
            self._note(last, None)
        self._something.set()
        return answer

    def end(self) -> None:
        """Write what is left, and no more."""
        self._ended = True
        self._something.set()

    async def run(self) -> None:
        """Write turn after turn until `end`."""
        while not self._ended or self._outcomes or self._asked:
            await self._fill()
            outcomes, self._outcomes = self._outcomes, []
            asked, self._asked = self._asked, []
            if outcomes or asked:
                await self._turn(outcomes, asked)

    def _note(self, outcome: Outcome, done: asyncio.Future[Any] | None) -> None:
        self._outcomes.append((outcome, done))
        self._on_their_way -= 1
        self._something.set()

    async def _fill(self) -> None:
        await self._something.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MOMENT):
                while self._on_their_way and not self._ended:
                    self._something.clear()
                    await self._something.wait()
        if not self._ended:
            self._something.clear()

    async def _turn(self, outcomes: list[Any], asked: list[Any]) -> None:
        may_go = await self._written(outcomes, [prepared for prepared, _ in asked])
        for _, done in outcomes:
            if done is not None:
                done.set_result(None)
        for prepared, answer in asked:
            answer.set_result(prepared.id in may_go)
        self._on_their_way += len(may_go)

    async def _written(self, outcomes: list[Any], asked: list[Prepared]) -> set[str]:
        # What was handed over must be written down, however long the database is away: until then nothing else goes out.
        turn = Turn([outcome for outcome, _ in outcomes], [])
        while True:
            try:
                return await asyncio.to_thread(self._write, turn, asked)
            except PyMongoError as fault:
                _log.warning("the ledger cannot be written", error=repr(fault))
                await asyncio.sleep(_PATIENCE)

    def _write(self, turn: Turn, asked: list[Prepared]) -> set[str]:
        turn.begins = sorted(self._wanted(asked))
        return ledger.take_turn(turn, self._holder)

    def _wanted(self, asked: list[Prepared]) -> set[str]:
        """Those whose address still wants the mail, and may still get it."""
        wanted: set[str] = set()
        by_topic: dict[tuple[str, str], list[Prepared]] = defaultdict(list)
        for each in asked:
            by_topic[each.tenant_id, each.topic].append(each)
        for (tenant_id, topic), group in by_topic.items():
            keys = {each.address_key for each in group}
            yes, never = standing.sendable(tenant_id, topic, keys)
            ledger.skip([each.id for each in group if each.address_key in never], "suppressed")
            ledger.skip([each.id for each in group if each.address_key not in yes | never], "no_consent")
            wanted |= {each.id for each in group if each.address_key in yes}
        return wanted
