"""Who may be reached: what was said, what the topic is, and what is suppressed, held against each other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.gate import verdict

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
YES, NO = {"state": "OPTED_IN"}, {"state": "OPTED_OUT"}
OVER, STILL = YES | {"expire_time": NOW}, YES | {"expire_time": NOW + timedelta(milliseconds=1)}
GONE, ALL_MARKETING = {"state": "SUPPRESSED"}, {"state": "UNSUBSCRIBED"}
ORDERS = {"state": "TRANSACTIONAL"}


@pytest.mark.parametrize(
    ("word", "suppression", "transactional", "reason", "allowed"),
    [
        (None, None, None, "NOT_ASKED", False),
        (YES, None, None, "OPTED_IN", True),
        (NO, None, None, "OPTED_OUT", False),
        (STILL, None, None, "OPTED_IN", True),
        (OVER, None, None, "EXPIRED", False),
        (YES, GONE, None, "SUPPRESSED", False),
        (YES, ALL_MARKETING, None, "SUPPRESSED", False),
        (None, None, ORDERS, "TRANSACTIONAL", True),
        (OVER, None, ORDERS, "TRANSACTIONAL", True),
        (NO, None, ORDERS, "OPTED_OUT", False),
        (None, ALL_MARKETING, ORDERS, "TRANSACTIONAL", True),
        (None, GONE, ORDERS, "SUPPRESSED", False),
    ],
)
def test_the_verdict_follows_from_word_topic_and_suppression(
    word: Any, suppression: Any, transactional: Any, reason: str, allowed: bool
) -> None:
    said = verdict(word, suppression, transactional, NOW)
    assert (said.reason, said.allowed) == (reason, allowed)


WORDS = st.sampled_from([None, YES, NO, OVER, STILL])


@given(WORDS, st.sampled_from([None, GONE, ALL_MARKETING]), st.sampled_from([None, ORDERS]))
def test_no_mail_goes_against_a_no(word: Any, suppression: Any, transactional: Any) -> None:
    said = verdict(word, suppression, transactional, NOW)
    assert not said.allowed or (word is not NO and suppression is not GONE)
    assert not said.allowed or transactional or word in (YES, STILL)
