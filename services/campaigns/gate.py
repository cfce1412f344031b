"""Whether somebody may be reached on a topic: by what was said last, what the topic is, and whether anything is sent at all."""

from datetime import datetime
from typing import Any, NamedTuple

OPTED_IN, TRANSACTIONAL = "OPTED_IN", "TRANSACTIONAL"
NOT_ASKED, OPTED_OUT, EXPIRED, SUPPRESSED = "NOT_ASKED", "OPTED_OUT", "EXPIRED", "SUPPRESSED"
UNSUBSCRIBED = "UNSUBSCRIBED"  # a suppression that lets through what is transactional

Row = dict[str, Any]


class Verdict(NamedTuple):
    """What holds for one address, number or contact."""

    reason: str
    ground: Row | None = None  # the word that holds, or the transactional topic

    @property
    def allowed(self) -> bool:
        """Whether it may be reached."""
        return self.reason in (OPTED_IN, TRANSACTIONAL)


def verdict(word: Row | None, suppression: Row | None, transactional: Row | None, at: datetime) -> Verdict:
    """The verdict at `at`: `word` is the latest on the topic, `suppression` what stands against all topics, and `transactional`
    the topic where it is so; each None where there is none.
    """
    if suppression and not (transactional and suppression["state"] == UNSUBSCRIBED):
        return Verdict(SUPPRESSED)
    if word and word["state"] == OPTED_OUT:
        return Verdict(OPTED_OUT, word)
    if transactional:
        return Verdict(TRANSACTIONAL, transactional)
    if not word:
        return Verdict(NOT_ASKED)
    return Verdict(EXPIRED if expired(word, at) else OPTED_IN, word)


def expired(word: Row, at: datetime) -> bool:
    """Whether what was said holds no more."""
    until = word.get("expire_time")
    return until is not None and until <= at
