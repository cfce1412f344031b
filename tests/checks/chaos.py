"""`make chaos`: processes are killed and paused at random while everything is under way, and nothing is lost or done twice.

The blows are drawn from a seed and fall on every process of the suite but the mail server, which stands outside and counts
what was handed over. Under way are customers over REST, writers of mails over SMTP, visitors of a form, and always a campaign.
At the end every acknowledgement is held against the databases and the mail server, and the databases against each other.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from functools import partial

from deploy.local import probe
from tests.campaigns.sink import Sink
from tests.campaigns.sink import running as receiving
from tests.checks.verdict import UNLIMITED, Verdict, concluded, noted
from tests.faults.findings import Findings
from tests.faults.oracle import SERVICES, eventually, looking
from tests.faults.storm import KILL, PAUSE, Storm, drawn
from tests.faults.traffic import Traffic
from tests.rest import Client
from tests.suite import Suite

PATIENCE = 90.0  # seconds in which a write must be acknowledged, and everything must be over at the end
CALM = 5.0  # seconds under load after the last blow
REPEATED = 300  # writes that are sent once more at the end
SHOWN = 20  # lines in doubt that are named


def check(wanted: argparse.Namespace, sink: Sink, suite: Suite, verdict: Verdict) -> None:
    """The storm, and what it left."""
    traffic, storm = Traffic(suite, sink, people=wanted.people, patience=PATIENCE), Storm(suite)
    traffic.prepare()
    _weather(wanted, suite, traffic, storm, verdict)
    with noted(verdict, "at the end"):
        eventually(partial(_all_ready, suite))
    with noted(verdict, "under way at the end"):
        verdict.facts["drained_after_seconds"] = round(traffic.wait_drained(storm.deaths, PATIENCE), 1)
    _died_only_of_blows(suite, storm, verdict)
    _judge(traffic.findings(), storm, wanted.connections, verdict)
    with looking(suite) as oracle:
        left = {"outbox": oracle.unpublished(), "dead_letters": oracle.dead_letters()}
    verdict.facts |= left
    verdict.demand(not any(left.values()), f"left at the end: {left}")


def _weather(wanted: argparse.Namespace, suite: Suite, traffic: Traffic, storm: Storm, verdict: Verdict) -> None:
    """Traffic, and the storm over it; afterwards the same keys give the same answers."""
    strikes = drawn(
        wanted.seed, wanted.victims or sorted(suite.processes()), kills=wanted.kills, pauses=wanted.pauses,
        seconds=wanted.seconds, longest_pause=wanted.longest_pause,
    )  # fmt: skip
    print(f"seed {wanted.seed}: {'; '.join(map(str, strikes))}", file=sys.stderr)
    diary, began = traffic.diary, time.monotonic()
    with traffic.flowing(wanted.customers, wanted.writers, wanted.visitors):
        storm.break_loose(strikes)
        time.sleep(CALM)
    silence = diary.longest_silence(began, time.monotonic())
    again = random.Random(wanted.seed).sample(diary.writes, min(REPEATED, len(diary.writes)))
    with Client(suite.url, suite.api_key) as api:
        diary.repeat(api, again)
    verdict.faults += diary.faults
    verdict.facts |= {
        "seed": wanted.seed, "kills": dict(storm.fallen[KILL]), "pauses": dict(storm.fallen[PAUSE]),
        "writes_acknowledged": len(diary.writes), "longest_silence_seconds": round(silence, 1),
    }  # fmt: skip


def _judge(findings: Findings, storm: Storm, connections: int, verdict: Verdict) -> None:
    """Every line in doubt is one that a connection was handing over when its process or its database was hit."""
    bounds = {
        "campaigns": connections * storm.blows("campaigns", "mongod"),
        "support": storm.blows("support", "mongod"),
    }
    verdict.facts |= {
        "counted": dict(findings.counted), "acknowledged_but_missing": len(findings.missing),
        "duplicate_effects": len(findings.doubled), "laws_broken": len(findings.broken),
        "mails_handed_over_twice": len(findings.sent_twice),
        "mails_in_doubt": {service: len(lines) for service, lines in findings.unknown.items()},
        "most_in_doubt": bounds, "lines_in_doubt": [id for lines in findings.unknown.values() for id in lines][:SHOWN],
    }  # fmt: skip
    verdict.faults += findings.faults
    for service, lines in findings.unknown.items():
        verdict.demand(len(lines) <= bounds[service], f"{len(lines)} mails of {service} are in doubt")


def _died_only_of_blows(suite: Suite, storm: Storm, verdict: Verdict) -> None:
    own = {name: count - storm.fallen[KILL][name] for name, count in suite.restarts().items()}
    verdict.facts["deaths_of_their_own"] = sum(own.values())
    verdict.demand(not any(own.values()), f"died of themselves: {own}")


def _all_ready(suite: Suite) -> None:
    doors: dict[str, Callable[[int], bool]] = dict.fromkeys(SERVICES, probe.service_ready)
    doors |= {"gateway": partial(probe.gateway_ready, "127.0.0.1")}
    closed = [name for name, ready in doors.items() if not ready(suite.ports[name])]
    assert not closed, f"{closed} are not ready"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=40, help="SIGKILLs")
    parser.add_argument("--pauses", type=int, default=10, help="SIGSTOPs, each followed by SIGCONT")
    parser.add_argument("--longest-pause", type=float, default=5.0, help="seconds; a pause takes 1 at least")
    parser.add_argument("--seconds", type=float, default=280.0, help="in which all blows fall")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats a schedule")
    parser.add_argument(
        "--victims", nargs="+", metavar="NAME", help="processes, as `make status` names them; all of them"
    )
    parser.add_argument("--customers", type=int, default=8, help="clients over REST")
    parser.add_argument("--writers", type=int, default=2, help="clients over SMTP")
    parser.add_argument("--visitors", type=int, default=1, help="clients with the form; each is four visitors")
    parser.add_argument("--people", type=int, default=200, help="who get each campaign")
    parser.add_argument("--connections", type=int, default=4, help="of the campaigns' sender to the mail server")
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    # Slow enough that a sender is nearly always in the middle of a mail.
    with receiving(Sink(seconds=0.04, room=1 << 30)) as sink:
        mail = {"KITH_SMTP_URL": f"smtp://127.0.0.1:{sink.port}", "KITH_SMTP_CONNECTIONS": asked.connections}
        concluded("chaos", partial(check, asked, sink), **UNLIMITED, **mail)
