"""What holds over all databases, whatever was done: every event had each of its effects, and mirrors show what they mirror."""

from collections import Counter
from typing import Any

from chassis.events import registered
from services.campaigns import reactions as _campaigns  # noqa: F401  importing registers what each service hears
from services.contacts import reactions as _contacts  # noqa: F401
from services.sales import reactions as _sales  # noqa: F401
from services.support import reactions as _support  # noqa: F401
from tests.faults.findings import Findings
from tests.faults.oracle import SERVICES, Oracle

# Nouns whose every change is announced.
_ANNOUNCED = (("contacts", "accounts"), ("contacts", "contacts"), ("contacts", "leads"), ("sales", "opportunities"))


def reactions_due(oracle: Oracle) -> dict[str, set[str]]:
    """What each service must have done for the events of all, as its inbox names it: `reaction:event`."""
    events = {service: oracle.ids_by(service, "events", "type") for service in SERVICES}
    due: dict[str, set[str]] = {}
    for reaction in registered():
        place, service, *_ = reaction.effect.__module__.split(".")
        if place == "services":
            heard = events[reaction.source].get(reaction.type, [])
            due.setdefault(service, set()).update(f"{reaction.name}:{id}" for id in heard)
    return due


def under_way(oracle: Oracle) -> None:
    """Raises AssertionError while an event is not published, or has not had all its effects."""
    unpublished = oracle.unpublished()
    assert unpublished == 0, f"{unpublished} events wait in the outboxes"
    for service, wanted in reactions_due(oracle).items():
        left = wanted - oracle.reactions(service).keys()
        assert not left, f"{service} has {len(left)} of {len(wanted)} reactions to do, such as {sorted(left)[:3]}"


def judge(oracle: Oracle, findings: Findings) -> None:
    """Hold the databases against each other."""
    for service, wanted in reactions_due(oracle).items():
        findings.compare("reactions", dict.fromkeys(wanted, 1), oracle.reactions(service))
    findings.counted["events"] += oracle.published()
    entries = oracle.counts("contacts", "interactions", "source_id", source_id={"$exists": True})
    findings.compare("entries of one event", dict.fromkeys(entries, 1), entries)
    for service, plural in _ANNOUNCED:
        _judge_journal(oracle, service, plural, findings)
    _judge_mirrors(oracle, findings)
    numbers = sorted(row["number"] for row in oracle.rows("support", "tickets"))
    lasts = [int(number.rpartition("-")[2]) for number in numbers]
    findings.demand(lasts == list(range(1, len(lasts) + 1)), "the numbers of tickets have gaps or repeat")


def _judge_journal(oracle: Oracle, service: str, plural: str, findings: Findings) -> None:
    """No state without its event, no event without its state: revisions go from 1 to the record's own, each told."""
    told: dict[str, Counter[int]] = {}
    for row in oracle.rows(service, "events", {"record_id": 1, "revision": 1, "ordinal": 1}):
        if row["ordinal"] == 0:
            told.setdefault(row["record_id"], Counter())[row["revision"]] += 1
    for row in oracle.rows(service, plural, {"revision": 1}):
        wanted = Counter(range(1, row["revision"] + 1))
        got = told.get(row["_id"], Counter())
        findings.demand(got == wanted, f"{plural} {row['_id']} is at {row['revision']}, its events at {dict(got)}")


def _judge_mirrors(oracle: Oracle, findings: Findings) -> None:
    accounts = {row["_id"]: row["name"] for row in oracle.rows("contacts", "accounts")}
    for service in ("sales", "campaigns"):
        known = {row["_id"]: row.get("name") for row in oracle.rows(service, "known_accounts")}
        _judge_mirror(f"accounts in {service}", accounts, known, findings)
    contacts = {row["_id"]: _addresses(row) for row in oracle.rows("contacts", "contacts")}
    known_contacts = {row["_id"]: row.get("emails", []) for row in oracle.rows("support", "known_contacts")}
    _judge_mirror("contacts in support", contacts, known_contacts, findings)
    members = oracle.rows("campaigns", "audience_members", present=True)
    audience = {row["_id"]: [row["email"]] if row.get("email") else [] for row in members}
    _judge_mirror("contacts in campaigns", contacts, audience, findings)


def _judge_mirror(what: str, real: dict[str, Any], shown: dict[str, Any], findings: Findings) -> None:
    wrong = [id for id in real.keys() | shown.keys() if real.get(id) != shown.get(id)]
    findings.counted["rows of mirrors"] += len(real)
    findings.demand(not wrong, f"{len(wrong)} {what} are not as they are, such as {sorted(wrong)[:3]}")


def _addresses(contact: dict[str, Any]) -> list[str]:
    return [each["address"] for each in contact.get("emails", [])]
