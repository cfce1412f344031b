"""Processes that are killed and paused at random moments, drawn from a seed, so that a run can be repeated."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient

from services.support.delivery import LONGEST_SENDING
from tests.suite import Suite

KILL, PAUSE = "kill", "pause"
_SHORTEST_PAUSE = 1.0  # seconds
_CHORES = timedelta(seconds=20)  # for which the chores of campaigns are leased


@dataclass(frozen=True)
class Strike:
    """One blow: when (seconds after the beginning), on whom, which, and for a pause how long."""

    time: float
    victim: str
    kind: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.time:.1f} s {self.kind} {self.victim}" + (f" for {self.seconds:.1f} s" if self.seconds else "")


def drawn(
    seed: int, victims: Sequence[str], *, kills: int, pauses: int, seconds: float, longest_pause: float
) -> list[Strike]:
    """Blows that fall evenly on all victims, in random order, one in each stretch of the time."""
    dice = random.Random(seed)
    blows = [(KILL, victim) for victim in _dealt(dice, victims, kills)]
    blows += [(PAUSE, victim) for victim in _dealt(dice, victims, pauses)]
    dice.shuffle(blows)
    stretch = seconds / max(1, len(blows))
    return [
        Strike(
            (at + dice.random()) * stretch, victim, kind, dice.uniform(_SHORTEST_PAUSE, longest_pause) * (kind == PAUSE)
        )
        for at, (kind, victim) in enumerate(blows)
    ]


def _dealt(dice: random.Random, victims: Sequence[str], count: int) -> list[str]:
    dealt: list[str] = []
    while len(dealt) < count:
        dealt += dice.sample(victims, len(victims))
    return dealt[:count]


class Storm:
    """The blows that fell on a suite: how many by kind and victim, and when each victim was killed last."""

    def __init__(self, suite: Suite) -> None:
        self.fallen: dict[str, Counter[str]] = {KILL: Counter(), PAUSE: Counter()}
        self.deaths: dict[str, datetime] = {}
        self._suite = suite

    def break_loose(self, strikes: Iterable[Strike]) -> None:
        """Let the blows fall at their times; at the end whatever was paused has gone on."""
        began, ends = time.monotonic(), list[threading.Timer]()
        for strike in strikes:
            time.sleep(max(0.0, began + strike.time - time.monotonic()))
            if strike.kind == KILL:
                self._hit(strike.victim, self._suite.kill)
                self.deaths[strike.victim] = datetime.now(UTC)
            else:
                paused = self._hit(strike.victim, self._suite.pause)
                ends.append(threading.Timer(strike.seconds, self._suite.go_on, [paused]))
                ends[-1].start()
            self.fallen[strike.kind][strike.victim] += 1
        for each in ends:
            each.join()

    def blows(self, *victims: str) -> int:
        """How many fell on these."""
        return sum(fallen[victim] for fallen in self.fallen.values() for victim in victims)

    def _hit(self, victim: str, blow: Callable[[str], int]) -> int:
        """Strike a process; one that is away just then is awaited. The id that it had."""
        noted = self._suite.processes()[victim]
        try:
            return blow(victim)
        except ProcessLookupError:
            self._suite.wait_restarted(victim, noted)
            return blow(victim)


def let_lapse(suite: Suite, deaths: Mapping[str, datetime]) -> None:
    """End the leases of senders that died, and what they lost when their database died: what takes minutes happens at once.

    To be called in calm, when whoever lives has written down what became of its mails.
    """
    with MongoClient[dict[str, Any]](suite.mongo_admin_url()) as client:
        if "campaigns" in deaths:
            of_the_dead = {"_id": "campaigns/chores", "until": {"$lt": deaths["campaigns"] + _CHORES}}
            client["kith_campaigns"]["leases"].delete_many(of_the_dead)
        if at := max((deaths[each] for each in ("campaigns", "mongod") if each in deaths), default=None):
            held = {"state": {"$in": ["LEASED", "SENDING"]}, "state_time": {"$lt": at}}
            client["kith_campaigns"]["deliveries"].update_many(held, {"$set": {"lease_until": at}})
        if at := max((deaths[each] for each in ("support", "mongod") if each in deaths), default=None):
            sending = {"state": "SENDING", "sending_time": {"$lt": at}}
            long_ago = {"$set": {"sending_time": at - LONGEST_SENDING}}
            client["kith_support"]["deliveries"].update_many(sending, long_ago)
