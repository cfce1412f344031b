"""The judges of faults see what is missing, what is there too often, and what was sent twice; and a seed repeats a storm."""

from collections import Counter

from tests.campaigns.sink import Mail, Sink
from tests.faults.findings import Findings, once
from tests.faults.posts import Posts
from tests.faults.storm import KILL, PAUSE, drawn

VICTIMS = ["contacts", "mongod", "sales"]


def storm(seed: int, kills: int = 7, pauses: int = 4):
    return drawn(seed, VICTIMS, kills=kills, pauses=pauses, seconds=30.0, longest_pause=5.0)


def test_a_seed_draws_the_same_storm_again() -> None:
    assert storm(5) == storm(5)
    assert storm(5) != storm(6)


def test_a_storm_falls_evenly_and_within_its_time() -> None:
    blows = storm(1)
    for kind, count in ((KILL, 7), (PAUSE, 4)):
        fallen = Counter(blow.victim for blow in blows if blow.kind == kind)
        assert sum(fallen.values()) == count
        assert max(fallen.values()) - min(fallen.values()) <= 1
    assert [blow.time for blow in blows] == sorted(blow.time for blow in blows)
    assert 0 <= blows[0].time <= blows[-1].time <= 30.0
    assert all((blow.kind == PAUSE) == (1.0 <= blow.seconds <= 5.0) for blow in blows)


def test_a_storm_without_blows_is_calm() -> None:
    assert storm(1, kills=0, pauses=0) == []


def test_what_was_acknowledged_and_is_not_there_is_missing() -> None:
    findings = Findings()
    findings.compare("accounts", once(["a", "b"]), Counter(a=1))
    assert findings.faults == ["missing: accounts b: 0, not 1"]


def test_what_is_there_twice_or_unasked_is_doubled() -> None:
    findings = Findings()
    findings.compare("accounts", once(["a"]), Counter(a=2, c=1))
    assert sorted(findings.doubled) == ["accounts a: 2, not 1", "accounts c: 1, not 0"]


def posts(*message_ids: str) -> Posts:
    mails = [
        Mail(1, "a@b.example", ["c@d.example"], f"To: x\r\nMessage-ID: <{id}>\r\n\r\nMessage-ID: <no>".encode())
        for id in message_ids
    ]
    return Posts(Sink(mails=mails))


def test_a_mail_that_arrives_twice_was_handed_over_twice() -> None:
    findings = Findings()
    arrived = posts("dlv.1@kith.example", "dlv.1@kith.example", "dlv.2@kith.example")
    arrived.judge("campaigns", {"dlv_1": ("UNKNOWN", "dlv.1"), "dlv_2": ("ACCEPTED", "dlv.2")}, findings)
    assert findings.faults == ["handed over twice: campaigns dlv_1: 2 times"]
    assert findings.unknown == {"campaigns": ["dlv_1"]}


def test_a_mail_that_was_accepted_and_never_arrived_is_missing() -> None:
    findings = Findings()
    posts().judge("support", {"dlv_1": ("ACCEPTED", "msg_1@kith.example")}, findings)
    assert findings.missing == ["mail of support dlv_1: accepted, and not there"]


def test_a_line_that_is_neither_accepted_nor_in_doubt_breaks_the_law() -> None:
    findings = Findings()
    posts().judge("support", {"dlv_1": ("FAILED", "msg_1@kith.example")}, findings)
    assert findings.broken == ["lines of support ended as {'FAILED': 1}"]


def test_a_mail_that_stands_in_no_ledger_breaks_the_law() -> None:
    findings, arrived = Findings(), posts("msg_1@kith.example", "msg_2@kith.example")
    arrived.judge("support", {"dlv_1": ("ACCEPTED", "msg_1@kith.example")}, findings)
    arrived.judge_strays(findings)
    assert findings.faults == ["broken: 1 mails stand in no ledger, such as ['msg_2@kith.example']"]
