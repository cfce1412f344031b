"""What becomes of events that a reaction cannot take."""

import json
import subprocess
import sys
from pathlib import Path

from crm.sales.v1 import events_pb2
from structlog.testing import capture_logs

from chassis.events import Reaction, dead_letters
from chassis.refusals import Refused
from tests.chassis.events.town import TENANT, won
from tests.eventually import eventually

ROOT = Path(__file__).parents[3]


class OpportunityUnknown(Refused):
    """The opportunity {id} is not known here."""


def letters(town):
    return list(town.contacts.dead_letters.find({}))


def test_a_refused_event_goes_to_the_dead_letters_at_once_and_blocks_nothing(town):
    def refuse_the_first(event, fact):
        if fact.revision == 1:
            raise OpportunityUnknown(id=fact.record_id)

    town.relay()
    town.listening(town.hear(refuse_the_first), back_off=(60.0,))
    record = town.announce(won(), revision=1)
    town.announce(won(), record=record, revision=2)
    eventually(lambda: town.notes(record) == [2])
    [letter] = letters(town)
    assert letter["error"] == f"OpportunityUnknown: The opportunity {record} is not known here."
    assert (letter["tenant_id"], letter["record_id"], letter["attempts"]) == (TENANT, record, 1)


def test_an_event_that_fails_each_time_goes_to_the_dead_letters_after_its_last_attempt(town):
    attempts = []

    def fail(event, fact):
        if event.opportunity.name == "poison":
            attempts.append(fact.id)
            raise ZeroDivisionError("password=hunter2 kith_0123456789abcdef")

    town.relay()
    town.listening(town.hear(fail), back_off=(0.05, 0.05))
    record = town.announce(won("poison"), revision=1)
    town.announce(won(), record=record, revision=2)
    eventually(lambda: town.notes(record) == [2])
    assert len(attempts) - 3 in (0, 1)  # three alone; one before them where it was tried together with the next event
    [letter] = letters(town)
    assert letter["attempts"] == 3
    assert "kith_0123456789abcdef" not in letter["error"] + letter["traceback"]


def test_a_body_that_cannot_be_read_goes_to_the_dead_letters(town):
    town.relay()
    town.listening(town.hear(), back_off=(60.0,))
    headers = {"ce-id": "evt_broken", "ce-type": "crm.sales.v1.OpportunityWon", "ce-subject": "opp_1"}
    bus = town.bus("sales")
    eventually(lambda: bus.ready and bus.run(bus.ensure_stream()) is False)
    subject = f"crm.{TENANT}.sales.opportunity.won"
    known = headers | {"ce-revision": "1", "ce-time": "2026-11-22T08:00:00.000+00:00"}
    bus.run(bus.publish(subject, b"\xff\xff\xff", known))
    bus.run(bus.publish(subject, b"", headers | {"ce-id": "evt_headless"}))
    eventually(lambda: len(letters(town)) == 2)
    assert {letter["event_id"] for letter in letters(town)} == {"evt_broken", "evt_headless"}
    assert all(letter["error"].startswith("Unreadable") for letter in letters(town))
    town.announce(won(), record="opp_1", revision=2)
    eventually(lambda: town.notes("opp_1") == [2])


def command(town, service, *arguments):
    """Run a command as an operator does, with the service's environment."""
    environment = {"KITH_MONGO_URL": town.servers.mongo_url(service), "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"}
    return subprocess.run(
        [sys.executable, "-m", "chassis.events", *arguments], env=environment, cwd=ROOT, capture_output=True, text=True
    )


def test_a_replayed_letter_has_its_effect_and_is_gone(town):
    mended = []

    def refuse_until_mended(event, fact):
        if not mended:
            raise OpportunityUnknown(id=fact.record_id)

    town.relay()
    town.listening(town.hear(refuse_until_mended))
    record = town.announce(won("Chairs"), revision=1)
    eventually(lambda: letters(town))
    first = letters(town)[0]["time"]
    [line] = command(town, "contacts", "dead-letters", "list").stdout.splitlines()
    letter_id = json.loads(line)["id"]
    assert json.loads(command(town, "contacts", "dead-letters", "show", letter_id).stdout)["record_id"] == record
    assert command(town, "contacts", "dead-letters", "replay", "--id", letter_id).returncode == 0
    eventually(lambda: letters(town)[0]["time"] > first)  # it failed again
    mended.append(True)
    assert command(town, "contacts", "dead-letters", "replay", "--all").returncode == 0
    eventually(lambda: town.notes(record) == [1] and not letters(town))


def test_an_unknown_letter_cannot_be_shown(town):
    answer = command(town, "contacts", "dead-letters", "show", "nobody:evt_1")
    assert (answer.returncode, answer.stderr) == (1, "There is no dead letter nobody:evt_1.\n")


def test_kept_events_are_published_once_more_on_command(town):
    town.relay()
    town.listening(town.hear())
    record = town.announce(won(), revision=1)
    eventually(lambda: town.notes(record) == [1])
    eventually(lambda: town.sales.events.count_documents({"published": True}) == 1)
    assert command(town, "sales", "replay", "--since", "2020-01-01").stdout.startswith("1 events")
    eventually(lambda: town.sales.events.count_documents({"published": True}) == 1)
    assert town.notes(record) == [1]


def test_a_letter_for_a_reaction_that_is_gone_stays(town):
    town.relay()
    consumers = town.listening(Reaction(events_pb2.OpportunityWon, refuse))
    town.announce(won())
    eventually(lambda: letters(town))
    consumers.stop()
    town.listening(town.hear())
    dead_letters.ask_for_replay(town.contacts)
    eventually(lambda: letters(town)[0]["replay"] == "")
    assert "no reaction of this name" in letters(town)[0]["error"]


def test_a_dead_letter_raises_an_alarm(town):
    town.relay()
    with capture_logs() as logs:
        town.listening(Reaction(events_pb2.OpportunityWon, refuse))
        town.announce(won())
        eventually(lambda: letters(town))
        eventually(lambda: any(entry["log_level"] == "error" for entry in logs))
    [alarm] = [entry for entry in logs if entry["log_level"] == "error"]
    assert alarm["reaction"] == "refuse"
    assert alarm["letter"] == letters(town)[0]["_id"]


def refuse(event, fact):
    raise OpportunityUnknown(id=fact.record_id)


def test_an_effect_that_breaks_a_unique_key_goes_to_the_dead_letters(town):
    def note_twice(event, fact):
        if fact.revision == 1:
            for _ in range(2):
                town.contacts.notes.insert_one({"_id": fact.id, "record": fact.record_id})

    town.relay()
    town.listening(town.hear(note_twice), back_off=(0.05,), reaction_seconds=0.5)
    record = town.announce(won(), revision=1)
    town.announce(won(), record=record, revision=2)
    eventually(lambda: town.notes(record) == [2], 10)
    assert letters(town)[0]["attempts"] == 2
