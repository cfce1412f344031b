"""`make deny-unchanged`: whoever is refused has changed nothing.

Thousands of requests that must be answered 4xx, of many kinds and by callers of every kind; around each handful of them the
hash of all databases' domain collections, outboxes and inboxes is the same.
"""

import argparse
import random
from collections import Counter
from functools import partial
from typing import Any

from pymongo import MongoClient

from tests.checks import snapshot
from tests.checks.denial import Denial, Denials
from tests.checks.verdict import UNLIMITED, Verdict, concluded
from tests.checks.world import made
from tests.rest import Client
from tests.suite import Suite

HANDFUL = 10


def check(wanted: argparse.Namespace, suite: Suite, verdict: Verdict) -> None:
    """Send `wanted.requests` of them, drawn with `wanted.seed`."""
    world = made(suite)
    snapshot.settled(suite)
    denials, codes, kinds = Denials(world, random.Random(wanted.seed)), Counter[int](), Counter[str]()
    clients = {caller: world.client(caller) for caller in world.keys}
    with MongoClient[dict[str, Any]](suite.mongo_admin_url()) as client:
        before = snapshot.taken(client)
        while codes.total() < wanted.requests:
            handful = [denials.draw() for _ in range(HANDFUL)]
            for each in handful:
                kinds[each.kind] += 1
                codes[_send(clients, each, verdict)] += 1
            after = snapshot.taken(client)
            changed = snapshot.differences(before, after)
            verdict.demand(
                not changed, f"{changed} changed by one of {[_said(each) for each in handful] if changed else ''}"
            )
            before = after
    _close(clients)
    verdict.facts |= {
        "requests": codes.total(),
        "codes": dict(sorted(codes.items())),
        "kinds": dict(kinds),
        "seed": wanted.seed,
    }


def _send(clients: dict[str, Client], denial: Denial, verdict: Verdict) -> int:
    answer = clients[denial.caller].send(denial.method, denial.path, denial.body, **denial.headers)
    refused = 400 <= answer.status < 500
    verdict.demand(refused, f"{_said(denial)} was answered with {answer.status} {answer.content[:200]!r}")
    return answer.status


def _said(denial: Denial) -> str:
    return f"{denial.kind}: {denial.caller} {denial.method} {denial.path} {str(denial.body)[:120]}"


def _close(clients: dict[str, Client]) -> None:
    for client in clients.values():
        client.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make deny-unchanged", description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    no_limits = UNLIMITED | {"KITH_SIGN_INS_PER_EMAIL": 0, "KITH_SIGN_INS_PER_ADDRESS": 0, "KITH_SAMPLE": 1}
    concluded("deny-unchanged", partial(check, parser.parse_args()), **no_limits)
